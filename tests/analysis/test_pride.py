"""PriDe: a preference for positions is taken away, and nothing else."""

from __future__ import annotations

import math
import random

import pytest

from proctor.analysis.draws import source_of
from proctor.analysis.orders import cyclic_orders
from proctor.analysis.pride import debiased_choice, estimation_items, item_prior, task_prior
from proctor.errors import AnalysisError

BIAS = [1.0, 0.2, 0.0, -0.5]


def rotated(source, content):
    return [[content[o] + BIAS[p] for p, o in enumerate(order)] for order in cyclic_orders(4)]


def test_the_prior_is_the_preference():
    source = random.Random(1)
    items = [rotated(source, [source.gauss(0, 1) for _ in range(4)]) for _ in range(30)]
    prior = task_prior(items)
    weights = [math.exp(b) for b in BIAS]
    assert prior == pytest.approx([w / sum(weights) for w in weights])
    content = [0.0, 0.1, 0.3, 0.2]
    assert debiased_choice([c + b for c, b in zip(content, BIAS, strict=True)], prior) == 2


def test_an_impossible_position_does_not_decide_alone():
    prior = item_prior([[0.0, -math.inf], [-math.inf, 0.0]])
    assert prior == pytest.approx([0.5, 0.5])


def test_which_items_are_rotated():
    chosen = estimation_items(1000, source_of(0, "mmlu"))
    assert (len(chosen), chosen) == (50, sorted(set(chosen)))
    assert len(estimation_items(40, source_of(0))) == 30
    assert chosen == estimation_items(1000, source_of(0, "mmlu"))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: estimation_items(29, source_of(0)), "29 items"),
        (lambda: task_prior([[[0.0, 0.0]]] * 29), "29 items in all rotations"),
        (lambda: task_prior([[[0.0, 0.0]], [[0.0, 0.0, 0.0]]], least=2), "one number of options"),
        (lambda: item_prior([[math.nan, 0.0]]), "give no probabilities"),
        (lambda: debiased_choice([0.0, 1.0], [0.2, 0.3, 0.5]), "A prior of 3 positions"),
    ],
)
def test_bad_input_is_a_sentence(call, message):
    with pytest.raises(AnalysisError, match=message):
        call()
