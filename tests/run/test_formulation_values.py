"""What stays of documents that are put in several formulations."""

from __future__ import annotations

from dataclasses import replace

from proctor.records import FormulationOutcome, Record
from proctor.run.formulation_values import FormulationValues

OUTCOME = FormulationOutcome("task", "letter", ("A", "B"), ("red", "blue"), (0,), 0, (-1.0, -2.0))
PLAIN = Record("letters", 0, {}, 0, (), (), (), "none", {})


def record(doc_id, name, outcome=OUTCOME, *, filter="none", error=None, **metrics):
    outcome = None if outcome is None else replace(outcome, name=name)
    return replace(
        PLAIN, doc_id=doc_id, filter=filter, metrics=metrics, error=error, variant=int(name != "task"),
        formulation=name, outcome=outcome,
    )  # fmt: skip


def values(*records):
    found = FormulationValues()
    for one in records:
        found.add(one)
    return found


def test_documents_stand_in_the_same_order_in_each_formulation():
    found = values(record(7, "task"), record(7, "text"), record(2, "text"), record(2, "task"))
    assert found
    assert list(found.names) == ["task", "text"]
    assert [len(one) for one in found.outcomes().values()] == [2, 2]
    assert found.left_out == 0


def test_a_run_without_formulations_holds_nothing():
    assert not values(PLAIN, PLAIN)
    assert not values(record(0, "task"))


def test_a_document_without_one_of_its_formulations_is_left_out_and_counted():
    found = values(
        record(0, "task"), record(0, "text"),
        record(1, "task"), record(1, "text", None, error="refused: no"),
        record(2, "task"),
        record(3, "task", None), record(3, "text"),
    )  # fmt: skip
    assert len(found.outcomes()["task"]) == len(found.right()) == 1
    assert found.left_out == 3


def test_the_own_formulation_is_right_as_acc_says():
    found = values(record(0, "task", acc=0.0), record(0, "text"), record(1, "task"), record(1, "text"))
    assert found.right() == [0.0, 1.0]


def test_a_second_filter_is_passed_over():
    found = values(record(0, "task"), record(0, "text"), record(0, "task", None, filter="other", acc=0.0))
    assert found.filter == "none"
    assert (found.left_out, found.right()) == (0, [1.0])


def test_a_text_formulation_that_is_the_tasks_own_has_the_tasks_options():
    own = replace(OUTCOME, own="text", unconditional=(-5.0, -6.0))
    bare = replace(OUTCOME, own="text", chosen=None, lls=(), neutral=(-3.0, -3.0))
    found = values(record(0, "task", own), record(0, "text", bare)).outcomes()["text"][0]
    assert (found.name, found.lls, found.chosen) == ("text", OUTCOME.lls, 0)
    assert (found.unconditional, found.neutral) == ((-5.0, -6.0), (-3.0, -3.0))
