"""How much there is to do: requests, tokens, distinct tokens, and how they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from tiny_plans import distinct_prefixes, exams, limits

from proctor.models.prefix.cost import PromptCost, count_distinct, many, planned
from proctor.models.prefix.plan import make_plan


@given(exams())
def test_distinct_tokens_are_distinct_prefixes(exam):
    inputs, _ = exam
    assert count_distinct(inputs) == distinct_prefixes(inputs)


def test_no_inputs_have_no_tokens():
    assert count_distinct([]) == 0


@given(exams(), limits())
def test_the_work_of_a_plan_counts_requests_as_they_would_be_alone(exam, limit):
    inputs, counts = exam
    lengths = [len(tokens) for tokens in inputs]
    assert planned(make_plan(inputs, counts, limit), lengths) == PromptCost(
        len(inputs), sum(lengths), distinct_prefixes(inputs)
    )


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (713, "713"),
        (9_999, "9,999"),
        (10_000, "10.0 k"),
        (39_449, "39.4 k"),
        (6_100_000, "6.1 M"),
        (2_000_000_000, "2.0 G"),
    ],
)
def test_large_numbers_are_short(number, text):
    assert many(number) == text


@pytest.mark.parametrize(
    ("cost", "text"),
    [
        (PromptCost(1, 40), "1 request, 40 tokens"),
        (PromptCost(1200, 10_000, 2_500), "1,200 requests, 10.0 k tokens, 2,500 distinct: sharing saves 75 %"),
        (PromptCost(0, 0, 0), "0 requests, 0 tokens"),
    ],
)
def test_a_cost_is_a_sentence(cost, text):
    assert str(cost) == text
