"""Samples files in a smaller form: compressed, or as Parquet."""

# A run writes JSON lines, because a line that is written is safe whatever happens after it. The form that was asked for
# is made at the end, from files that are whole: beside them, and only when it is whole are they taken away. Whatever
# fails or stops on the way, the samples are there as JSON lines, and readers find them.

from __future__ import annotations

import gzip
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from proctor.errors import OutputError
from proctor.results.files import SavedRun, as_output_error, joined
from proctor.results.parquet_samples import write_parquet_samples

GZIP, PARQUET = "jsonl.gz", "parquet"
FORMS = (GZIP, PARQUET)
"""What ``--log_samples`` takes beside nothing."""


def pack_run(saved: SavedRun, form: bool | str) -> SavedRun:
    """Put the samples files of a run into a form.

    Args:
        saved: Its finished files, samples as JSON lines.
        form: One of :data:`FORMS`; anything else: they stay as they are.

    Returns:
        The files as they are called then; one that cannot be written stays as it was, and is in ``failure``.
    """
    if form not in FORMS:
        return saved
    failures = [saved.failure] if saved.failure is not None else []
    files = dict(saved.samples)
    for task, file in saved.samples.items():
        target = file.with_name(f"{file.name.removesuffix('.jsonl')}.{form}")
        try:
            with as_output_error(f"The samples of '{task}' cannot be written to {target}, and stay in {file}"):
                _pack(file, target, form)
        except OutputError as error:
            failures.append(error)
        else:
            files[task] = target
    return SavedRun(saved.results, files, joined(failures) if failures else None)


def _pack(file: Path, target: Path, form: bool | str) -> None:
    part = target.with_name(f"{target.name}.part")
    try:
        if form == PARQUET:
            write_parquet_samples(_lines(file), part)
        else:
            # Without the time: the same samples are the same bytes.
            with file.open("rb") as source, part.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed:
                shutil.copyfileobj(source, packed, 1 << 20)
        os.replace(part, target)
        file.unlink()
    finally:
        part.unlink(missing_ok=True)


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    with file.open("rb") as stream:
        for line in stream:
            yield json.loads(line)
