"""Turns and their renderings: the golden examples, and laws of the joins."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.messages import Message
from proctor.models.dummy import DummyModel
from proctor.tasks.prompt import PromptStyle, answer_text, chat_messages, chat_turns, join, render, turns


def plain(*messages: Message) -> str:
    return render(messages, PromptStyle(), gen_prefix=None)


def test_goldens():
    shot = turns("Q1", "A1", None, " ", "\n\n")
    assert plain(*shot, *turns("Q2", None, None, " ", "")) == "Q1 A1\n\nQ2"
    shot = turns("Q1", "A1", "P", " ", "\n\n")
    assert plain(*shot, *turns("Q2", None, "P", " ", "")) == "Q1 P A1\n\nQ2 P"
    # The target of a loglikelihood task brings its own space: two of them in the examples.
    assert plain(*turns("Q1", " A1", None, " ", "\n\n"), *turns("Q2", None, None, " ", "")) == "Q1  A1\n\nQ2"
    # Alternative contexts carry no delimiter before a gen_prefix.
    assert plain(*turns("near is", None, "So", "", "")) == "near isSo"


@pytest.mark.parametrize(
    ("question", "prefix", "opened", "shot"),
    [
        ("Q", "P", "Q_P", "Q_P A\n"),
        ("Q", " P", "Q P", "Q P A\n"),
        ("Q", "\tP ", "Q\tP ", "Q\tP A\n"),
        ("Q ", "P", "Q P", "Q P A\n"),
        ("Q ", " P", "Q  P", "Q  P A\n"),
        ("", "P", "P", "P A\n"),
        ("Q", " ", "Q ", "Q A\n"),
    ],
)
def test_a_gen_prefix_that_begins_with_white_space_stands_in_for_the_delimiter(question, prefix, opened, shot):
    assert plain(*turns(question, None, prefix, "_", "\n")) == opened
    assert plain(*turns(question, "A", prefix, "_", "\n")) == shot


def test_no_answer_means_no_delimiter_at_all():
    assert plain(*turns("Q1\n", None, None, " ", "\n\n"), *turns("Q2", None, None, " ", "")) == "Q1\nQ2"


def test_the_systems_text_is_joined_by_the_fewshot_delimiter():
    assert join("SYS", "DESC", "\n\n") == "SYS\n\nDESC"
    assert join("SYS\n", "DESC", "\n\n") == "SYS\nDESC"
    assert join(None, "DESC", "\n\n") == "DESC"
    assert join("SYS", "", "\n\n") == "SYS"


@given(st.text(), st.text(), st.text())
def test_join_loses_nothing(left, right, delimiter):
    joined = join(left, right, delimiter)
    assert joined in (left + right, left + delimiter + right)
    assert joined.startswith(left)
    assert joined.endswith(right)


@pytest.mark.parametrize(
    ("answer", "choices", "text"),
    [(1, ["a", "b"], "b"), (["x", "y"], None, "x"), ("z", ["a"], "z"), ("", ["a"], None), (None, None, None)],
)
def test_answers_as_text(answer, choices, text):
    assert answer_text(answer, choices) == text


def test_an_answer_that_is_no_text_is_refused():
    with pytest.raises(TypeError, match="must be text"):
        answer_text(3.5, None)


def test_chat_turns():
    messages = (Message("system", "S"), *turns("Q1", "A1", "P", " ", "\n\n"), *turns("Q2", None, "P", " ", ""))
    assert [turn["role"] for turn in chat_turns(messages, multiturn=True)] == [
        "system",
        "user",
        "assistant",
        "user",
        "assistant",
    ]
    assert chat_turns(messages, multiturn=False) == [
        {"role": "system", "content": "S"},
        {"role": "user", "content": "Q1 P A1\n\nQ2"},
        {"role": "assistant", "content": "P"},
    ]
    assert chat_turns(turns("Q", None, None, " ", ""), multiturn=False) == [{"role": "user", "content": "Q"}]


SHOTS = st.lists(st.tuples(st.text(), st.text()), max_size=3)


@given(st.text(), SHOTS, st.text(), st.none() | st.text(min_size=1), st.booleans())
def test_the_text_of_a_chat_is_the_template_s_of_its_messages(system, shots, question, prefix, multiturn):
    dummy = DummyModel()
    before = (Message("system", system, "\n\n"),) if system else ()
    solved = [turn for shot in shots for turn in turns(*shot, prefix, " ", "\n\n")]
    chat = (*before, *solved, *turns(question, None, prefix, " ", ""))
    messages = chat_messages(chat, multiturn)
    assert all(not message.delimiter for message in messages)
    given = [{"role": message.role, "content": message.content} for message in messages]
    text = render(chat, PromptStyle(chat=dummy.render, multiturn=multiturn), gen_prefix=prefix)
    assert dummy.render(given, add_generation_prompt=not prefix) == text


def test_a_gen_prefix_leaves_the_assistants_turn_open():
    seen = {}

    def chat(messages, *, add_generation_prompt):
        seen["open"] = add_generation_prompt
        return "rendered"

    assert render(turns("Q", None, "P", " ", ""), PromptStyle(chat=chat), gen_prefix="P") == "rendered"
    assert seen == {"open": False}
    render(turns("Q", None, None, " ", ""), PromptStyle(chat=chat), gen_prefix=None)
    assert seen == {"open": True}
