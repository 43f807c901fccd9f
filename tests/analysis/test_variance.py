"""Variance components: what was put in comes out, clipped where it is below 0."""

from __future__ import annotations

import math
import random

import pytest

from proctor.analysis.variance import variance_components
from proctor.errors import AnalysisError


def simulated(source, n, m, items, draws, rest):
    effects = [source.gauss(0, draws) for _ in range(m)]
    rows = []
    for _ in range(n):
        item = source.gauss(0, items)
        rows.append([0.5 + item + effect + source.gauss(0, rest) for effect in effects])
    return rows


def test_components_are_found():
    source = random.Random(1)
    many = [variance_components(simulated(source, 40, 12, 0.3, 0.1, 0.2)) for _ in range(150)]
    assert sum(one.var_items for one in many) / 150 == pytest.approx(0.09, rel=0.1)
    assert sum(one.var_draws for one in many) / 150 == pytest.approx(0.01, rel=0.2)
    assert sum(one.ms_residual for one in many) / 150 == pytest.approx(0.04, rel=0.05)
    spread = [one.by_draw[0] for one in many]
    middle = sum(spread) / 150
    observed = math.sqrt(sum((x - middle) ** 2 for x in spread) / 149)
    assert sum(one.stderr_one_draw for one in many) / 150 == pytest.approx(observed, rel=0.15)


def test_one_draw_is_less_sure_than_the_mean():
    result = variance_components(simulated(random.Random(3), 30, 10, 0.2, 0.1, 0.2))
    assert result.stderr_mean < result.stderr_one_draw
    assert 0 < result.draw_share < 1
    low, middle, high = result.quantiles
    assert min(result.by_draw) <= low <= middle <= high <= max(result.by_draw)


def test_nothing_varies():
    result = variance_components([[0.5, 0.5], [0.5, 0.5]])
    assert (result.stderr_mean, result.draw_share, result.quantiles) == (0, None, None)


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ([], "There are no documents"),
        ([[1.0, 0.0]], "1 documents under 2 draws"),
        ([[1.0], [0.0]], "2 documents under 1 draws"),
        ([[1.0, 0.0], [1.0]], "every document under every draw"),
        ([[1.0, 0.0], [1.0, math.nan]], "nan"),
    ],
)
def test_bad_input_is_a_sentence(scores, message):
    with pytest.raises(AnalysisError, match=message):
        variance_components(scores)
