"""Turns of a prompt, and how they are joined."""

from __future__ import annotations

import random

import pytest

from proctor.compat.tasks.instance import Instance
from proctor.compat.tasks.messages import (
    Message,
    ends_with_whitespace,
    format_turn,
    maybe_delimit,
    messages_to_text,
    multiturn_to_singleturn,
    random_task_id,
    requires_delimiter,
)
from proctor.compat.tasks.task_types import ALL_OUTPUT_TYPES


@pytest.mark.parametrize(
    ("before", "after", "joined"),
    [
        ("a", "b", "a--b"),
        ("a ", "b", "a b"),
        ("a", "\nb", "a\nb"),
        ("a ", " b", "a  b"),
        ("a", None, "a"),
        ("a", "", "a"),
        (None, "b", "b"),
        ("", "b", "b"),
        (None, None, ""),
        ("", "", ""),
    ],
)
def test_a_delimiter_stands_where_no_white_space_does(before, after, joined):
    assert maybe_delimit(before, after, "--") == joined


def test_turns_as_one():
    asked = [Message("user", "one", " "), Message("assistant", "two", "\n"), Message("user", "three", "")]
    whole = {"role": "user", "content": "one two\nthree"}
    system, last = Message("system", "rules", ""), Message("assistant", "four")
    assert messages_to_text(asked) == "one two\nthree"
    assert multiturn_to_singleturn(asked) == [whole]
    assert multiturn_to_singleturn([*asked, last]) == [whole, {"role": "assistant", "content": "four"}]
    assert multiturn_to_singleturn([system, *asked]) == [{"role": "system", "content": "rules"}, whole]
    assert [turn["role"] for turn in multiturn_to_singleturn([system, *asked, last])] == ["system", "user", "assistant"]


def test_turns_are_joined_as_prompts_are():
    assert (maybe_delimit("a", "b"), maybe_delimit("a ", "b"), maybe_delimit(None, "b")) == ("a b", "a b", "b")
    assert (requires_delimiter("", "b"), requires_delimiter("a", "b")) == (False, True)
    turns = [
        Message("system", "S"),
        Message("user", "q", " "),
        Message("assistant", "a", "\n\n"),
        Message("user", "q2"),
    ]
    assert multiturn_to_singleturn(turns) == [
        {"role": "system", "content": "S"},
        {"role": "user", "content": "q a\n\nq2"},
    ]
    assert set(ALL_OUTPUT_TYPES) == {"loglikelihood", "multiple_choice", "loglikelihood_rolling", "generate_until"}
    assert Instance("loglikelihood", {}, ("a", "b"), 0).args == ("a", "b")


@pytest.mark.parametrize(
    ("prefix", "suffix", "needed"), [("a", "b", True), ("a ", "b", False), ("a", "\nb", False), ("", "b", False)]
)
def test_where_a_delimiter_is_needed(prefix, suffix, needed):
    assert requires_delimiter(prefix, suffix) is needed


@pytest.mark.parametrize(("text", "ends"), [("a\t", True), ("a", False), ("", False)])
def test_how_a_text_ends(text, ends):
    assert ends_with_whitespace(text) is ends


def test_a_turn_as_a_mapping():
    assert Message("user", "hi", "\n").to_dict() == {"role": "user", "content": "hi"}
    assert format_turn("hi", "user") == {"role": "user", "content": "hi"}
    assert format_turn("hi", "user", "text") == {"type": "text", "role": "user", "content": "hi"}


def test_a_name_drawn_by_the_seed():
    random.seed(1)
    first = random_task_id()
    random.seed(1)
    assert random_task_id() == first
    assert len(first) == 8
    assert first.isalnum()
