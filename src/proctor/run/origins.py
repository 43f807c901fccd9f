"""What a script's own model is told beside its requests: their documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from proctor.models.protocols import Origin
from proctor.tasks.plan import TaskPlan


def origins(plans: Sequence[TaskPlan]) -> Mapping[tuple[str, int], Origin]:
    """What the queries are about, by task and number of the document."""
    return {
        (plan.task.spec.name, planned.example.doc_id): Origin(
            plan.task.spec.name, planned.example.doc_id, planned.example.doc, plan.task.spec.repeats
        )
        for plan in plans
        for planned in plan.documents
    }
