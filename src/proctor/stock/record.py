"""What is written down beside an unpacked version: which archive it is from, and that it is whole.

The record is written last, before the folder gets its name: a folder with a record is complete.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

RECORD = "record.json"
_FORMAT = 1


class StockRecord(NamedTuple):
    """``sha256``: of the archive ``archive``. ``size``: bytes of the unpacked ``files``. ``made``: unix time."""

    version: str
    sha256: str
    archive: str
    files: int
    size: int
    made: float


def write_record(folder: Path, record: StockRecord) -> None:
    """Write the record of an unpacked version."""
    text = json.dumps({"format": _FORMAT, **record._asdict()}, indent=2)
    (folder / RECORD).write_text(f"{text}\n", encoding="utf-8")


def read_record(folder: Path) -> StockRecord | None:
    """The record of a folder, None where there is none that can be read."""
    try:
        # Whatever is wrong with it means that the folder is not whole, and it is got again.
        values = json.loads((folder / RECORD).read_bytes())
        if values.pop("format") != _FORMAT:
            return None
        record = StockRecord(**values)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    texts = all(isinstance(text, str) for text in record[:3])
    return record if texts and all(isinstance(number, int | float) for number in record[3:]) else None
