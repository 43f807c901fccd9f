"""Tasks on their data: every template and function on every document."""

from __future__ import annotations

import pytest
from task_folders import ROWS, check, lines


def test_errors_of_documents_are_counted_once_per_kind(write_tasks):
    rows = [{**row, "answer": 3 if n % 2 else 1} for n, row in enumerate(ROWS)]
    [finding] = check(write_tasks(rows, a="task: a\ninclude: _template\n")).errors
    assert finding.line == 7
    assert "doc_to_target gave 3, but there are 3 choices" in finding.message
    assert finding.message.endswith("(document 1 and 2 more documents).")


def test_an_undefined_variable_says_what_was_meant(write_tasks):
    [finding] = check(write_tasks(a='task: a\ninclude: _template\ndoc_to_text: "{{questoin}}"\n')).errors
    assert "a.yaml:3" in lines([finding])[0]
    assert "'questoin' is undefined" in finding.message
    assert "(document 0 and 5 more documents)" in finding.message
    assert finding.hint == "Did you mean 'question'?"


def test_one_wrong_key_does_not_hide_the_others(write_tasks):
    text = (
        'task: a\ninclude: _template\nmetric_list: [{metric: accc}]\ndescription: "{{questoin}}"\nfewshot_split: dev\n'
    )
    shown = lines(check(write_tasks(a=text)).errors)
    assert [line.partition(": ")[0] for line in shown] == ["a.yaml:3", "a.yaml:4", "a.yaml:5"]
    assert "its data set has no split 'dev'" in shown[2]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"choices": "ab"}, "doc_to_choice must give a list of texts, but it gave 'ab'"),
        ({"choices": []}, "doc_to_choice gave an empty list"),
        ({"choices": ["a", None]}, "a choice must be text, but doc_to_choice gave None"),
        ({"answer": -1}, "doc_to_target gave -1, but there are 3 choices"),
    ],
)
def test_what_a_document_can_have_wrong(write_tasks, change, sentence):
    columns = ("choices",) if "choices" in change else ("answer",)
    rows = [{key: value for key, value in ROWS[0].items() if key not in columns} | change]
    [finding] = check(write_tasks(rows, a="task: a\ninclude: _template\n")).errors
    assert sentence in finding.message


def test_what_may_be_meant_is_a_note(write_tasks):
    rows = [*ROWS, {"question": " ", "choices": ["a", "a", ""], "answer": 0}]
    verdict = check(write_tasks(rows, a="task: a\ninclude: _template\nnum_fewshot: 2\n"))
    assert verdict.errors == ()
    shown = " ".join(finding.message for finding in verdict.notes)
    for words in (
        "doc_to_text is empty (document 6)",
        "two choices are the same: 'a'",
        "a choice is empty",
        "its own examples",
    ):
        assert words in shown


def test_the_pool_must_be_large_enough(write_tasks):
    [finding] = check(write_tasks(a="task: a\ninclude: _template\nnum_fewshot: 7\n")).errors
    assert "a.yaml:3" in lines([finding])[0]
    assert "7 few-shot examples are asked for" in finding.message


def test_examples_are_rendered_too(write_tasks):
    text = 'task: a\ninclude: _template\nnum_fewshot: 1\nfewshot_config:\n  doc_to_text: "{{questoin}}"\n'
    [finding] = check(write_tasks(a=text)).errors
    assert lines([finding])[0].startswith("a.yaml:5: task 'a': fewshot_config.doc_to_text uses a variable")
    assert "(example 0 and 5 more documents)" in finding.message


def test_an_empty_continuation_has_nothing_to_score(write_tasks):
    rows = [{"question": "a", "word": " b"}, {"question": "c", "word": ""}]
    text = "task: a\ninclude: _template\noutput_type: loglikelihood\ndoc_to_choice: null\ndoc_to_target: word\n"
    [finding] = check(write_tasks(rows, a=text)).errors
    assert "doc_to_target is empty: there is nothing to score (document 1)." in finding.message


def test_process_docs_that_fails_or_leaves_nothing(write_tasks):
    folder = write_tasks(
        a="task: a\ninclude: _template\nprocess_docs: !function code.fails\n",
        b="task: b\ninclude: _template\nprocess_docs: !function code.empties\n",
        code_py="def fails(docs):\n    return docs['nothing']\n\ndef empties(docs):\n    return docs.select([])\n",
    )
    shown = lines(check(folder, run_code=True).errors)
    assert "a.yaml:3: task 'a': process_docs failed: ValueError: Column 'nothing' doesn't exist. (at" in shown[0]
    assert "code.py:2)" in shown[0]
    assert "b.yaml:3: task 'b': the split 'test' holds no document after process_docs." in shown[1]
