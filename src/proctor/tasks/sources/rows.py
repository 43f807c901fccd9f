"""Rows of files on this machine that were read before, without importing ``datasets``.

Importing ``datasets`` costs 2 CPU seconds (pandas above all), half as much as torch, while what it made of a JSON
or CSV file stands ready in its cache as Arrow files. So after the first load the names of these files are noted
under everything that the load depended on: the task's data keys, the stamps of the data files, the version of
``datasets``. The next run maps them with pyarrow alone.

Invariant: a row is what ``datasets`` would give. Its formatting of plain columns is pyarrow's ``to_pydict``; columns
that it decodes (images, sound, its own JSON) are never noted. What a task's functions get to see is a real
:class:`datasets.Dataset`, made of the same Arrow files. Whatever does not fit (a file is gone or cut, a stamp differs)
is read anew by ``datasets``.
"""

# What is noted, and when it is used
# ----------------------------------
#   first run    task file -> datasets.load_dataset -> Arrow files in its cache -> note: {split: [[file, ...], rows]}
#   next runs    task file -> note_of (name = hash of all that the load depended on) -> recall -> memory-mapped rows
#
# The note holds names of files and no rows: the Arrow files are there anyhow, and mapping them costs no copy. Its name
# is its key, so an outdated note is never read again.

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import struct
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

from proctor.folders import cache_folder
from proctor.tasks.hub import hide_bars
from proctor.tasks.sources import paths
from proctor.tasks.sources.stamps import Stamp, folder_stamp, name_of, stamp
from proctor.tasks.spec import TaskSpec

VERSION = 1
"""Of the notes' form."""
PLAIN = frozenset({"Value", "ClassLabel", "List", "LargeList", "Sequence"})
"""Types of columns that ``datasets`` gives as pyarrow does."""
BATCH = 1000


class ArrowRows(Sequence[Mapping[str, Any]]):
    """Rows of Arrow files; ``features`` has a key for each column."""

    def __init__(self, files: Sequence[str]) -> None:
        self._files = tuple(files)

    @cached_property
    def _table(self) -> Any:
        import pyarrow

        return pyarrow.concat_tables(
            pyarrow.ipc.open_stream(pyarrow.memory_map(file)).read_all() for file in self._files
        )

    @property
    def features(self) -> Mapping[str, None]:
        """The names of the columns, as keys."""
        return dict.fromkeys(self._table.column_names)

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def __getitem__(self, index: Any) -> Any:
        if not isinstance(index, int):
            return self.data_set()[index]
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(f"there is no row {index} of {len(self)}")
        return {name: column[place].as_py() for name, column in self._columns}

    @cached_property
    def _columns(self) -> list[tuple[str, Any]]:
        return list(zip(self._table.column_names, self._table.columns, strict=True))

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        return self.rows(range(len(self)))

    def rows(self, indices: Sequence[int]) -> Iterator[Mapping[str, Any]]:
        """The rows at ``indices``, by the thousand where they lie side by side."""
        if isinstance(indices, range) and indices.step == 1:
            for start in range(indices.start, indices.stop, BATCH):
                yield from _rows_of(self._table.slice(start, min(BATCH, indices.stop - start)))
        else:
            yield from (self[index] for index in indices)

    def data_set(self) -> Any:
        """The same rows as a :class:`datasets.Dataset`."""
        import datasets

        hide_bars()
        return datasets.concatenate_datasets([datasets.Dataset.from_file(file) for file in self._files])


def _rows_of(table: Any) -> list[dict[str, Any]]:
    """What ``table.to_pylist()`` gives, in a fifth of its time."""
    names = table.column_names
    columns = [[cell for chunk in column.chunks for cell in _cells_of(chunk)] for column in table.columns]
    return [dict(zip(names, cells, strict=True)) for cells in zip(*columns, strict=True)]


_CODES = {"int32": "i", "int64": "q", "double": "d", "string": "i", "large_string": "q"}
"""As what :mod:`struct` reads the numbers of a type; of texts, their offsets."""


def _cells_of(array: Any) -> list[Any]:
    """What ``array.to_pylist()`` gives, which makes an object of Arrow for each cell; ``to_numpy`` imports pandas."""
    kind = str(array.type)
    if array.null_count or not len(array):
        return array.to_pylist()
    if kind in _CODES:
        is_text = kind.endswith("string")
        numbers = _numbers(array.buffers()[1], array.offset, len(array) + is_text, _CODES[kind])
        return _texts(array.buffers()[2], numbers) if is_text else numbers
    if kind.startswith("list<"):
        offsets, items = array.offsets, _cells_of(array.flatten())
        ends = _numbers(offsets.buffers()[1], offsets.offset, len(offsets), _CODES["int32"])
        return [items[start - ends[0] : end - ends[0]] for start, end in pairwise(ends)]
    return array.to_pylist()


def _numbers(buffer: Any, first: int, count: int, code: str) -> list[Any]:
    return list(struct.unpack_from(f"={count}{code}", buffer, first * struct.calcsize(f"={code}")))


def _texts(buffer: Any, ends: Sequence[int]) -> list[str]:
    start, stop = ends[0], ends[-1]
    data = b"" if buffer is None else bytes(memoryview(buffer)[start:stop])
    if not data.isascii():
        return [data[left - start : right - start].decode() for left, right in pairwise(ends)]
    text = data.decode("ascii")
    return [text[left - start : right - start] for left, right in pairwise(ends)]


def recall(note: Path | None) -> dict[str, ArrowRows] | None:
    """The splits of a task's data set, if these very files were read before; None: they are to be read.

    ``note``: what :func:`note_of` gives for the task.
    """
    if note is None:
        return None
    import pyarrow

    try:
        known = json.loads(note.read_text(encoding="utf-8"))
        splits = {str(split): ArrowRows(files) for split, (files, _) in known.items()}
        # len() maps the files: one that is gone or cut short fails here, and not in the middle of a run.
        whole = all(len(splits[split]) == length for split, (_, length) in known.items())
    except (OSError, ValueError, TypeError, pyarrow.ArrowException):
        return None
    return splits if whole and splits else None


def remember(note: Path | None, splits: Mapping[str, Any]) -> None:
    """Note which Arrow files hold the splits, where their rows can be had without ``datasets``.

    ``note`` was taken before the data were read: a file that changed meanwhile is read anew next time.
    """
    files = {split: _arrow_files(rows) for split, rows in splits.items()}
    # One split that cannot be had so is enough: half a data set from here and half from ``datasets`` gains nothing.
    if note is None or not all(files.values()):
        return
    known = {split: (files[split], len(rows)) for split, rows in splits.items()}
    # Without a place for it, the next run reads the data as this one did.
    with contextlib.suppress(OSError):
        note.parent.mkdir(parents=True, exist_ok=True)
        unfinished = note.with_suffix(f".{os.getpid()}")
        unfinished.write_text(json.dumps(known), encoding="utf-8")
        unfinished.replace(note)


def note_of(spec: TaskSpec) -> Path | None:
    """Where the Arrow files of the task's data are noted; None where its data are not files of this machine."""
    stamps = _stamps(spec)
    if not stamps:
        return None
    keys = (VERSION, importlib.metadata.version("datasets"), spec.data.path, spec.data.name, spec.data.folder)
    settings = sorted((key, repr(value)) for key, value in spec.data.kwargs.items())
    return cache_folder() / "data" / "rows" / f"{name_of([(repr(keys),), (repr(settings),), *stamps])}.json"


def _stamps(spec: TaskSpec) -> list[Stamp]:
    """The stamps of all that is read; none where that cannot be told from the task file."""
    data = spec.data
    # Code may read anything, and these arguments change which files are read, or where, in ways that stamps do not
    # show.
    if data.custom is not None or {"data_dir", "split", "streaming", "cache_dir"} & data.kwargs.keys():
        return []
    files = data.kwargs.get("data_files")
    if data.path in paths.LOCAL_BUILDERS and files:
        resolved = paths.expand(paths.beside(data.folder, files))
        return [stamp(file) for split in resolved.values() for file in split]
    folder = paths.beside(data.folder, data.path or "")
    return [] if files or not os.path.isdir(folder) else list(folder_stamp(folder))


def _arrow_files(rows: Any) -> list[str]:
    """The Arrow files that hold exactly these rows; none where there are no such."""
    # ``_indices``: a selection or a shuffle, of which the Arrow files hold more rows, or the same in another order.
    if getattr(rows, "_indices", None) is not None or not _is_plain(getattr(rows, "features", None)):
        return []
    return [str(file["filename"]) for file in getattr(rows, "cache_files", ())]


def _is_plain(feature: Any) -> bool:
    """Whether a column, or all of a table's, need no decoding."""
    if isinstance(feature, Mapping):
        return all(map(_is_plain, feature.values()))
    if isinstance(feature, list):
        return all(map(_is_plain, feature))
    name = type(feature).__name__
    return name in PLAIN and (name in ("Value", "ClassLabel") or _is_plain(getattr(feature, "feature", None)))
