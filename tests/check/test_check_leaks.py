"""Evaluated documents that are few-shot examples as well: run and validate say so."""

from __future__ import annotations

import json

import pytest
from task_folders import PLAIN, QUIZ_ROWS, SETTINGS, TEXT

FILES = "data_files: {test: test.jsonl, dev: dev.jsonl}"
SHOTS = "fewshot_split: dev\nnum_fewshot: 1\nfewshot_config: {sampler: first_n}\n"
GENERATED = TEXT.replace("doc_to_target: answer", 'doc_to_target: "{{choices[answer]}}"')
ROWS = [{**row, "id": str(number)} for number, row in enumerate(QUIZ_ROWS)]
SAID = "a few-shot example asks the same and shows the answer"


def two_splits(config, more=SHOTS):
    return config.replace("data_files: {test: test.jsonl}", FILES) + more


@pytest.fixture
def with_dev(tmp_path):
    """``with_dev(rows)`` writes the few-shot examples."""

    def write(*rows):
        (tmp_path / "dev.jsonl").write_text("".join(json.dumps({**row, "id": "dev"}) + "\n" for row in rows))

    return write


NEW = {"question": "New?", "choices": ["w", "x", "y", "z"], "answer": 0}


@pytest.mark.parametrize("command", [SETTINGS, ("validate",)])
@pytest.mark.parametrize("config", [PLAIN, GENERATED])
def test_an_example_that_is_evaluated_is_said_with_both_numbers(ask, with_dev, command, config):
    with_dev(QUIZ_ROWS[2])
    code, said = ask(*command, config=two_splits(config), rows=ROWS)
    assert code == 0
    assert f"{SAID}: example 0 of the split 'dev' (document 2)" in said


@pytest.mark.parametrize("command", [SETTINGS, ("validate",)])
def test_how_many_are_said_once(ask, with_dev, command):
    with_dev(*QUIZ_ROWS[:3], NEW)
    config = two_splits(PLAIN, SHOTS.replace("num_fewshot: 1", "num_fewshot: 4"))
    _, said = ask(*command, config=config, rows=ROWS)
    assert said.count(SAID) == 1
    assert "(document 0 and 2 more documents)" in said


@pytest.mark.parametrize("command", [SETTINGS, ("validate",)])
@pytest.mark.parametrize("change", [{"choices": ["w", "x", "y", "other"]}, {"answer": 1}, {"question": "Q2"}])
def test_a_document_with_another_text_option_or_answer_is_another(ask, with_dev, command, change):
    with_dev({**QUIZ_ROWS[2], **change})
    code, said = ask(*command, config=two_splits(PLAIN), rows=ROWS)
    assert (code, SAID in said) == (0, False)


def test_only_examples_that_can_be_drawn_count(ask, with_dev):
    with_dev(NEW, QUIZ_ROWS[2])
    code, said = ask("validate", config=two_splits(PLAIN), rows=ROWS)
    assert (code, SAID in said) == (0, False)
    drawn = two_splits(PLAIN, SHOTS.replace("fewshot_config: {sampler: first_n}\n", ""))
    assert f"{SAID}: example 1 of the split 'dev' (document 2)" in ask("validate", config=drawn, rows=ROWS)[1]
    chosen = two_splits(PLAIN, SHOTS.replace("first_n", "first_n, fewshot_indices: [1]"))
    for command in (SETTINGS, ("validate",)):
        assert f"{SAID}: example 1 of the split 'dev' (document 2)" in ask(*command, config=chosen, rows=ROWS)[1]


def test_a_task_without_examples_has_nothing_said(ask, with_dev):
    with_dev(QUIZ_ROWS[2])
    for command in (SETTINGS, ("validate",)):
        code, said = ask(*command, config=two_splits(PLAIN, SHOTS.replace("shot: 1", "shot: 0")), rows=ROWS)
        assert (code, SAID in said) == (0, False)


def test_fields_that_fail_on_examples_alone_find_nothing(ask, with_dev):
    with_dev({**QUIZ_ROWS[2], "own": 0})
    own = PLAIN.replace("{{question}}", "{{question}}{{'!' * (1 // own)}}")
    config = two_splits(own, SHOTS.replace("first_n", 'first_n, doc_to_text: "{{question}}!"'))
    for command in (SETTINGS, ("validate",)):
        code, said = ask(*command, config=config, rows=[{**row, "own": 1} for row in ROWS])
        assert (code, SAID in said) == (0, False)
