"""Functions that score, called a second time on the same answers: is the score one that can be had again?

``process_results``, metrics and filters of a task are called twice on the answers of a few documents,
and ``process_docs`` on a few rows. What differs is a warning: prompt and gold agree, but another run
gives other scores. Code that runs a model's programs is not called more often than a run needs it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from proctor.check.repeat import functions_of, is_same
from proctor.errors import Finding
from proctor.foreign import no_exit
from proctor.random_state import random_state_restored
from proctor.refs import Ref
from proctor.tasks.data import Documents, Splits
from proctor.tasks.example import ask_results
from proctor.tasks.plan import DocumentPlan, plan_documents
from proctor.tasks.prompt import PLAIN
from proctor.tasks.registered import refs_of
from proctor.tasks.spec import TaskSpec
from proctor.tasks.task import Task
from proctor.types import Request

DOCUMENTS = 2
"""Documents whose answers are scored twice."""

ROWS = 5
"""Rows that ``process_docs`` is given twice."""

_HINT = "Where it draws by chance, seed it from the document: 'random.Random(str(doc))'."

Answers = Sequence[list[list[Any]]]
"""By document, the repeats of each of its requests."""


def scoring_warnings(task: Task, planned: Sequence[DocumentPlan], answers: Answers) -> list[Finding]:
    """What differs when the first documents are scored twice; nothing where the task scores by no code of its own.

    Args:
        task: The task.
        planned: Its documents with their requests.
        answers: By document the values of its responses.
    """
    spec = task.spec
    keys = [key for key in ("filter_list", "process_results", "metric_list") if any(refs_of(spec.raw.get(key)))]
    # ``unsafe``: scoring runs programs of the model, which cost seconds each and may have effects.
    if not keys or spec.unsafe or spec.predict_only:
        return []
    few = list(zip(planned, answers, strict=False))[:DOCUMENTS]
    changing_keys: dict[str, None] = {}
    with random_state_restored(functions_of(spec)):
        for one, answer in few:
            changing_keys |= dict.fromkeys(_differing(task, one, answer))
    means = "gives other values for the same answers each time: no other run has the same score."
    return [spec.error(f"{key} {means}", key, hint=_HINT) for key in changing_keys]


def _differing(task: Task, planned: DocumentPlan, answer: list[list[Any]]) -> Iterator[str]:
    asks = planned.asks_of(0)
    for pipeline in task.pipelines:
        docs = [planned.example.doc] * len(answer)
        values = _twice(lambda p=pipeline, d=docs: list(p.apply(copy.deepcopy(answer), copy.deepcopy(d))))
        # It fails: the run itself will say so, with the document.
        if values is None:
            continue
        if not is_same(*values):
            yield "filter_list"
            continue
        example = replace(planned.example, doc=copy.deepcopy(planned.example.doc))
        scores = _twice(lambda e=example, v=values[0]: dict(task.measure(e, 0, ask_results(asks, copy.deepcopy(v)))))
        if scores is not None and not is_same(*scores):
            yield "process_results" if task.spec.process_results is not None else "metric_list"


def _twice(call: Callable[[], Any]) -> tuple[Any, Any] | None:
    """What two calls give; None where they fail, which the run itself says."""
    try:
        with no_exit():
            return copy.deepcopy(call()), copy.deepcopy(call())
    except Exception:  # noqa: BLE001 - whatever code of a task raises
        return None


def imagined_warnings(spec: TaskSpec) -> list[Finding]:
    """:func:`scoring_warnings` without a model: responses are made up.

    Args:
        spec: The task.
    """
    if spec.media or not any(refs_of([spec.raw.get(key) for key in ("filter_list", "process_results", "metric_list")])):
        return []
    try:
        task = Task(spec)
        planned = list(plan_documents(task, range(min(DOCUMENTS, len(task.documents))), 0, PLAIN))
        answers = [[value for ask in one.asks_of(0) for value in _imagined(ask.request, one)] for one in planned]
        return scoring_warnings(task, planned, answers)
    except Exception:  # noqa: BLE001 - an answer that no model gave may be one that code cannot take
        return []


def _imagined(request: Request, planned: DocumentPlan) -> Iterator[list[Any]]:
    if request.kind == "loglikelihood":
        yield from ([(-1.0 - number, False)] for number in range(request.count))
    else:
        yield [-10.0 if request.kind == "loglikelihood_rolling" else str(planned.example.target)]


def rows_warning(spec: TaskSpec, splits: Splits) -> Finding | None:
    """Whether ``process_docs`` makes other documents of the same rows when nothing but the time has changed.

    Args:
        spec: The task.
        splits: Its data.
    """
    made_by = spec.data.process_docs
    if not isinstance(made_by, Ref):
        return None
    raw = splits.documents(spec.data.eval_split or "", None)
    few: list[Any] = list(raw.rows(range(min(ROWS, len(raw)))))
    from datasets import Dataset

    def process() -> list[Any]:
        with random_state_restored([made_by.resolve()]):
            return [dict(doc) for doc in Documents(made_by.resolve()(Dataset.from_list(copy.deepcopy(few))))]

    made = _twice(process)
    if made is None or is_same(*made):
        return None
    message = "process_docs makes other documents of the same rows each time: no two runs ask the same."
    return spec.error(message, "process_docs", hint="It depends on the time, a counter or an unseeded generator.")
