"""Power: the detectable effect and the documents that it needs belong to each other."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.analysis.paired import mcnemar
from proctor.analysis.power import correlated_variance, detectable_effect, discordance_variance, documents_needed
from proctor.errors import AnalysisError


@given(st.floats(0.01, 1), st.floats(0.002, 0.5), st.floats(1, 5))
def test_the_documents_needed_detect_the_effect(variance, effect, deff):
    n = documents_needed(variance, effect, design_effect=deff)
    assert detectable_effect(variance, n, design_effect=deff) <= effect * (1 + 1e-9)
    if n > 1:
        assert detectable_effect(variance, n - 1, design_effect=deff) > effect * (1 - 1e-9)


def test_variances():
    assert discordance_variance(0.2, 0.1) == pytest.approx(0.19)
    assert correlated_variance(0.7, 0.7, 1) == pytest.approx(0)
    assert correlated_variance(0.7, 0.4, 0) == pytest.approx(0.21 + 0.24)


def test_the_effect_is_found_four_times_in_five():
    """500 documents, 20 % discordant: a true difference of the size of the MDE is found in about 80 % of runs."""
    n, share = 500, 0.2
    effect = detectable_effect(discordance_variance(share), n)
    source, found, runs = random.Random(5), 0, 600
    for _ in range(runs):
        draws = [source.random() for _ in range(n)]
        only_a = sum(draw < (share + effect) / 2 for draw in draws)
        discordant = sum(draw < share for draw in draws)
        found += mcnemar(only_a, discordant - only_a).mid_p < 0.05
    assert 0.74 < found / runs < 0.88


@pytest.mark.parametrize(
    "call",
    [
        lambda: discordance_variance(1.2),
        lambda: discordance_variance(0.1, 0.3),
        lambda: correlated_variance(1.2, 0.5, 0),
        lambda: correlated_variance(0.2, 0.5, -2),
        lambda: detectable_effect(-1, 10),
        lambda: detectable_effect(1, 0),
        lambda: detectable_effect(1, 10, power=1.0),
        lambda: documents_needed(1, 0),
        lambda: documents_needed(1, 0.1, alpha=0),
        lambda: documents_needed(math.nan, 0.0),
    ],
)
def test_impossible_plans_are_refused(call):
    with pytest.raises(AnalysisError):
        call()
