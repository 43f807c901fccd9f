"""Where a model gave NaN: on which documents, what that means for their scores, and that it is told.

NaN comes from broken weights or an overflow in reduced precision. As a score it loses against every number
(lm-eval takes it for the highest), and a text made from it is noise: both look like a weak model. So each
output type counts it, a run with NaN ends with exit code 1, and none of it is stored.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from proctor.run.scores import MetricValues
from proctor.tasks.output_types.table import output_type_of
from proctor.tasks.plan import TaskPlan
from proctor.tasks.spec import TaskSpec
from proctor.types import Response

log = logging.getLogger("proctor")


def broken_documents(plan: TaskPlan, responses: Sequence[Response]) -> list[int]:
    """The numbers of the documents with NaN in a response; ``responses`` in the order of the plan's queries."""
    broken: list[int] = []
    position = 0
    for planned in plan.documents:
        count = len(planned.asks) * plan.queries_per_request
        for response in responses[position : position + count]:
            if response.has_nan:
                broken.append(planned.example.doc_id)
                break
        position += count
    return broken


@dataclass(frozen=True, slots=True)
class NanReport:
    """On how many documents the model gave NaN, by task, and a sentence on each of these tasks."""

    counts: Mapping[str, int]
    sentences: tuple[str, ...]


def report_nan(tasks: Sequence[TaskSpec], values_by_task: Mapping[str, MetricValues]) -> NanReport:
    """Warn of each task on how many documents the model gave NaN."""
    counts: dict[str, int] = {}
    sentences: list[str] = []
    for task in tasks:
        documents = values_by_task[task.name].not_a_number
        if documents:
            counts[task.name] = len(documents)
            share = f"{len(documents)} of {values_by_task[task.name].requested} documents (first: {documents[0]})"
            sentences.append(f"Task '{task.name}': the model gave NaN on {share}; {_effect(task)}.")
            log.warning(sentences[-1])
    return NanReport(counts, tuple(sentences))


def _effect(task: TaskSpec) -> str:
    if output_type_of(task).generates:
        return "their texts mean nothing"
    return "each is taken for the highest (--strict_lm_eval)" if task.strict else "they count as wrong"
