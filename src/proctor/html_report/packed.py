"""Bytes in the page: raw deflate, then base64, as a browser unpacks them without help."""

from __future__ import annotations

import base64
import json
import re
import zlib
from typing import Any

_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_SURROGATE = re.compile("[\ud800-\udfff]")


def packed(data: bytes) -> str:
    """Bytes as text of a script element.

    Args:
        data: The bytes.
    """
    made = zlib.compressobj(9, zlib.DEFLATED, -15, 9)
    return base64.b64encode(made.compress(data) + made.flush()).decode("ascii")


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
