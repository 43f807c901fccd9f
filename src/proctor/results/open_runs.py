"""From paths to runs: results files, samples files, folders at any depth, archives, and numbers of the store."""

# What a path stands for
# ----------------------
#   a results file      its run, with the samples files beside it
#   a samples file      its task of the run beside it; alone it is a run of one task without settings
#   a table of export   its runs, where it is Parquet with all columns
#   a folder, archive   all runs in it at any depth; samples without a results file are runs, one for each time
#   a number            the run of ``proctor runs``, by the results file that it wrote
#
# Nothing is left out silently. What has the name of a results file and cannot be read is listed with its reason, and so
# is a path in which nothing was found. A path that is itself wrong (there is none, no such run) is an error at once.

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from proctor.errors import DataError, ProctorError, UsageError, did_you_mean
from proctor.results.archives import is_archive, unpack
from proctor.results.exported_runs import exported_runs
from proctor.results.read import read_results, samples_beside, stamp_of_results
from proctor.results.schema import model_name
from proctor.results.stored_run import StoredRun

_SAMPLES = re.compile(r"samples_(.+)_(\d{4}-\d\d-\d\dT[^_]+)\.(?:jsonl(?:\.gz)?|parquet)")


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that could not be read: its place, and why."""

    place: str
    reason: str

    @property
    def sentence(self) -> str:
        """Which file, and why; most reasons name the file."""
        return self.reason if self.place in self.reason else f"{self.place} cannot be read: {self.reason}"


@dataclass(frozen=True, slots=True)
class OpenedRuns:
    """What some paths hold.

    Attributes:
        runs: The runs, path by path in the order given; those of one path from the oldest to the newest.
        unread: What could not be read.
        files: How many results and samples files were looked at.
    """

    runs: tuple[StoredRun, ...]
    unread: tuple[Unread, ...]
    files: int


def open_runs(paths: Iterable[str | Path], *, store: str | Path | None = None) -> OpenedRuns:
    """The runs that paths hold; their samples are read when they are asked for.

    Args:
        paths: Results files, samples files, folders, archives, or numbers of runs in the store.
        store: The store whose runs are numbered; None: that of PROCTOR_STORE, else the user's.

    Raises:
        UsageError: A path stands for nothing, or there is no run of that number.
        DataError: Nothing could be read at one of the paths.
    """
    parts = [open_path(path, store=store) for path in paths]
    return OpenedRuns(
        tuple(run for part in parts for run in part.runs),
        tuple(one for part in parts for one in part.unread),
        sum(part.files for part in parts),
    )


def open_path(path: str | Path, *, store: str | Path | None = None) -> OpenedRuns:
    """The runs of one path, at least one.

    Args:
        path: As in :func:`open_runs`.
        store: As in :func:`open_runs`.

    Raises:
        UsageError: As :func:`open_runs`.
        DataError: As :func:`open_runs`.
    """
    if not str(path).strip():
        raise UsageError("The path of a run is empty.", hint="Perhaps a variable of the shell is not set.")
    if str(path).isdecimal():
        return _of_files([_results_of_run(int(str(path)), store)])
    place = Path(os.path.expanduser(path))
    if not os.path.lexists(place):
        raise UsageError(f"There is nothing at {str(path)!r}.", hint=_hint(place))
    if place.is_dir():
        return _of_folder(place)
    if is_archive(place):
        return _of_archive(place)
    if place.name.endswith(".parquet") and (runs := exported_runs(place)) is not None:
        return OpenedRuns(runs, (), 1)
    if _SAMPLES.fullmatch(place.name) or place.name.endswith((".jsonl", ".jsonl.gz", ".parquet")):
        return OpenedRuns((_run_of_samples(place),), (), 1)
    return _of_files([place])


def _hint(place: Path) -> str:
    near = did_you_mean(place.name, _names(place.parent))
    return (
        near or "A results file, a samples file, a folder or archive of them, or a number of 'proctor runs' is meant."
    )


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _results_of_run(number: int, store: str | Path | None) -> Path:
    # Only here: the store needs a third of the time that everything else takes to be imported.
    from proctor.store.admin import opened
    from proctor.store.location import existing_store
    from proctor.store.runs import list_runs

    path = existing_store(store)
    with opened(path) as connection:
        matches = [run for run in list_runs(connection) if run.id == number]
    if not matches:
        raise UsageError(f"There is no run {number} in {path}.", hint="'proctor runs' lists them.")
    if not matches[0].results:
        raise UsageError(
            f"Run {number} wrote no results file ({matches[0].state}).",
            hint=f"'proctor regrade {number} --output_path FOLDER --log_samples' writes it from the stored responses.",
        )
    return Path(matches[0].folder, matches[0].results)


def _of_files(files: Sequence[Path]) -> OpenedRuns:
    """Runs of results files that were named: one that cannot be read is an error."""
    return OpenedRuns(tuple(_run_of_results(file) for file in files), (), len(files))


def _of_folder(folder: Path) -> OpenedRuns:
    results, samples, others = _walk(folder)
    runs: list[StoredRun] = []
    unread: list[Unread] = []
    used: set[Path] = set()
    for file in results:
        try:
            run = _run_of_results(file)
        except ProctorError as error:
            unread.append(Unread(str(file), error.message))
            used |= {one for one in samples if one.parent == file.parent and _stamp(one) == stamp_of_results(file.name)}
        else:
            runs.append(run)
            used |= {file for one in run.samples_files.values() for file in _forms(one)}
    runs += _runs_without_results([file for file in samples if file not in used])
    if not runs:
        raise DataError(_nothing(folder, unread, others), hint="Runs write results with --output_path FOLDER.")
    return OpenedRuns(tuple(sorted(runs, key=_age)), tuple(unread), len(results) + len(samples))


def _forms(samples: Path) -> Iterator[Path]:
    """The same samples in each form: a run that was killed when it had packed them may have left two."""
    name = re.sub(r"\.(jsonl(\.gz)?|parquet)$", "", samples.name)
    return (samples.with_name(name + ending) for ending in (".jsonl", ".jsonl.gz", ".parquet"))


def _age(run: StoredRun) -> tuple[str, str]:
    return run.stamp, run.source


def _walk(folder: Path) -> tuple[list[Path], list[Path], Counter[str]]:
    """Results files and samples files at any depth, and the endings of all other files."""
    results, samples, others = list[Path](), list[Path](), Counter[str]()
    for above, folders, names in os.walk(folder):
        # lm-eval writes folders such as "..__models__x": only files may be hidden (results that are being written).
        folders.sort()
        for name in sorted(names):
            path = Path(above, name)
            if not name.startswith(".") and stamp_of_results(name) is not None:
                results.append(path)
            elif _SAMPLES.fullmatch(name):
                samples.append(path)
            else:
                others[path.suffix or "without an ending"] += 1
    return results, samples, others


def _nothing(folder: Path, unread: Sequence[Unread], others: Mapping[str, int]) -> str:
    if unread:
        return "\n".join(one.sentence for one in unread)
    there = ", ".join(f"{count:,} {ending}" for ending, count in sorted(others.items(), key=lambda one: -one[1])[:5])
    return f"There is no results_*.json and no samples_*.jsonl in {folder} or below it: it holds {there or 'no files'}."


def _of_archive(archive: Path) -> OpenedRuns:
    folder = unpack(archive)

    def named(text: str) -> str:
        """A text in which the archive stands for the folder that nobody knows."""
        return text.replace(str(folder.path), str(archive))

    try:
        found = _of_folder(folder.path)
    except DataError as error:
        raise DataError(named(error.message), hint=error.hint) from error
    # Samples without a results file are called after the folder in which they lie.
    names = {folder.path.name: archive.name}
    runs = tuple(
        replace(run, name=names.get(run.name, run.name), source=named(run.source), folder=folder) for run in found.runs
    )
    unread = tuple(Unread(named(one.place), named(one.reason)) for one in found.unread)
    return OpenedRuns(runs, unread, found.files)


def _run_of_results(file: Path) -> StoredRun:
    document = read_results(file)
    return _run(file, stamp_of_results(file.name) or "", document, samples_beside(file, document))


def _run(source: Path, stamp: str, document: Mapping[str, Any], samples: Mapping[str, Path]) -> StoredRun:
    config = document.get("config") or {}
    given = config.get("model_args")
    known = document.get("model_name") or model_name(given if isinstance(given, str | dict) else None)
    return StoredRun(str(known or config.get("model") or source.parent.name), str(source), stamp, document, samples)


def _run_of_samples(file: Path) -> StoredRun:
    """The task of one samples file, with the settings of the results file that lies beside it."""
    match, stamp = _SAMPLES.fullmatch(file.name), _stamp(file)
    for results in sorted(file.parent.glob("*.json*")):
        if stamp_of_results(results.name) != (stamp or ""):
            continue
        try:
            run = _run_of_results(results)
        except ProctorError:
            continue
        task = next((task for task, path in run.samples_files.items() if path == file), None)
        if task is not None:
            return replace(run, source=str(file), document=_only(run.document, task), samples_files={task: file})
    task = match[1] if match else re.sub(r"\.(jsonl(\.gz)?|parquet)$", "", file.name)
    return _run(file, stamp or "", {}, {task: file})


def _only(document: Mapping[str, Any], task: str) -> Mapping[str, Any]:
    results = document.get("results", {})
    kept = {key: value for key, value in document.items() if key not in ("groups", "group_subtasks")}
    return kept | {"results": {task: results[task]} if task in results else {}}


def _stamp(file: Path) -> str | None:
    match = _SAMPLES.fullmatch(file.name)
    return match[2] if match else None


def _runs_without_results(files: Sequence[Path]) -> Iterator[StoredRun]:
    """Samples files whose results file is not there: those of one folder and one time are one run."""
    by_run: dict[tuple[Path, str], dict[str, Path]] = {}
    for file in files:
        match = _SAMPLES.fullmatch(file.name)
        if match:
            by_run.setdefault((file.parent, match[2]), {})[match[1]] = file
    for (folder, stamp), samples in by_run.items():
        yield _run(folder / f"samples_*_{stamp}.jsonl", stamp, {}, samples)
