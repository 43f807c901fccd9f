"""Tables as people have them, in ``tests/tables``: each is read as ``expected.json`` says, or refused in its words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from proctor.errors import ProctorError
from proctor.new.plan import plan_task
from proctor.new.request import request_of

TABLES = Path(__file__).resolve().parents[1] / "tables"
EXPECTED = json.loads((TABLES / "expected.json").read_text(encoding="utf-8"))
READ = [name for name, expected in EXPECTED.items() if "error" not in expected]
REFUSED = [name for name, expected in EXPECTED.items() if "error" in expected]


def planned(name):
    flags = EXPECTED[name].get("flags", {})
    return plan_task(request_of({"name": "exam", "source": str(TABLES / name), **flags}))


@pytest.mark.parametrize("name", READ)
def test_a_table_is_read(name):
    plan, expected = planned(name), EXPECTED[name]
    layout, answers, documents = plan.layout, plan.answers, plan.evaluated
    assert [layout.question, list(layout.choices), layout.answer] == expected["columns"]
    assert layout.context == expected.get("context")
    assert answers.form + ("" if answers.base is None else f" from {answers.base}") == expected["form"]
    assert [list(document.golds) for document in documents] == expected["golds"]
    assert [document.line for document in documents] == expected["lines"]
    for document, which in ((documents[0], "first"), (documents[-1], "last")):
        assert [document.question, list(document.options)] == expected[which]
    assert list(plan.notes) == expected["notes"]


@pytest.mark.parametrize("name", REFUSED)
def test_a_table_is_refused_with_its_place_and_a_remedy(name):
    with pytest.raises(ProctorError) as caught:
        planned(name)
    assert type(caught.value).__name__ == EXPECTED[name]["error"]
    assert str(caught.value).replace(str(TABLES / name), name) == EXPECTED[name]["message"]
    assert caught.value.hint


def test_every_table_is_expected_and_there_are_thirty():
    assert {path.name for path in TABLES.iterdir()} - {"expected.json"} == set(EXPECTED)
    assert len(EXPECTED) >= 30
