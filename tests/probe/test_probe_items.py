"""What a probe asks of a document: blocks of options in every order, and halves of questions."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.probe.items import LEAST_WORDS, halves_of, probe_items, question_of
from proctor.run.bind import bind_tasks
from proctor.run.exam import select_suite
from proctor.run.progress import Quiet
from proctor.settings.config import build_config


def tasks(name, **settings):
    config = build_config({"model": "dummy", "tasks": [name], **settings})
    return bind_tasks(select_suite(config).tasks, Quiet), config


def test_every_order_of_the_options_once_and_the_published_one_first():
    [task], config = tasks("demo_letter_isles", limit=5)
    items = list(probe_items(task, config, 24))
    assert [item.doc_id for item in items] == list(range(5))
    for item, doc in zip(items, task.documents.rows(range(5)), strict=True):
        assert item.kind == "free"
        assert len(set(item.blocks)) == len(item.blocks) == 24
        prompt = task.question.text(doc)
        assert prompt.startswith(item.stem + item.blocks[0])
        assert prompt[len(item.stem) + len(item.blocks[0]) :].strip() == "Answer:"
        options = [line.split(". ", 1)[-1] for line in item.blocks[0].split("\n")]
        orders = {tuple(line.split(". ", 1)[-1] for line in block.split("\n")) for block in item.blocks}
        assert orders == set(itertools.permutations(options))


@pytest.mark.parametrize(("orders", "count"), [(2, 4), (4, 4), (8, 8), (9, 12), (1000, 24)])
def test_orders_are_whole_blocks_of_rotations(orders, count):
    [task], config = tasks("demo_letter_isles", limit=1)
    [item] = probe_items(task, config, orders)
    assert len(item.blocks) == count


def test_a_limit_changes_no_order_of_a_document():
    [task], few = tasks("demo_letter_isles", limit=2)
    _, many = tasks("demo_letter_isles", limit=9)
    assert list(probe_items(task, few, 8)) == list(probe_items(task, many, 8))[:2]


def test_options_that_are_not_free_have_no_blocks(write_quiz):
    rows = [
        ("How many?", ["1", "2", "3", "4"]),
        ("Which?", ["red", "blue", "green", "none of the above"]),
        ("Which?", ["red", "blue", "Both A and B", "green"]),
        ("Which?", ["red", "blue", "pink", "green"]),
    ]
    [task], config = tasks(write_quiz(rows))
    items = list(probe_items(task, config, 24))
    assert [item.kind for item in items] == ["sorted", "pinned", "fixed", "free"]
    assert [len(item.blocks) for item in items] == [0, 0, 0, 24]


def test_a_task_whose_prompts_list_no_options_has_none():
    [task], config = tasks("demo_text_isles", limit=1)
    assert probe_items(task, config, 24) is None


def test_the_halves_of_a_question_leave_its_first_label_out():
    assert halves_of("one two three four five six seven eight\nA. ") == ("one two three four", " five six seven eight")
    assert halves_of("Question: too short a question\nA. ") is None
    assert halves_of("") is None


@given(st.text(max_size=200))
def test_halves_are_the_question_and_neither_is_empty(text):
    halves = halves_of(text)
    if halves is None:
        return
    assert text.startswith("".join(halves))
    assert all(half.strip() for half in halves)
    assert len("".join(halves).split()) >= LEAST_WORDS or "".join(halves) != text


def test_a_question_is_the_prompt_without_its_first_label():
    assert question_of("What is long?\nA. ") == "What is long?"
    assert question_of("One line") == "One line"
    assert question_of("") == ""
