from __future__ import annotations

from report_pages import Page, facts_of, stored
from stored_runs import choice_line

from proctor.analysis.compare import compare_runs
from proctor.analysis.comparison import CompareOptions
from proctor.html_report.language import language_of
from proctor.html_report.pair_notes import pair_notes, setting_table


def notes(*runs, code="en"):
    comparison = facts_of(*runs).comparison
    assert comparison is not None
    pair = comparison.pairs[0]
    return Page(f"<div>{setting_table(pair, language_of(code))}{pair_notes(pair, language_of(code)) or ''}</div>").text


def test_settings_that_differ_are_a_table(tmp_path, run):
    other = stored(tmp_path, "other", {"exam_one": "1101" * 10}, **{"n-shot": {"exam_one": 5}})
    text = notes(run, other)
    assert "num_fewshot 0 5 exam_one" in text
    assert "1 task is only in R1 (exam_two)." in text
    assert "All prompts are the same." in text


def test_nothing_else_differs(tmp_path, run):
    assert "No other setting differs." in notes(run, run)
    assert "다른 설정은 모두 같습니다." in notes(run, run, code="ko")


def test_documents_of_one_run_and_other_prompts_are_counted(tmp_path):
    lines = [choice_line(i, [-1.0, -2.0, -3.0, -4.0], 0) for i in range(4)]
    changed = [{**line, "prompt_hash": "other"} for line in lines[:3]]
    text = notes(stored(tmp_path, "a", {"exam": lines}), stored(tmp_path, "b", {"exam": changed}))
    assert "Same questions, different prompts in 3 of 3 (exam): prompt and model are compared together." in text
    assert "1 question is left out: 1 only in R1, 0 only in R2." in text


def test_other_prompts_of_one_model_are_those_of_one_model(tmp_path):
    lines = [choice_line(i, [-1.0, -2.0, -3.0, -4.0], 0) for i in range(4)]
    changed = [{**line, "prompt_hash": "other"} for line in lines]
    runs = [stored(tmp_path, n, {"exam": one}, model_name="org/x") for n, one in (("a", lines), ("b", changed))]
    assert "Same questions, different prompts in 4 of 4 (exam); the model is the same." in notes(*runs)


def test_questions_that_were_paired_by_number_and_differ_are_counted(tmp_path):
    lines = [choice_line(i, [-1.0, -2.0, -3.0, -4.0], 0) for i in range(4)]
    other = [{**lines[0], "doc_hash": "x", "prompt_hash": "x"}, *lines[1:]]
    runs = [stored(tmp_path, name, {"exam": mine}) for name, mine in (("a", lines), ("b", other))]
    (pair,) = compare_runs(runs, CompareOptions(by_number=True)).pairs
    text = Page(pair_notes(pair, language_of("en")) or "").text
    assert "paired by number, not by their text. 1 question has another text in the other run (exam)." in text
    assert "prompts" not in text
