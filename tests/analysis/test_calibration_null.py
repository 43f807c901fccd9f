"""The calibration error that chance alone gives: exact where it can be, else equal in law to drawing every answer."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, poisson_binom

from proctor.analysis.calibration import calibration, mass_bins
from proctor.analysis.calibration_null import calibration_null, hit_distribution
from proctor.analysis.draws import source_of
from proctor.errors import AnalysisError


@given(st.lists(st.floats(0, 1), max_size=90))
def test_the_number_of_hits(probabilities):
    low, pmf = hit_distribution(probabilities)
    expected = poisson_binom.pmf(range(low, low + len(pmf)), probabilities) if probabilities else [1.0]
    assert pmf == pytest.approx(list(expected), abs=1e-12)
    assert sum(pmf) == pytest.approx(1, abs=1e-12)


def test_many_trials():
    low, pmf = hit_distribution([0.3] * 1404)
    assert len(pmf) < 400
    assert pmf == pytest.approx(binom.pmf(range(low, low + len(pmf)), 1404, 0.3).tolist(), abs=1e-13)


def test_drawn_p_and_expectation_are_those_of_drawing_every_answer():
    source = random.Random(11)
    confidence = [0.3 + 0.7 * source.random() for _ in range(100)]
    correct = [float(source.random() < c) for c in confidence]
    bins = mass_bins(confidence)
    null = calibration_null(confidence, correct, bins, source=source_of(0, "null"))
    observed = calibration(confidence, correct, bins).ece
    drawn = [calibration(confidence, [float(source.random() < c) for c in confidence], bins).ece for _ in range(1500)]
    assert null.draws == 1000
    assert null.expected == pytest.approx(sum(drawn) / 1500, rel=0.03)
    assert null.p == pytest.approx(sum(d >= observed - 1e-12 for d in drawn) / 1500, abs=0.06)
    assert null.p == calibration_null(confidence, correct, bins, source=source_of(0, "null")).p


def test_a_perfect_model_has_an_error_at_100_documents():
    """HONEST 12.6: 0.10 at 100 documents, 0.06 at 300, for a model that knows how sure it may be."""
    source = random.Random(5)
    for n, expected in ((100, 0.104), (300, 0.060)):
        confidence = [0.25 + 0.75 * source.random() for _ in range(n)]
        null = calibration_null(confidence, [1.0] * n, mass_bins(confidence), source=source_of(0))
        assert null.expected == pytest.approx(expected, abs=0.015)


def test_certain_answers_and_bands():
    null = calibration_null([1.0, 1.0, 0.0], [1, 1, 0], [[0, 1], [2], []], source=source_of(0))
    assert (null.expected, null.p, null.draws) == (0.0, 1.0, None)
    assert null.bands == ((1.0, 1.0), (0.0, 0.0), None)
    wrong = calibration_null([1.0, 1.0, 0.0], [1, 0, 0], [[0, 1], [2], []], source=source_of(0))
    assert wrong.p == 0
    low, high = calibration_null([0.5] * 100, [1] * 100, [list(range(100))], source=source_of(0)).bands[0]
    assert (low, high) == (0.4, 0.6)
    with pytest.raises(AnalysisError, match="1 and 2"):
        calibration_null([0.5], [1, 0], [[0]], source=source_of(0))


@pytest.mark.slow
def test_p_is_uniform_for_a_calibrated_model():
    source, small = random.Random(3), 0
    for run in range(600):
        confidence = [0.3 + 0.7 * source.random() for _ in range(150)]
        correct = [float(source.random() < c) for c in confidence]
        null = calibration_null(confidence, correct, mass_bins(confidence), source=source_of(run), draws=200)
        small += null.p <= 0.05
    assert 0.02 < small / 600 < 0.08
