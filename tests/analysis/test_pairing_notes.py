"""Sentences about paired documents: other prompts, other documents under one number, and which model it was."""

from __future__ import annotations

from stored_runs import choice_line, document_of, write_run

from proctor.analysis.compare import compare_runs
from proctor.analysis.compare_document import comparison_document
from proctor.analysis.comparison import CompareOptions
from proctor.analysis.pairing_notes import number_notes, prompt_notes, same_prompts
from proctor.results.open_runs import open_runs


def pair_of(tmp_path, changes, *, model="org/small", by_number=False):
    lines = [choice_line(i, [-0.1, -2, -2, -2], 0) for i in range(4)]
    other = [{**line, **changes.get(i, {})} for i, line in enumerate(lines)]
    runs = []
    for name, mine, called in (("a", lines, "org/small"), ("b", other, model)):
        document = document_of({"t": mine}, model_name=called)
        runs += open_runs([write_run(tmp_path / name, {"t": mine}, document=document)]).runs
    comparison = compare_runs(runs, CompareOptions(by_number=by_number))
    return comparison.pairs[0], comparison


def test_other_prompts_of_one_model_and_of_two(tmp_path):
    changes = {0: {"prompt_hash": "x"}, 1: {"prompt_hash": "y"}}
    pair, _ = pair_of(tmp_path / "one", changes)
    assert pair.same_model
    assert list(prompt_notes(pair)) == ["Same documents, different prompts: 2 of 4 (t). The model is the same."]
    pair, _ = pair_of(tmp_path / "two", changes, model="org/large")
    assert not pair.same_model
    assert "Prompt and model are compared together." in next(prompt_notes(pair))


def test_documents_that_differ_are_not_said_to_be_the_same(tmp_path):
    pair, comparison = pair_of(tmp_path, {2: {"doc_hash": "z", "prompt_hash": "z"}}, by_number=True)
    assert (pair.tasks[0].pairs.documents_differ, pair.tasks[0].pairs.prompts_differ) == (1, 0)
    assert not list(prompt_notes(pair))
    assert not same_prompts(pair)
    assert list(number_notes(pair)) == [
        "Documents were paired by number, not by their text.", "Different documents of one number: 1 of 4 (t).",
    ]  # fmt: skip
    assert comparison_document(comparison)["pairs"][0]["tasks"][0]["documents_differ"] == 1


def test_equal_documents_and_prompts(tmp_path):
    pair, _ = pair_of(tmp_path, {})
    assert same_prompts(pair)
    assert not list(prompt_notes(pair))
    assert not list(number_notes(pair))
