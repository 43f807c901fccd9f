"""Perplexities from documents: the values of lm-eval, their difference, and when there is no p."""

from __future__ import annotations

import math

import pytest

from proctor.analysis.corpus_statistics import STATISTICS, paired_statistic, row_of
from proctor.analysis.draws import source_of
from proctor.metrics.aggregate import bits_per_byte, perplexity, weighted_perplexity

ROWS = [(-4.0, 3.0), (-9.5, 5.0), (-2.0, 2.0), (-7.0, 4.0)]


def compared(a, b):
    return paired_statistic("word_perplexity", a, b, source=source_of(0, "t"))


def test_values_are_those_of_the_metrics():
    assert STATISTICS["word_perplexity"](ROWS) == pytest.approx(weighted_perplexity(ROWS), rel=1e-12)
    assert STATISTICS["bits_per_byte"](ROWS) == pytest.approx(bits_per_byte(ROWS), rel=1e-12)
    bare = [(ll, 1.0) for ll, _ in ROWS]
    assert STATISTICS["perplexity"](bare) == pytest.approx(perplexity([ll for ll, _ in ROWS]), rel=1e-12)
    assert STATISTICS["perplexity"]([(-1e6, 1.0)]) == math.inf


@pytest.mark.parametrize(
    ("metric", "value", "row"),
    [
        ("word_perplexity", [-4.0, 3], (-4.0, 3.0)),
        ("perplexity", -4.0, (-4.0, 1.0)),
        ("acc", 1.0, None),
        ("perplexity", float("nan"), None),
        ("word_perplexity", [-4.0, 0], None),
        ("word_perplexity", [-4.0], None),
        ("word_perplexity", "x", None),
        ("word_perplexity", ["a", "b"], None),
    ],
)
def test_rows_of_samples(metric, value, row):
    assert row_of(metric, value) == row


def test_in_exchange_the_difference_is_mirrored():
    other = [(ll - 1 - i / 4, weight) for i, (ll, weight) in enumerate(ROWS)]
    there, back = compared(ROWS, other), compared(other, ROWS)
    assert back.difference == -there.difference
    assert back.interval == pytest.approx((-there.interval[1], -there.interval[0]))
    assert there.p == back.p == 0.125
    assert there.detectable_effect > 0


def test_other_weights_have_no_p():
    found = compared(ROWS, [(ll - 1, weight + 1) for ll, weight in ROWS])
    assert found.p == 1.0
    assert "other numbers of words" in found.reason


def test_equal_runs_have_no_interval_and_a_reason():
    found = compared(ROWS, ROWS)
    assert (found.interval, found.difference, found.p) == (None, 0.0, 1.0)
    assert "all resamples give the same" in found.reason
