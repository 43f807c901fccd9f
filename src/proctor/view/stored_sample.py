"""One question out of the files of its runs: read at its offset, and never another one."""

# The index says where a sample lies. Its file may have been changed since, even within the same second and at the same
# size, so what stands there is compared with the row: number, hash, and the hash of its question and options. Where it
# is another one, the file is read into the index again, and the question looked for once more; where it is still not
# found, it is no more.

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from proctor.errors import DataError, UsageError
from proctor.html_report.collect import first_leaf, is_measured, prompt_text, response_of
from proctor.results.choice_view import ChoiceView, choice_view
from proctor.results.encode import dumps
from proctor.results.read import read_sample_at
from proctor.results.stored_run import Sample, StoredRun, number_of
from proctor.view.catalog import Entry
from proctor.view.index_file import IndexFile
from proctor.view.index_rows import is_row_of, words_of
from proctor.view.indexing import Indexer, source_of
from proctor.view.row_query import files_of


@dataclass(frozen=True, slots=True)
class QuestionAddress:
    """A question by its address.

    Attributes:
        task: Its task.
        doc_id: Its number.
        hash: What its hash begins with; "": whatever it is.
    """

    task: str
    doc_id: int
    hash: str = ""


def stored_question(
    wanted: QuestionAddress, entries: list[Entry], index: IndexFile, indexer: Indexer
) -> dict[str, Any]:
    """A question with what each run made of it, as JSON has it.

    Args:
        wanted: Which.
        entries: The runs.
        index: Where samples lie.
        indexer: Reads a file that was changed.

    Raises:
        UsageError: No run has it.
        DataError: A file cannot be read.
    """
    parts = [(entry, _sample(wanted, entry, index, indexer)) for entry in entries]
    there = [(entry, sample) for entry, sample in parts if sample is not None]
    if not there:
        raise UsageError(
            f"No chosen run has the question {wanted.task}/{wanted.doc_id}"
            f"{f' with the hash {wanted.hash}…' if wanted.hash else ''}.",
            hint="Its file may have been changed or moved: load the page again.",
        )
    first, sample = there[0]
    words = words_of(sample, _view(first.run, wanted.task, sample))
    return {
        "task": wanted.task,
        "doc_id": sample.doc_id,
        "doc_hash": sample.line.get("doc_hash"),
        "question": words.question,
        "options": list(words.options),
        "target": words.target,
        "document": dumps(sample.line.get("doc")),
        "runs": [
            None if found is None else _of_run(entry, wanted.task, found, _view(entry.run, wanted.task, found))
            for entry, found in parts
        ],
    }


def _view(run: StoredRun, task: str, sample: Sample) -> ChoiceView | None:
    return choice_view(sample, run.config(task))


def _of_run(entry: Entry, task: str, sample: Sample, view: ChoiceView | None) -> dict[str, Any]:
    written, measured = view is None or not view.lls, is_measured(entry.run, task)
    return {
        "run": entry.id,
        "prompt": prompt_text(sample.line),
        "response": response_of(entry.run, task, sample.line) if written else None,
        "filtered": first_leaf(sample.line.get("filtered_resps")) if view is None and not measured else None,
        "loglikelihoods": [_finite(ll) for ll in view.lls] if view is not None else None,
        "scores": {
            name: _finite(value) for name in sample.metrics if (value := number_of(sample.metrics[name])) is not None
        },
    }


def _finite(value: float) -> float | None:
    """A number as JSON has it."""
    return value if math.isfinite(value) else None


def _sample(wanted: QuestionAddress, entry: Entry, index: IndexFile, indexer: Indexer) -> Sample | None:
    file = entry.run.samples_files.get(wanted.task)
    if file is None:
        return None
    source = source_of(entry.id, wanted.task, file)
    if source.size < 0:
        raise DataError(f"{file} is no more.", hint="Load the list again.")
    if source in indexer.missing(entry):
        indexer.read(entry.run, source)
    sample = _read(wanted, entry, index)
    if sample is None and _row(wanted, entry, index) is not None:
        indexer.read(entry.run, source_of(entry.id, wanted.task, file))
        sample = _read(wanted, entry, index)
    return sample


def _row(wanted: QuestionAddress, entry: Entry, index: IndexFile) -> Mapping[str, Any] | None:
    """Where the index has the question."""
    names = ("number", "offset", "length", "doc", "hash", "key")
    with index.connection() as connection:
        files = [one for one in files_of(connection, entry.id, entry.run.tasks) if one.task == wanted.task]
        for file in files:
            found = connection.execute(
                "SELECT r.number, r.offset, r.length, r.doc, r.hash, d.key FROM rows r"
                " JOIN documents d ON d.id = r.document WHERE r.file = ? AND r.filter = ? AND r.doc = ?"
                " AND substr(r.hash, 1, ?) = ? ORDER BY r.id",
                (file.id, file.main, wanted.doc_id, len(wanted.hash), wanted.hash),
            ).fetchone()
            if found is not None:
                return dict(zip(names, found, strict=True))
    return None


def _read(wanted: QuestionAddress, entry: Entry, index: IndexFile) -> Sample | None:
    """The sample of a question, if the one that its row says is there."""
    row = _row(wanted, entry, index)
    if row is None:
        return None
    file = entry.run.samples_files[wanted.task]
    line = read_sample_at(file, row["number"], row["offset"], row["length"])
    try:
        sample = next(entry.run.samples(wanted.task, read=lambda _: [(row["number"], line)]), None)
    except DataError:
        return None
    same = sample is not None and is_row_of(wanted.task, sample, _view(entry.run, wanted.task, sample), row)
    return sample if same else None
