"""The questions of some runs as the page's list has them: the columns of a report, out of the index."""

# The page over the server has the script of a report, and so the same columns: a filter over a hundred thousand
# questions is a loop over bytes in the browser. Texts are not among them; they are sent by place, a few hundred at a
# time. A place means something only within one state of the files, which ``version`` names: a page that was loaded
# before a file changed (or before all were read) gets the texts of its own version.

from __future__ import annotations

import hashlib
import json
import sqlite3
import struct
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from proctor.html_report.cells import NONE, Cell, State
from proctor.html_report.collect import RunColumn, TaskQuestions
from proctor.html_report.columns import ColumnBuffer
from proctor.html_report.page_data import page_columns, page_info
from proctor.results.stored_run import StoredRun
from proctor.view.index_rows import shown_hash
from proctor.view.row_query import IndexedFile

LINE = 400
"""Characters of a question that the list and paper need."""
_COLUMNS = ("r.doc", "r.nth", "r.hash", "r.state", "r.scores", "r.gold", "r.golds", "r.picked", "r.best", "r.steps",
            "r.document", "length(d.question)")  # fmt: skip


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Questions of runs, each by its place.

    Attributes:
        version: Of which state of the files.
        info: What the page's script knows at once.
        columns: The columns.
        documents: The number of each question's document in the index.
    """

    version: str
    info: Mapping[str, Any]
    columns: bytes
    documents: Sequence[int]


def version_of(files: Sequence[Sequence[IndexedFile]]) -> str:
    """What tells states of files apart.

    Args:
        files: Those of each run.
    """
    numbers = [[one.id for one in of_run] for of_run in files]
    return hashlib.sha256(json.dumps(numbers).encode("ascii")).hexdigest()[:16]


def question_set(
    connection: sqlite3.Connection, runs: Sequence[StoredRun], files: Sequence[Sequence[IndexedFile]]
) -> QuestionSet:
    """The questions of some runs.

    Args:
        connection: Of the index.
        runs: The runs.
        files: Of each run, what the index has of it.
    """
    tasks: dict[str, TaskQuestions] = {}
    documents: dict[str, array[int]] = {}
    for task in dict.fromkeys(name for run in runs for name in run.tasks):
        found, numbers = TaskQuestions(), array("q")
        for place, of_run in enumerate(files):
            for one in of_run:
                if one.task == task:
                    _add(found, numbers, place, one, connection)
        if len(found):
            tasks[task], documents[task] = found, numbers
    order = [number for numbers in documents.values() for number in numbers]
    buffer = ColumnBuffer()
    layout = page_columns(len(runs), tasks, buffer)
    lengths = [length for task in tasks.values() for length in task.lengths]
    layout["length"] = buffer.add(struct.pack(f"<{len(lengths)}I", *lengths))
    info = page_info(runs, tasks, layout, [])
    return QuestionSet(version_of(files), info, buffer.bytes(), order)


def _add(
    questions: TaskQuestions, documents: array[int], run: int, file: IndexedFile, connection: sqlite3.Connection
) -> None:
    """Add a file's rows under its main filter."""
    metrics = file.filters[file.main][1] if file.filters else ()
    name = file.filters[file.main][0] if file.filters else ""
    column = questions.runs[run] = RunColumn(metrics=tuple((metric, name) for metric in metrics))
    column.cells = [None] * len(questions)
    questions.labels = questions.labels or file.labels
    values = struct.Struct(f"<{len(metrics)}d")
    rows = connection.execute(
        f"SELECT {', '.join(_COLUMNS)} FROM rows r JOIN documents d ON d.id = r.document"
        " WHERE r.file = ? AND r.filter = ? ORDER BY r.id",
        (file.id, file.main),
    )
    for doc, nth, mark, state, scores, gold, golds, picked, best, steps, document, length in rows:
        place = questions.places.get((mark, nth))
        if place is None:
            place = questions.places[mark, nth] = len(questions)
            questions.ids.append(doc)
            questions.hashes.append((shown_hash(mark) or "")[:6])
            questions.golds.append(tuple(json.loads(golds)) if golds else () if gold == NONE else (gold,))
            questions.lengths.append(length)
            documents.append(document)
            column.cells.append(None)
        known = tuple(None if one != one else one for one in values.unpack(scores))
        column.cells[place] = Cell(State(state), known, picked, steps, best)


def lines(connection: sqlite3.Connection, documents: Sequence[int], length: int | None) -> Iterator[str]:
    """The questions of some documents, in their order.

    Args:
        connection: Of the index.
        documents: Their numbers.
        length: Characters of each; None: all.
    """
    shown = "question" if length is None else f"substr(question, 1, {length})"
    places = ", ".join("?" * len(documents))
    rows = connection.execute(f"SELECT id, {shown} FROM documents WHERE id IN ({places})", list(documents))
    found = dict(rows)
    return (found.get(number, "") for number in documents)


def matching(connection: sqlite3.Connection, questions: QuestionSet, words: Sequence[str]) -> list[int]:
    """The places of the questions whose texts hold all words.

    Args:
        connection: Of the index.
        questions: The questions.
        words: Folded.
    """
    where = " AND ".join("instr(folded, ?)" for _ in words) or "1"
    found = {number for (number,) in connection.execute(f"SELECT id FROM documents WHERE {where}", list(words))}
    return [place for place, number in enumerate(questions.documents) if number in found]
