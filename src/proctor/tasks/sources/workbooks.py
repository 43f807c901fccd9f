"""Data sets made of Excel's workbooks: which files and sheets are meant, as splits."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from proctor.errors import Finding, TaskError, did_you_mean
from proctor.tasks.sources import paths
from proctor.tasks.sources.locate import SPLIT_KEYS, LoadArguments
from proctor.tasks.sources.sheets import as_data_set, pick_sheets, workbooks_in
from proctor.tasks.spec import TaskSpec


def workbooks_of(spec: TaskSpec, source: LoadArguments, notes: list[Finding]) -> dict[str, list[str]] | None:
    """Excel's workbooks by split, if the data are such; they do not mix with other files.

    In a folder that holds both, ``datasets`` reads the others, as lm-eval does, and a note says so.
    """
    if os.path.isdir(source.path):
        books, others = workbooks_in(source.path)
        if books and others:
            unread = ", ".join(os.path.basename(file) for files in books.values() for file in files)
            message = f"{source.path} holds {others[0]} and Excel workbooks, which are not read ({unread:.200})."
            notes.append(spec.error(message, "dataset_path", hint="Name the file that is meant, or move the others."))
        return None if others else books or None
    files = source.kwargs.get("data_files")
    if source.path not in paths.LOCAL_BUILDERS or not files:
        if source.path == "xlsx":
            raise TaskError(spec.error("data_files is missing: which workbooks?", "dataset_path"))
        return None
    by_split = paths.expand(files)
    kinds = {paths.builder_of(file) for split in by_split.values() for file in split}
    if "xlsx" not in kinds and source.path != "xlsx":
        return None
    if kinds != {"xlsx"}:
        message = "data_files mixes Excel workbooks with other files."
        raise TaskError(spec.error(message, "dataset_kwargs", "data_files", hint="Save all as .xlsx, or all as CSV."))
    return by_split


def load_workbooks(
    spec: TaskSpec, source: LoadArguments, by_split: Mapping[str, Sequence[str]], notes: list[Finding]
) -> Mapping[str, Any]:
    """The sheets of workbooks as splits.

    Args:
        spec: The task.
        source: What its data keys mean.
        by_split: The files of each split.
        notes: Takes what is worth knowing about how the sheets were read.

    Raises:
        TaskError: An argument that workbooks do not take.
        DataError: A file that cannot be read, or a sheet that is not there.
    """
    unknown = sorted(source.kwargs.keys() - {"data_files", "sheet"})
    if unknown:
        hint = did_you_mean(unknown[0], ("data_files", "sheet")) or "Workbooks take data_files and sheet."
        message = f"dataset_kwargs has no key {unknown[0]!r} for Excel workbooks."
        raise TaskError(spec.error(message, "dataset_kwargs", unknown[0], hint=hint))
    import datasets

    sheet = source.kwargs.get("sheet", spec.data.name)
    # Whether sheets may become splits: not where data_files or the names of files have said already what is which
    # split.
    only = not isinstance(source.kwargs.get("data_files"), Mapping) and len(by_split) == 1
    wanted = [str(spec.raw[key]) for key in SPLIT_KEYS if spec.raw.get(key)] if only else []
    made: dict[str, list[Any]] = {}
    for split, files in by_split.items():
        for file in files:
            for name, read in pick_sheets(file, None if sheet is None else str(sheet), wanted).items():
                made.setdefault(split if name == "train" or not only else name, []).append(read)
                notes += [spec.error(note, "dataset_path") for note in read.notes]
    splits: Any = datasets.DatasetDict({split: as_data_set(sheets, split) for split, sheets in made.items()})
    return splits
