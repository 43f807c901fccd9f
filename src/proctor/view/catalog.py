"""The runs of some folders: found again when their files change, and the reports that were made of them."""

# What is read when
# -----------------
#   a look at the list        the names, sizes and times of all results and samples files below the paths
#   they differ from before   every results file; no sample
#   a report                  the samples of its runs, once: the page is kept until one of its files changes
#
# A run is known by its results file's place, so that an address still means the same run after another was added.
# Invariant: a page is of the files as they were when it was asked for, never of an older state of one of them.

from __future__ import annotations

import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from proctor.errors import ProctorError, UsageError
from proctor.html_report.facts import ReportOptions
from proctor.html_report.report import make_report
from proctor.results.open_runs import OpenedRuns, Unread, open_path
from proctor.results.read import stamp_of_results
from proctor.results.stored_run import StoredRun
from proctor.run.status_file import read_status, status_files

Stamp: TypeAlias = tuple[str, int, int]
"""A file: its place, bytes, and time of its last change in nanoseconds."""

_OTHERS = (".zip", ".tar.gz", ".jsonl", ".jsonl.gz", ".parquet")
"""Endings of what may belong to a run under other names than today's: lm-eval before 0.4.3 gave samples the task's."""
MOST_REPORTS = 4
"""Pages that are kept; one of 14,042 questions has 3 MB."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A run with the name that addresses have for it."""

    id: str
    run: StoredRun


class Catalog:
    """The runs of some paths.

    Args:
        paths: As of ``proctor report``: folders, results files, archives, numbers of runs.
        store: The store whose runs are numbered; None: the user's.
    """

    def __init__(self, paths: Sequence[str], store: str | None = None) -> None:
        self.paths, self._store = tuple(paths), store
        self._lock = threading.Lock()
        self._stamps: frozenset[Stamp] | None = None
        self._entries: tuple[Entry, ...] = ()
        self.unread: tuple[Unread, ...] = ()
        self._reports: OrderedDict[tuple[str, ...], tuple[frozenset[Stamp], str]] = OrderedDict()
        self._making = threading.Lock()

    def entries(self) -> tuple[Entry, ...]:
        """The runs as their files are now, the newest first."""
        with self._lock:
            stamps = frozenset(stamp for path in self.paths for stamp in _stamps_below(Path(os.path.expanduser(path))))
            if stamps != self._stamps:
                self._read()
                self._stamps = stamps
            return self._entries

    def _read(self) -> None:
        opened = [self._open(path) for path in self.paths]
        runs = {run.source: run for part in opened for run in part.runs}
        newest = sorted(runs.values(), key=lambda run: (run.stamp, run.source), reverse=True)
        self._entries = tuple(Entry(id_of(run.source), run) for run in newest)
        self.unread = tuple(one for part in opened for one in part.unread)

    def _open(self, path: str) -> OpenedRuns:
        try:
            return open_path(path, store=self._store)
        except ProctorError as error:
            # A folder may have its first run later.
            return OpenedRuns((), (Unread(path, error.message),), 0)

    def statuses(self) -> list[dict[str, Any]]:
        """Runs that go on below the paths, or ended without results, as their ``progress.json`` says."""
        places = [Path(os.path.expanduser(path)) for path in self.paths]
        files = dict.fromkeys(file for place in places if place.is_dir() for file in status_files(place))
        return [document for file in files if (document := read_status(file)) is not None]

    def chosen(self, ids: Sequence[str], hint: str = "Go back to the list.") -> list[StoredRun]:
        """Runs by the names that addresses have for them, the oldest first: what is compared with is A.

        Args:
            ids: The names.
            hint: What to do where one is not there.

        Raises:
            UsageError: There is none of that name.
        """
        known: Mapping[str, StoredRun] = {entry.id: entry.run for entry in self.entries()}
        absent = [one for one in ids if one not in known]
        if absent or not ids:
            what = f"no run {absent[0]!r}" if absent else "no run that is chosen"
            raise UsageError(f"There is {what}: its files may have been moved.", hint=hint)
        return sorted((known[one] for one in dict.fromkeys(ids)), key=lambda run: (run.stamp, run.source))

    def report(self, ids: Sequence[str], language: str) -> str:
        """The page of some runs.

        Args:
            ids: As of :meth:`chosen`.
            language: "en" or "ko".

        Raises:
            ProctorError: A run cannot be read.
        """
        runs = self.chosen(ids)
        key = (language, *(run.source for run in runs))
        stamps = frozenset(stamp for run in runs for stamp in _stamps_of(run))
        # One page at a time: two tabs that open the same runs make it once.
        with self._making:
            if self._reports.get(key, (None,))[0] != stamps:
                command = f"proctor report {' '.join(run.source for run in runs)}"
                self._reports[key] = (stamps, make_report(runs, ReportOptions(language, command=command)))
            self._reports.move_to_end(key)
            while len(self._reports) > MOST_REPORTS:
                self._reports.popitem(last=False)
            return self._reports[key][1]


def id_of(source: str) -> str:
    """What addresses call a run: ten hexadecimal digits of its place.

    Args:
        source: Its results file.
    """
    return hashlib.sha256(os.path.abspath(source).encode("utf-8", "surrogateescape")).hexdigest()[:10]


def _stamps_below(path: Path) -> list[Stamp]:
    if not path.is_dir():
        return _stamp(path)
    found: list[Stamp] = []
    for folder, _, names in os.walk(path):
        for name in names:
            if stamp_of_results(name) is not None or name.startswith("samples_") or name.endswith(_OTHERS):
                found += _stamp(Path(folder, name))
    return found


def _stamps_of(run: StoredRun) -> list[Stamp]:
    return [stamp for file in (Path(run.source), *run.samples_files.values()) for stamp in _stamp(file)]


def _stamp(file: Path) -> list[Stamp]:
    try:
        state = file.stat()
    except OSError:
        return []
    return [(str(file), state.st_size, state.st_mtime_ns)]
