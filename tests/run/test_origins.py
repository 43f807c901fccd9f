"""What a script's own model gets beside its requests."""

from __future__ import annotations

from types import SimpleNamespace

from proctor.models.protocols import Origin
from proctor.run.origins import origins
from proctor.tasks.example import Example, canonical_variant
from proctor.tasks.plan import DocumentPlan, TaskPlan


def plan(name, repeats, *numbers):
    documents = [
        DocumentPlan(Example(number, {"n": number}, (canonical_variant((), None, ""),), "", "", None), ())
        for number in numbers
    ]
    return TaskPlan(SimpleNamespace(spec=SimpleNamespace(name=name, repeats=repeats)), tuple(documents), 1)


def test_documents_are_found_by_task_and_number():
    found = origins([plan("one", 1, 0, 5), plan("two", 3, 0)])
    assert found == {
        ("one", 0): Origin("one", 0, {"n": 0}, 1),
        ("one", 5): Origin("one", 5, {"n": 5}, 1),
        ("two", 0): Origin("two", 0, {"n": 0}, 3),
    }
    assert origins([plan("empty", 1)]) == {}
