"""Where results lie on disk, and getting them there whatever else fails.

A run may have cost hours: everything that can be written is written, a results file is there
whole or not at all, and what could not be written is an error at the end (lm-eval logs it and
exits with 0).
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from proctor.errors import OutputError
from proctor.records import Record
from proctor.results.sample_text import sample_text
from proctor.results.schema import dumps, folder_name
from proctor.run_result import RunResult

LONGEST_NAME = 180
"""Bytes of a name inside a file name; file systems allow 255 for the whole."""

_HINTS = {
    errno.ENOSPC: "The disk is full: free some space, or choose another --output_path.",
    errno.EDQUOT: "The disk quota is used up: free some space, or choose another --output_path.",
    errno.EROFS: "The file system is read-only: choose another --output_path.",
    errno.EACCES: "You may not write there: choose another --output_path, or change its permissions.",
    errno.EPERM: "You may not write there: choose another --output_path, or change its permissions.",
    errno.ENAMETOOLONG: "The name is too long for this file system: choose a shorter --output_path.",
}
_HINT = "Choose another --output_path."


@dataclass(frozen=True, slots=True)
class SavedRun:
    """The files of a run: ``results``, and ``samples`` by task; ``failure``: what could not be written."""

    results: Path | None = None
    samples: Mapping[str, Path] = field(default_factory=dict)
    failure: OutputError | None = None


def check_writable(output_path: str | Path, model: str | None = None) -> None:
    """Make sure, before a model is loaded, that results can be written; else :class:`OutputError`.

    The folder is made, and a file is written in it, under a name as long as the results file's. ``model``:
    its folder inside ``output_path``; that is tried, too, where something of this name exists.
    """
    folder = base_folder(output_path)
    with as_output_error(f"Results cannot be written to {folder}"):
        make_folder(folder)
        _try_to_write(folder, output_path)
    inner = folder if model is None else folder_of(output_path, model)
    if inner != folder and os.path.lexists(inner):
        with as_output_error(f"Results cannot be written to {inner}"):
            make_folder(inner)
            _try_to_write(inner, output_path)


def _try_to_write(folder: Path, output_path: str | Path) -> None:
    probe = _part_of(folder / _results_name(output_path, stamp_of(datetime.now())))
    try:
        with probe.open("xb") as stream:
            stream.write(b"\n")
    finally:
        with contextlib.suppress(OSError):
            probe.unlink()


class UnfinishedSamples(Protocol):
    """Samples that were written while the run went on, and lack only their names."""

    def finish(self, folder: Path, stamp: str) -> Mapping[str, Path]:
        """Put them into ``folder``, and return them by task."""
        ...


def save_run(
    run: RunResult,
    document: Mapping[str, Any],
    output_path: str | Path,
    *,
    log_samples: bool,
    samples: UnfinishedSamples | None = None,
) -> SavedRun:
    """Write the results, then the samples of each task; what could not be written is ``failure`` of what is returned.

    ``samples``: those that are on the disk already, instead of the run's records.
    """
    stamp = stamp_of(datetime.now())
    failures: list[OutputError] = []
    results: Path | None = None
    try:
        results = write_results(run, document, output_path, stamp=stamp)
    except OutputError as error:
        failures.append(error)
    written: Mapping[str, Path] = {}
    try:
        if samples is not None:
            written = samples.finish(folder_of(output_path, folder_name(run)), stamp)
        elif log_samples:
            written = write_samples(run, output_path, stamp=stamp)
    except OutputError as error:
        failures.append(error)
    return SavedRun(results, written, joined(failures) if failures else None)


def write_results(
    run: RunResult, document: Mapping[str, Any], output_path: str | Path, *, stamp: str | None = None
) -> Path:
    """Write the results file, whole or not at all. ``stamp`` None: that of the run's end."""
    stamp = stamp or _end_of(run)
    folder = folder_of(output_path, folder_name(run))
    file = folder / _results_name(output_path, stamp)
    with as_output_error(f"The results cannot be written to {file}"):
        make_folder(folder)
        _write_whole(file, dumps(document, indent=2).encode("utf-8"))
    return file


def write_samples(
    run: RunResult,
    output_path: str | Path,
    *,
    records: Mapping[str, Iterable[Record]] | None = None,
    stamp: str | None = None,
) -> Mapping[str, Path]:
    """Write one samples file per task, line by line, and return them by task.

    ``records`` None: those of the run; any iterable of records will do and is read once. A
    task that cannot be written does not keep the others from it.
    """
    stamp = stamp or _end_of(run)
    folder = folder_of(output_path, folder_name(run))
    source = run.records if records is None else records
    names = file_names(sorted(source))
    written: dict[str, Path] = {}
    failures: list[OutputError] = []
    for task in sorted(source):
        file = folder / f"samples_{names[task]}_{stamp}.jsonl"
        try:
            with as_output_error(f"The samples of '{task}' cannot be written to {file}"):
                make_folder(folder)
                _write_lines(file, source[task])
        except OutputError as error:
            failures.append(error)
        else:
            written[task] = file
    if failures:
        raise joined(failures)
    return written


def folder_of(output_path: str | Path, model: str) -> Path:
    """The folder of the files: that of a ``.json`` path, else the model's inside ``output_path``."""
    base = base_folder(output_path)
    return base if _is_file_form(Path(output_path)) else base / file_name(model)


def file_names(tasks: Iterable[str]) -> dict[str, str]:
    """A file name for each task, no two alike (two tasks must not write to one file)."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for task in tasks:
        name = file_name(task)
        if name in taken:
            # A digest and not a number: which of several tasks this is does not depend on how many there are.
            name = f"{name}-{_digest(task)}"
        taken.add(name)
        names[task] = name
    return names


def file_name(name: str) -> str:
    """``name`` if it can be a file's (lm-eval writes it as it is), else the nearest that cannot leave its folder."""
    safe = re.sub(r"[/\\\x00-\x1f\x7f\ud800-\udfff]+", "__", name)
    if safe in ("", ".", ".."):
        safe = f"__{safe}"
    if len(safe.encode("utf-8")) > LONGEST_NAME:
        safe = f"{safe.encode('utf-8')[: LONGEST_NAME - 14].decode('utf-8', 'ignore')}-{_digest(name)}"
    return safe


def stamp_of(moment: datetime) -> str:
    """The local time as it stands in file names."""
    return moment.isoformat(timespec="microseconds").replace(":", "-")


def _end_of(run: RunResult) -> str:
    """One stamp for all files of a run, whoever writes them."""
    return stamp_of(datetime.fromtimestamp(run.started + run.seconds))


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def base_folder(output_path: str | Path) -> Path:
    """The folder that ``--output_path`` names or in which the file lies that it names."""
    # A shell leaves a tilde in quotes as it is; Path.expanduser raises where there is no such user.
    path = Path(os.path.expanduser(output_path))
    return path.parent if _is_file_form(path) else path


def _results_name(output_path: str | Path, stamp: str) -> str:
    path = Path(output_path)
    return f"{path.stem}_{stamp}.json" if _is_file_form(path) else f"results_{stamp}.json"


def _part_of(file: Path) -> Path:
    """The name under which a file is written before it gets its own."""
    return file.with_name(f".{file.name}.part")


def _is_file_form(path: Path) -> bool:
    return path.suffix == ".json"


def make_folder(folder: Path) -> None:
    """Make a folder, or say which file stands where it should be."""
    # mkdir says "File exists" of the last folder, whichever part of the path is the file.
    for place in (folder, *folder.parents):
        if place.exists() and not place.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "a file is in the way", str(place))
    folder.mkdir(parents=True, exist_ok=True)


def _write_whole(file: Path, data: bytes) -> None:
    """Write beside the file and rename, so that nobody ever reads half of it."""
    part = _part_of(file)
    try:
        with part.open("wb") as stream:
            stream.write(data)
            stream.flush()
            # Before the rename: after a crash of the machine, a name must not lead to a file whose content was never
            # written.
            os.fsync(stream.fileno())
        part.replace(file)
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def _write_lines(file: Path, records: Iterable[Record]) -> None:
    # lm-eval appends: a file of that name keeps its lines.
    try:
        with file.open("ab") as stream:
            for record in records:
                stream.write(sample_text(record)[0])
    except OSError:
        drop_half_line(file)
        raise


def drop_half_line(file: Path) -> None:
    """After a failure: end the file behind its last whole line, so that it can be read."""
    with contextlib.suppress(OSError), file.open("r+b") as stream:
        end = stream.seek(0, os.SEEK_END)
        while end:
            start = max(0, end - 65_536)
            stream.seek(start)
            line_end = stream.read(end - start).rfind(b"\n")
            if line_end >= 0:
                stream.truncate(start + line_end + 1)
                return
            end = start
        stream.truncate(0)


@contextlib.contextmanager
def as_output_error(what: str, flag: str = "--output_path") -> Iterator[None]:
    """Tell an error of the system as one of ours: ``what`` could not be done, why, and which flag names the place."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise output_error(what, error, flag) from error


def output_error(what: str, error: OSError | ValueError, flag: str = "--output_path") -> OutputError:
    """An error of the system as one of ours.

    Args:
        what: What could not be done.
        error: Why. A ``ValueError`` is a path with a NUL character, which no file system can hold.
        flag: What names the place.
    """
    hint = (_HINTS.get(error.errno or 0, _HINT) if isinstance(error, OSError) else _HINT).replace("--output_path", flag)
    return OutputError(f"{what}: {_reason(error) if isinstance(error, OSError) else error}.", hint=hint)


def _reason(error: OSError) -> str:
    text = error.strerror or str(error) or type(error).__name__
    return f"{text} ({error.filename})" if isinstance(error, NotADirectoryError) and error.filename else text


def joined(failures: Sequence[OutputError]) -> OutputError:
    """Several errors as one."""
    if len(failures) == 1:
        return failures[0]
    hints = list(dict.fromkeys(failure.hint for failure in failures if failure.hint))
    return OutputError("\n".join(failure.message for failure in failures), hint="\n  ".join(hints) or None)
