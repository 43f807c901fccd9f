"""What the page's list needs of each question, gathered while runs are audited: columns in memory, texts on disk."""

# A question is (task, identity); the first run that has it gives its texts, all runs give a cell of each column. Which
# filter a task is shown under is known only when it has been read, so its rows wait by filter until then: never more
# than one task of one run.

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from proctor.analysis.flips import question_of
from proctor.analysis.run_audit import TaskAudit
from proctor.analysis.statistic import is_binary
from proctor.analysis.task_scores import Metric, TaskScores
from proctor.html_report.cells import Cell, choice_cell, state_of, text_cell
from proctor.html_report.spool import Spool
from proctor.results.choice_view import ChoiceView
from proctor.results.encode import dumps
from proctor.results.stored_run import Identity, Sample, StoredRun, number_of
from proctor.results.text_state import TextState

MOST_OTHERS = 4
"""Further filters whose scores and readings a question has."""


@dataclass(slots=True)
class RunColumn:
    """One run's cells of a task, by the question's place in the task; None where the run does not have it."""

    cells: list[Cell | None] = field(default_factory=list)
    extras: dict[int, int] = field(default_factory=dict)
    """Where the spool has what only this run has: its texts, its prompt."""
    head: str | None = None
    """What all prompts of the task begin with."""
    metrics: tuple[Metric, ...] = ()


@dataclass(slots=True)
class TaskQuestions:
    """The questions of a task.

    Attributes:
        places: By identity, the place of a question in the task.
        ids: Their numbers in the split.
        hashes: The first digits of their hashes; "" where a file has none.
        prompts: The hash of the first prompt of each.
        texts: Where the spool has the texts of each.
        lengths: The characters of question and options of each.
        golds: The right options of each.
        groups: The value of the column that was named, of each.
        labels: How options are called where they are bare labels.
        runs: The cells of each run.
    """

    places: dict[Identity, int] = field(default_factory=dict)
    by_number: dict[int, int] = field(default_factory=dict)
    ids: array[int] = field(default_factory=lambda: array("q"))
    hashes: list[str] = field(default_factory=list)
    prompts: list[str | None] = field(default_factory=list)
    texts: array[int] = field(default_factory=lambda: array("q"))
    lengths: array[int] = field(default_factory=lambda: array("q"))
    golds: list[tuple[int, ...]] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    labels: tuple[str, ...] = ()
    runs: dict[int, RunColumn] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(slots=True)
class _Pending:
    """What a document gave under one filter."""

    place: int
    metrics: Mapping[str, Any]
    view: ChoiceView | None
    state: TextState | None
    filtered: str | None


class Collector:
    """Questions of all runs, task by task.

    Args:
        spool: Where texts wait.
        by: A column of the documents; None: none.
    """

    def __init__(self, spool: Spool, by: str | None = None) -> None:
        self.tasks: dict[str, TaskQuestions] = {}
        self.scores: dict[tuple[int, str], TaskScores] = {}
        self._spool, self._by = spool, by

    def watch(self, place: int, run: StoredRun) -> RunWatcher:
        """A watcher of one run.

        Args:
            place: Its place among the runs.
            run: The run.
        """
        return RunWatcher(self, self._spool, place, run, self._by)


class RunWatcher:
    """Sees the samples of one run; :meth:`Collector.watch` makes it."""

    def __init__(self, collector: Collector, spool: Spool, place: int, run: StoredRun, by: str | None) -> None:
        self._collector, self._spool, self._place, self._run, self._by = collector, spool, place, run, by
        self._pending: dict[str, list[_Pending]] = {}
        self._raw: dict[int, tuple[str | float | None, str | None]] = {}

    def sample(self, task: str, sample: Sample, view: ChoiceView | None, state: TextState | None) -> None:
        """Take a sample.

        Args:
            task: Its task.
            sample: The sample.
            view: The choice in it.
            state: The state of its text.
        """
        questions = self._collector.tasks.setdefault(task, TaskQuestions())
        column = questions.runs.setdefault(self._place, RunColumn())
        place = _place_of(questions, sample)
        if place is None:
            place = self._add(questions, sample, view)
        if place not in self._raw:
            response = None if view is not None and view.lls else response_of(self._run, task, sample.line)
            self._raw[place] = response, self._other_prompt(questions, column, place, sample)
        measured = view is None and is_measured(self._run, task)
        filtered = None if view is not None or measured else first_leaf(sample.line.get("filtered_resps"))
        pending = _Pending(place, sample.metrics, view, state, filtered)
        self._pending.setdefault(sample.filter, []).append(pending)

    def _add(self, questions: TaskQuestions, sample: Sample, view: ChoiceView | None) -> int:
        place = questions.places[sample.identity] = len(questions)
        questions.by_number.setdefault(sample.doc_id, place)
        line = sample.line
        questions.ids.append(sample.doc_id)
        key = line.get("doc_hash")
        questions.hashes.append(key[:6] if isinstance(key, str) else "")
        questions.prompts.append(sample.prompt_hash)
        questions.golds.append(view.golds if view else ())
        if view is not None and view.texts != view.options and not questions.labels:
            questions.labels = view.options
        if self._by is not None:
            questions.groups.append(_value_of(line.get("doc"), self._by))
        target = None if view is not None and view.golds else target_text(line.get("target"))
        options = list(view.texts) if view else None
        question = question_of(sample)
        questions.lengths.append(len(question) + sum(map(len, options or ())))
        texts = [question, options, dumps(line.get("doc")), prompt_text(line), target]
        questions.texts.append(self._spool.add(texts))
        return place

    def _other_prompt(self, questions: TaskQuestions, column: RunColumn, place: int, sample: Sample) -> str | None:
        """The prompt, where it is another one than the first run's."""
        prompt = prompt_text(sample.line)
        # What all prompts begin with ends where the question begins: questions may begin alike, too.
        at = prompt.rfind(question_of(sample))
        start = prompt[:at] if at > 0 else prompt
        column.head = start if column.head is None else _common(column.head, start)
        first = min(questions.runs) == self._place
        return None if first or sample.prompt_hash == questions.prompts[place] else prompt

    def task(self, audit: TaskAudit, scores: TaskScores | None) -> None:
        """Close a task.

        Args:
            audit: What was found in it.
            scores: Its columns of scores.
        """
        pending, raw = self._pending, self._raw
        self._pending, self._raw = {}, {}
        if scores is not None:
            self._collector.scores[self._place, audit.task] = scores
        if not pending or scores is None:
            return
        questions = self._collector.tasks[audit.task]
        column = questions.runs[self._place]
        main = audit.main.metric if audit.main else (next(iter(pending)), next(iter(pending)))
        rows = pending.get(main[1]) or next(iter(pending.values()))
        others = {name: {one.place: one for one in mine} for name, mine in pending.items() if mine is not rows}
        column.metrics = _metrics(main, rows) + _metrics_of_others(others)
        binary = is_binary(list(scores.scores.get(main, {}).values()))
        column.cells = [None] * len(questions)
        for row in rows:
            beside = {name: mine[row.place] for name, mine in others.items() if row.place in mine}
            column.cells[row.place] = _cell(row, {**beside, main[1]: row}, column.metrics, main[0], binary=binary)
            response, prompt = raw.get(row.place, (None, None))
            if response is not None or prompt is not None:
                read = {name: one.filtered for name, one in beside.items() if one.filtered is not None}
                texts = [response, row.filtered, prompt, read] if read else [response, row.filtered, prompt]
                column.extras[row.place] = self._spool.add(texts)


def _place_of(questions: TaskQuestions, sample: Sample) -> int | None:
    found = questions.places.get(sample.identity)
    if found is None and not sample.hashed:
        # Files of lm-eval before 0.4.3 have no hashes: there a number is all there is.
        return questions.by_number.get(sample.doc_id)
    return found


def _metrics(main: Metric, rows: Sequence[_Pending]) -> tuple[Metric, ...]:
    names = dict.fromkeys(
        name for row in rows[:50] for name, value in row.metrics.items() if number_of(value) is not None
    )
    found = [(name, main[1]) for name in names if name != main[0]]
    return (main, *found[:5]) if main[0] in names else tuple(found[:5])


def _metrics_of_others(others: Mapping[str, Mapping[int, _Pending]]) -> tuple[Metric, ...]:
    """The metrics under the filters that the list does not show: a question that one cannot read another may."""
    found = list[Metric]()
    for name, rows in list(others.items())[:MOST_OTHERS]:
        found += _metrics(("", name), list(rows.values()))[:2]
    return tuple(found)


def _cell(
    row: _Pending, by_filter: Mapping[str, _Pending], metrics: Sequence[Metric], main: str, *, binary: bool
) -> Cell:
    known = [(by_filter.get(pipeline), name) for name, pipeline in metrics]
    values = tuple(number_of(one.metrics.get(name)) if one else None for one, name in known)
    score = number_of(row.metrics.get(main))
    state = state_of(score, row.state, has_metrics=bool(row.metrics), binary=binary)
    if row.view is None:
        return text_cell(state, values)
    return choice_cell(state, values, row.view, main)


def is_measured(run: StoredRun, task: str) -> bool:
    """Whether a task measures the log-likelihood of a text that is given: nothing is picked and nothing written.

    Args:
        run: The run.
        task: Its task.
    """
    return run.config(task).get("output_type") in ("loglikelihood", "loglikelihood_rolling")


def response_of(run: StoredRun, task: str, line: Mapping[str, Any]) -> str | float | None:
    """What a run gave for a sample: the text that it wrote, or the log-likelihood that was measured.

    Args:
        run: The run.
        task: Its task.
        line: The sample.
    """
    text = first_leaf(line.get("resps"))
    try:
        value = float(text or "") if is_measured(run, task) else math.nan
    except ValueError:
        return text
    return round(value, 4) if math.isfinite(value) else text


def first_leaf(value: Any) -> str | None:
    """The first leaf of nested lists, as text.

    Args:
        value: ``resps`` or ``filtered_resps`` of a sample.
    """
    while isinstance(value, list):
        value = value[0] if value else None
    return None if value is None else value if isinstance(value, str) else dumps(value)


def target_text(value: Any) -> str:
    """A target as text.

    Args:
        value: What a sample has.
    """
    return value if isinstance(value, str) else dumps(value)


def prompt_text(line: Mapping[str, Any]) -> str:
    """The first prompt of a sample; of a chat, its turns one after the other.

    Args:
        line: The sample.
    """
    value = _first(_first(line.get("arguments")))
    if isinstance(value, list):
        turns = [one for one in value if isinstance(one, Mapping)]
        return "\n\n".join(f"[{one.get('role')}]\n{one.get('content')}" for one in turns)
    return value if isinstance(value, str) else ""


def _first(value: Any) -> Any:
    """The first value of a mapping or a list; of an empty one, None."""
    if isinstance(value, Mapping):
        return next(iter(value.values()), None)
    return (value[0] if value else None) if isinstance(value, list) else value


def _common(first: str, second: str) -> str:
    """What two texts begin with alike."""
    if second.startswith(first):
        return first
    low, high = 0, min(len(first), len(second))
    while low < high:
        middle = (low + high + 1) // 2
        if first[:middle] == second[:middle]:
            low = middle
        else:
            high = middle - 1
    return first[:low]


def _value_of(doc: Any, column: str) -> str:
    value = doc.get(column) if isinstance(doc, Mapping) else None
    return "" if value is None else value if isinstance(value, str) else dumps(value)
