"""Bytes in the page: raw deflate, which a browser unpacks without help, as letters."""

# Most of a page is such letters, so they are dense: two of 91 hold 13 bits, the lowest first, which takes 16 letters
# for 13 bytes where base64 takes 17.3. The 91 are what can be printed in ASCII from "#" to "~" without "<", so that
# nothing in them ends a script element, and any editor and any mail program keeps them.

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Sequence
from typing import Any

_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_SURROGATE = re.compile("[\ud800-\udfff]")
_LETTERS = [chr(code) for code in range(ord("#"), ord("~") + 1) if chr(code) != "<"]
_PAIRS = [second + first for first in _LETTERS for second in _LETTERS][: 1 << 13]
_WAYS = ((9, zlib.Z_DEFAULT_STRATEGY), (9, zlib.Z_FILTERED), (7, zlib.Z_FILTERED), (8, zlib.Z_HUFFMAN_ONLY))
"""Memory level and strategy: repeated columns are small by the first, numbers without repetition by the others."""
_LONG = 4096
"""Bytes of a column from which it pays to choose how it alone is deflated."""
_END = b"\x03\x00"
"""The last block of a deflated stream, which is empty."""


def packed(data: bytes) -> str:
    """Bytes as text of a script element.

    Args:
        data: The bytes.
    """
    return _as_letters(_deflated(data, 9, zlib.Z_DEFAULT_STRATEGY, zlib.Z_FINISH))


def packed_columns(columns: Sequence[bytes]) -> str:
    """Columns, one after the other, as text of a script element: each is deflated the way that makes it smallest.

    Args:
        columns: Their bytes.
    """
    parts = [b""]
    for column in columns:
        if len(column) < _LONG and len(parts[-1]) < _LONG:
            parts[-1] += column
        else:
            parts.append(column)
    made = [min((_deflated(part, *way, zlib.Z_FULL_FLUSH) for way in _WAYS), key=len) for part in parts if part]
    return _as_letters(b"".join([*made, _END]))


def _deflated(data: bytes, memory: int, strategy: int, end: int) -> bytes:
    made = zlib.compressobj(9, zlib.DEFLATED, -15, memory, strategy)
    return made.compress(data) + made.flush(end)


def _as_letters(data: bytes) -> str:
    """Two letters for each 13 bits; for the last ones, of which there may be at most 6, one."""
    chunks = (data[start : start + 13] for start in range(0, len(data), 13))
    numbers = ((int.from_bytes(chunk, "little"), 8 * len(chunk)) for chunk in chunks)
    text = "".join([_PAIRS[number >> shift & 8191] for number, bits in numbers for shift in range(0, bits, 13)])
    return text[:-1] if 1 <= 8 * len(data) % 13 <= 6 else text


def as_json(value: Any) -> str:
    """A value as JSON that UTF-8 can hold: a lone surrogate is written as its escape.

    Args:
        value: What JSON can hold.
    """
    text = _ENCODE(value)
    return _SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def packed_json(value: Any) -> str:
    """A value, packed.

    Args:
        value: What JSON can hold.
    """
    return packed(as_json(value).encode("utf-8"))


def inline_json(value: Any) -> str:
    """A value as JSON within a script element: nothing in it ends the element.

    Args:
        value: What JSON can hold.
    """
    return as_json(value).replace("<", "\\u003c")
