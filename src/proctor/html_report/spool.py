"""Texts on disk while a report is made: written once as they are read, fetched again when the page is put together."""

# The page's size decides which texts it may have, and is known only at the end. Texts of a million samples do not fit
# into memory, and to read the samples files twice would take twice the time; a file without a name holds them.

from __future__ import annotations

import json
import struct
import tempfile
from types import TracebackType
from typing import Any


class Spool:
    """A temporary file of texts and lists of texts, each found by the place where it begins; a context manager."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by this class's own end
        self._end = 0

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, value: Any) -> int:
        """Write a value.

        Args:
            value: A text, None, or a list of such.

        Returns:
            Its place.
        """
        place = self._end
        # JSON with escapes holds lone surrogates, too.
        data = json.dumps(value).encode("ascii")
        self._end += self._file.write(struct.pack("<Q", len(data)) + data)
        return place

    def get(self, place: int) -> Any:
        """Read a value.

        Args:
            place: Of :meth:`add`.
        """
        self._file.seek(place)
        (length,) = struct.unpack("<Q", self._file.read(8))
        return json.loads(self._file.read(length))
