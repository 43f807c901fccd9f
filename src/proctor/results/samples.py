"""Samples that are written while they are graded, so that a run needs no memory for them.

They grow under temporary names in the output folder and get their own when the run is done; after
a crash they are left there, every line of them whole.
"""

# One task with two filters on disk
# ---------------------------------
#   while it is graded   samples_a_<stamp>.jsonl.partial        lines of the first filter
#                        samples_a_<stamp>.jsonl.1.partial      lines of the second
#   in the end           samples_a_<stamp>.jsonl                all of the first, then all of the second (lm-eval)
#
# Records of a large task come chunk by chunk, and within a chunk filter by filter: so each filter has a file of its own
# until the end. Only one task's files are open at a time.

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO

from proctor.errors import OutputError
from proctor.records import Record
from proctor.results.files import (
    as_output_error,
    base_folder,
    drop_half_line,
    file_name,
    file_names,
    joined,
    make_folder,
    output_error,
)
from proctor.results.sample_text import sample_text

UNFINISHED = ".partial"
BUFFER = 1 << 18
"""Bytes that are written at a time: with Python's 8,192, each third line would be a call of the system."""


class Samples:
    """The samples files of one run. Records come task by task; a task's filters may alternate.

    ``stamp`` tells the unfinished files of several runs apart.
    """

    def __init__(self, output_path: str | Path, stamp: str) -> None:
        self._folder = base_folder(output_path)
        self._stamp = stamp
        self._written: dict[str, _TaskFiles] = {}
        self._open: _TaskFiles | None = None
        self._failures: dict[str, OutputError] = {}

    @property
    def hashes(self) -> Mapping[str, str]:
        """By task: one hash over all documents, prompts and targets, filter by filter."""
        return {task: files.hash() for task, files in self._written.items()}

    def write(self, record: Record) -> None:
        """Add a line. What cannot be written is an error of :meth:`finish`; the run goes on."""
        if record.task in self._failures:
            return
        files = self._open
        if files is None or files.task != record.task:
            files = self._turn_to(record.task)
        try:
            files.write(record)
        except (OSError, ValueError) as error:
            message = f"The samples of '{record.task}' cannot be written to {files.path(record.filter)}"
            self._failures[record.task] = output_error(message, error)

    def _turn_to(self, task: str) -> _TaskFiles:
        self.close()
        if task not in self._written:
            name = file_name(task)
            taken = {files.name for files in self._written.values()}
            name = name if name not in taken else f"{name}-{len(taken)}"
            self._written[task] = _TaskFiles(self._folder, task, name, self._stamp)
        self._open = self._written[task]
        return self._open

    def close(self) -> None:
        """Write down what is still in memory; the files keep their temporary names."""
        if self._open is not None:
            try:
                with as_output_error(f"The samples of '{self._open.task}' cannot be written"):
                    self._open.close()
            except OutputError as error:
                self._failures.setdefault(self._open.task, error)
            self._open = None

    def unfinished(self) -> list[Path]:
        """The files as they are called before :meth:`finish`."""
        return [path for files in self._written.values() for path in files.paths() if path.exists()]

    def finish(self, folder: Path, stamp: str) -> Mapping[str, Path]:
        """Give the files their names in ``folder``; what failed is one :class:`OutputError` at the end."""
        self.close()
        names = file_names(sorted(self._written))
        finished: dict[str, Path] = {}
        failures = list(self._failures.values())
        for task in sorted(set(self._written) - set(self._failures)):
            file = folder / f"samples_{names[task]}_{stamp}.jsonl"
            try:
                with as_output_error(f"The samples of '{task}' cannot be written to {file}"):
                    make_folder(folder)
                    self._written[task].finish(file)
            except OutputError as error:
                failures.append(error)
            else:
                finished[task] = file
        if failures:
            raise joined(failures)
        return finished


class _TaskFiles:
    """One task's lines: a file for each filter, which become one file in the end."""

    def __init__(self, folder: Path, task: str, name: str, stamp: str) -> None:
        self.task, self.name = task, name
        self._folder, self._stamp = folder, stamp
        self._numbers: dict[str, int] = {}
        self._streams: dict[str, IO[bytes]] = {}
        self._digest = hashlib.sha256()
        # The hashes of filters after the first, to be hashed when those of the ones before are complete.
        self._later: dict[str, IO[bytes]] = {}

    def path(self, name: str) -> Path:
        number = self._numbers.setdefault(name, len(self._numbers))
        tail = f".{number}" if number else ""
        return self._folder / f"samples_{self.name}_{self._stamp}.jsonl{tail}{UNFINISHED}"

    def paths(self) -> list[Path]:
        return [self.path(name) for name in list(self._numbers)]

    def write(self, record: Record) -> None:
        stream = self._streams.get(record.filter)
        if stream is None:
            path = self.path(record.filter)
            make_folder(self._folder)
            stream = self._streams[record.filter] = path.open("ab", buffering=BUFFER)
        line, hashes = sample_text(record)
        try:
            stream.write(line)
            self._note(hashes.encode("ascii"), record.filter)
        except OSError:
            self._give_up()
            raise

    def _note(self, hashes: bytes, name: str) -> None:
        if not self._numbers[name]:
            self._digest.update(hashes)
            return
        if name not in self._later:
            # A task's hash is over the first filter's lines, then the second's: 192 bytes for each later line wait on
            # the disk.
            self._later[name] = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - until the run is done
        self._later[name].write(hashes)

    def close(self) -> None:
        with ExitStack() as stack:
            for stream in self._streams.values():
                stack.callback(stream.close)
            self._streams = {}

    def _give_up(self) -> None:
        paths = [self.path(name) for name in self._streams]
        with suppress(OSError):
            self.close()
        for path in paths:
            drop_half_line(path)

    def hash(self) -> str:
        digest = self._digest.copy()
        for stream in self._later.values():
            stream.seek(0)
            while block := stream.read(1 << 20):
                digest.update(block)
        return digest.hexdigest()

    def finish(self, file: Path) -> None:
        first, *others = self.paths()
        with first.open("ab") as whole:
            for other in others:
                with other.open("rb") as part:
                    shutil.copyfileobj(part, whole, 1 << 20)
        _become(first, file)
        for other in others:
            other.unlink()
        for stream in self._later.values():
            stream.close()


def _become(part: Path, file: Path) -> None:
    # lm-eval appends: a file of that name keeps its lines.
    if file.exists():
        with part.open("rb") as source, file.open("ab") as target:
            shutil.copyfileobj(source, target, 1 << 20)
        part.unlink()
        return
    try:
        os.replace(part, file)
    except OSError:
        # The folder inside may be another file system.
        shutil.move(part, file)
