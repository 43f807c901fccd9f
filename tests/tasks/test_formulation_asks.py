"""The requests of other formulations, and what is read from their responses."""

from __future__ import annotations

import math

import pytest

from proctor.tasks.example import Ask, AskResult, Formulation
from proctor.tasks.formulation_asks import formulation_metrics, formulation_outcome, option_tokens, read_response
from proctor.types import Generate, Loglikelihood, Refusal, Scores, Text

LABELS, TEXTS = ("A", "B", "C"), ("red", "blue", "green")


def mark(name, golds=(1,)):
    return Formulation(name, "letter", LABELS, TEXTS, golds)


def scored(*lls, role="option"):
    return AskResult(role, [(ll, ll == max(lls)) for ll in lls])


def test_the_first_of_the_highest_is_chosen():
    outcome = formulation_outcome(mark("letter"), [scored(-2.0, -1.0, -1.0)])
    assert (outcome.chosen, outcome.right, outcome.lls) == (1, 1.0, (-2.0, -1.0, -1.0))
    assert outcome.greedy == (False, True, True)
    assert formulation_metrics(outcome) == {"acc_letter": 1.0}


@pytest.mark.parametrize("lls", [(math.nan, -1.0, -2.0), (-3.0, -2.0, -4.0, -1.0)])
def test_nan_and_a_label_that_no_option_has_are_no_choice(lls):
    outcome = formulation_outcome(mark("task", (0, 1, 2)), [scored(*lls)])
    assert (outcome.chosen, outcome.right, len(outcome.lls)) == (None, 0.0, 3)


def test_what_follows_no_question_stands_apart():
    results = [scored(-1, -2, -3), scored(-4, -5, -6, role="unconditional"), scored(-7, -8, -9, role="neutral")]
    outcome = formulation_outcome(mark("text"), results)
    assert (outcome.lls, outcome.unconditional, outcome.neutral) == ((-1, -2, -3), (-4, -5, -6), (-7, -8, -9))


def test_a_text_formulation_that_is_the_tasks_own_has_no_score_of_its_own():
    outcome = formulation_outcome(mark("text"), [scored(-4, -5, -6, role="unconditional")])
    assert (outcome.lls, outcome.chosen) == ((), None)
    assert formulation_metrics(outcome) == {}


@pytest.mark.parametrize(
    ("text", "finish", "chosen"),
    [
        (" B", "stop", 1),
        ("The answer is blue.", "stop", 1),
        ("I do not know.", "stop", None),
        ("Either A or", "length", None),
    ],
)
def test_a_written_answer_is_read_by_the_ladder(text, finish, chosen):
    ask = Ask(3, "prompt", Generate("Which?", {}))
    outcome = formulation_outcome(mark("generate"), [read_response(ask, Text(text, finish))])
    assert outcome.chosen == chosen
    assert formulation_metrics(outcome) == {"acc_generate": float(chosen == 1)}


def test_a_choice_by_label_is_the_tasks_own():
    outcome = formulation_outcome(mark("task"), [AskResult("choice", [(2, "letters", "letters", "C")])])
    assert (outcome.chosen, outcome.lls) == (2, ())


def test_tokens_are_those_of_texts_that_are_scored():
    asks = [Ask(1, "option", Loglikelihood("Q", TEXTS)), Ask(1, "neutral", Loglikelihood("", TEXTS))]
    responses = [Scores(((-1.0, True),) * 3, (1, 2, 3)), Scores(((-1.0, True),) * 3, (4, 5, 6))]
    assert option_tokens(mark("text"), asks, responses) == (1, 2, 3)
    assert option_tokens(mark("letter"), asks, responses) == option_tokens(mark("task"), asks, responses) == ()
    assert option_tokens(Formulation("task", "text", LABELS, TEXTS, (0,)), asks, responses) == (1, 2, 3)
    assert option_tokens(mark("text"), asks[:1], [Scores(((-1.0, True),) * 3)]) == ()
    assert option_tokens(mark("text"), asks[:1], [Refusal("no")]) == ()


def test_values_of_a_filter_that_are_no_log_likelihoods_give_no_outcome():
    assert formulation_outcome(mark("task"), [AskResult("option", ["a", "b", "c"])]) is None


def test_a_response_keeps_the_part_of_its_request():
    ask = Ask(1, "option", Loglikelihood("Q", (" A", " B")))
    assert read_response(ask, Scores(((-1.0, True), (-2.0, False)))) == AskResult(
        "option", ((-1.0, True), (-2.0, False))
    )
