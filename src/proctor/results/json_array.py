"""A samples file that is one JSON array, as lm-eval 0.4.0 to 0.4.2 wrote them despite the ending .jsonl."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from proctor.errors import DataError
from proctor.files import LARGEST_DOCUMENT, MB
from proctor.plurals import counted


def begins_array(stream: BinaryIO) -> bool:
    """Whether a file is one array; it is read from its beginning afterwards.

    Args:
        stream: The file, at its beginning.
    """
    start = stream.read(64).removeprefix(codecs.BOM_UTF8).lstrip()
    stream.seek(0)
    return start.startswith(b"[")


def read_array(file: Path, stream: BinaryIO) -> Iterator[tuple[int, Any]]:
    """The values of one array: its text is in memory, its values are not.

    Args:
        file: Where it is, for messages.
        stream: The file, at its beginning.

    Returns:
        The place of each value, counted from 1, and the value.

    Raises:
        DataError: It is no JSON, ends within the array, or is too large.
    """
    data = stream.read(LARGEST_DOCUMENT + 1)
    if len(data) > LARGEST_DOCUMENT:
        raise DataError(f"{file} is one array of more than {LARGEST_DOCUMENT // MB:,} MB.")
    text, decode, number = data.decode("utf-8"), json.JSONDecoder().raw_decode, 0
    at = text.index("[") + 1
    while (at := _skip(text, at)) < len(text) and text[at] != "]":
        number += 1
        try:
            value, at = decode(text, at)
        except (ValueError, RecursionError) as error:
            raise DataError(f"Sample {number} of {file} is not JSON: {error}") from error
        yield number, value
    if at >= len(text):
        raise DataError(f"{file} ends within its array, after {counted(number, 'sample')}.")


_SEPARATORS = re.compile(r"[\s,]*")


def _skip(text: str, at: int) -> int:
    match = _SEPARATORS.match(text, at)
    return match.end() if match else at
