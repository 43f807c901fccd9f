"""What every kind of request and response says of itself, under the same names."""

from __future__ import annotations

import math

import pytest

from proctor.messages import Message
from proctor.types import Choice, Choose, Generate, Loglikelihood, Rolling, RollingScore, Scores, Text

PAIRS = [
    (Loglikelihood("a", ("b", "c")), Scores(((-1.0, True), (-2.0, False)))),
    (Loglikelihood("a", ()), Scores(())),
    (Rolling("a text"), RollingScore(-3.0)),
    (Generate("a prompt", {"until": []}), Text("a text")),
    (Generate((Message("system", "be"), Message("user", "ask")), {}), Text("a text")),
    (Choose("which", ("A", "B")), Choice(1, "whole", "text", "B")),
]


@pytest.mark.parametrize(("request_", "response"), PAIRS)
def test_a_response_has_as_many_values_as_its_request_has_arguments(request_, response):
    assert len(response.values) == len(request_.arguments) == request_.count


def test_every_text_of_a_request_is_among_its_texts():
    texts = [request.texts for request, _ in PAIRS]
    assert texts == [("a", "b", "c"), ("a",), ("a text",), ("a prompt",), ("be", "ask"), ("which",)]


def test_arguments_are_those_of_lm_eval():
    assert Loglikelihood("a", ("b", "c")).arguments == (("a", "b"), ("a", "c"))
    assert Rolling("a").arguments == (("a",),)
    assert Generate("a", {"until": ["\n"]}).arguments == (("a", {"until": ["\n"]}),)
    assert Generate((Message("user", "a"),), {}).arguments == (([{"role": "user", "content": "a"}], {}),)


def test_the_arguments_of_a_choice_are_its_prompt_and_what_each_label_stands_for():
    shown = {"labels": ["A", "B"], "options": ["sun", "moon"], "mc": "auto"}
    assert Choose("which", ("A", "B"), ("sun", "moon")).arguments == (("which", shown),)
    assert Choose((Message("user", "a"),), ("A", "B"), ("sun", "moon")).arguments == (
        ([{"role": "user", "content": "a"}], shown),
    )


def test_a_choice_with_a_log_probability_that_is_no_number_has_nan():
    assert Choice(0, "letters", "letters", "A", logprobs=(-1.0, math.nan)).has_nan
    assert not Choice(0, "letters", "letters", "A", logprobs=(-1.0, -2.0)).has_nan
    assert not Choice(0, "whole", "text", "A").has_nan


def test_kinds_have_the_names_of_lm_eval():
    kinds = [request.kind for request, _ in PAIRS]
    assert kinds == [
        "loglikelihood",
        "loglikelihood",
        "loglikelihood_rolling",
        "generate_until",
        "generate_until",
        "multiple_choice",
    ]
