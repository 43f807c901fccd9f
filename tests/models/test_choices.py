"""What a chat model is sent to choose an option, and what its reply means."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.answers import read_choice
from proctor.messages import Message
from proctor.models.choices import (
    constrained_call,
    label_scores,
    letters_call,
    letters_choice,
    text_call,
)
from proctor.types import Choose

QUESTION = Choose("Which?\nA. sun\nB. moon\nAnswer:", ("A", "B"), ("sun", "moon"))


def log(probability: float) -> float:
    return math.log(probability)


def test_letters_ask_for_one_token_and_the_likeliest_ones():
    call = letters_call(QUESTION)
    assert call.options == {"max_tokens": 1, "temperature": 0, "logprobs": True, "top_logprobs": 20}
    [message] = call.messages
    assert message.role == "user"
    assert message.content.startswith(QUESTION.prompt)
    assert message.content.endswith("A, B")
    assert letters_call(QUESTION, top=5).options["top_logprobs"] == 5


def test_constrained_allows_nothing_but_a_label():
    wanted = constrained_call(QUESTION).options["response_format"]["json_schema"]
    assert wanted["strict"] is True
    assert wanted["schema"]["properties"] == {"answer": {"type": "string", "enum": ["A", "B"]}}
    assert wanted["schema"]["required"] == ["answer"]


def test_text_asks_for_a_last_line_and_leaves_room():
    call = text_call(QUESTION, max_tokens=99)
    assert call.options == {"max_tokens": 99, "temperature": 0}
    assert "'Answer: <label>'" in call.messages[-1].content


def test_a_korean_question_is_instructed_in_korean():
    question = Choose("다음 중 수도는?\n1. 서울\n2. 부산", ("1", "2"))
    assert "정답: <기호>" in text_call(question).messages[-1].content
    assert "하나만" in letters_call(question).messages[-1].content


def test_a_chat_keeps_its_turns_and_only_letters_go_on_with_an_opened_reply():
    chat = (Message("system", "Be exact."), Message("user", "Which?"), Message("assistant", "The answer is"))
    question = Choose(chat, ("A", "B"))
    opened = letters_call(question).messages
    assert [message.role for message in opened] == ["system", "user", "assistant"]
    assert opened[1].content.startswith("Which?\n\n")
    assert [message.role for message in text_call(question).messages] == ["system", "user"]
    assert [message.role for message in constrained_call(question).messages] == ["system", "user"]


def test_a_chat_without_a_user_s_message_gets_one():
    assert letters_call(Choose((Message("system", "x"),), ("A", "B"))).messages[-1].role == "user"


def test_the_spellings_of_a_label_are_summed():
    found = label_scores(
        [("A", log(0.2)), (" A", log(0.1)), ("(A", log(0.05)), ("B", log(0.3)), ("The", log(0.1))], "AB"
    )
    assert found.logprobs == pytest.approx((log(0.35), log(0.3)))
    assert found.unseen == ()
    assert found.mass == pytest.approx(0.65)


def test_a_label_in_lower_case_is_another_token():
    found = label_scores([("a", log(0.5)), ("B", log(0.3))], "AB")
    assert found.unseen == (0,)


def test_a_label_that_is_not_given_has_a_bound_and_not_minus_infinity():
    found = label_scores([("A", log(0.6)), ("The", log(0.3))], ("A", "B"))
    assert found.unseen == (1,)
    assert found.logprobs[1] == pytest.approx(log(0.1))
    tight = label_scores([("A", log(0.5)), ("x", log(0.01))], ("A", "B"))
    assert tight.logprobs[1] == pytest.approx(log(0.01))


@pytest.mark.parametrize("tokens", [[], [("A", 0.5)], [("A", math.nan)]])
def test_log_probabilities_that_cannot_be_are_refused(tokens):
    with pytest.raises(ValueError, match="no log-probabilities, or impossible ones"):
        label_scores(tokens, "AB")


@given(st.dictionaries(st.sampled_from(["A", " A", "B", "C", "x", "(B", "②"]), st.floats(-30, 0), min_size=1))
def test_scores_are_log_probabilities_whatever_tokens_are_given(tokens):
    found = label_scores(list(tokens.items()), ("A", "B", "2"))
    assert all(logprob <= 0.0 for logprob in found.logprobs)
    assert 0.0 <= found.mass <= 1.0


def test_letters_pick_the_likeliest_label():
    choice = letters_choice(QUESTION, [("B", log(0.6)), ("A", log(0.3))], "B", finish="length")
    assert (choice.picked, choice.how, choice.route, choice.finish) == (1, "letters", "letters", "length")
    assert choice.label_mass == pytest.approx(0.9)


def test_letters_without_any_label_read_the_text():
    choice = letters_choice(QUESTION, [("The", log(0.6)), ("I", log(0.3))], "The", finish="length")
    assert (choice.picked, choice.how, choice.unseen) == (None, "truncated", (0, 1))


@pytest.mark.parametrize(
    ("route", "reply", "finish", "picked", "how"),
    [
        ("constrained", '{"answer": "B"}', "stop", 1, "json"),
        ("constrained", "B", "stop", 1, "whole"),
        ("text", "The moon is.\n\nAnswer: B", "stop", 1, "statement"),
        ("text", "It is the moon.", "stop", 1, "option_text"),
        ("text", "Let us first consider A", "length", None, "truncated"),
        ("text", "", "filter", None, "refusal"),
    ],
)
def test_a_reply_is_read_by_the_ladder(route, reply, finish, picked, how):
    choice = read_choice(QUESTION, route, reply, finish=finish)
    assert (choice.picked, choice.how, choice.route, choice.text) == (picked, how, route, reply)
