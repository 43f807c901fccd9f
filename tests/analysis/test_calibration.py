"""Calibration: bins hold every document once, the Brier score is the sum of its parts, small bins are not debiased."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss

from proctor.analysis.calibration import calibration, mass_bins, width_bins
from proctor.errors import AnalysisError

documents = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 1)), min_size=1, max_size=60)


@given(documents, st.integers(1, 12))
def test_the_brier_score_is_the_sum_of_its_parts(rows, count):
    confidence, correct = [c for c, _ in rows], [y for _, y in rows]
    for bins in (mass_bins(confidence, count), width_bins(confidence, count)):
        result = calibration(confidence, correct, bins)
        parts = result.brier_parts
        total = parts.reliability - parts.resolution + parts.uncertainty
        total += parts.within_bin_variance - parts.within_bin_covariance
        assert result.brier_top == pytest.approx(total, abs=1e-12)
        assert result.brier_top == pytest.approx(brier_score_loss(correct, confidence, pos_label=1), abs=1e-12)
        assert 0 <= result.ece <= result.mce + 1e-12 <= 1 + 1e-12
        assert abs(result.overconfidence) <= result.ece + 1e-12


@given(documents, st.integers(1, 20))
def test_bins_of_equal_mass(rows, count):
    confidence = [c for c, _ in rows]
    bins = mass_bins(confidence, count)
    assert sorted(i for one in bins for i in one) == list(range(len(rows)))
    sizes = [len(one) for one in bins]
    assert sizes == sorted(sizes, reverse=True)
    assert max(sizes) - min(sizes) <= 1
    ordered = [confidence[i] for one in bins for i in one]
    assert ordered == sorted(ordered)


def test_equal_confidences_are_ordered_by_document():
    assert mass_bins([0.5, 0.5, 0.5, 0.2], 2, ids=[30, 10, 20, 40]) == [[3, 1], [2, 0]]


def test_bins_of_equal_width_hold_their_upper_end():
    assert width_bins([0.0, 0.1, 0.1000001, 0.7, 1.0], 10) == [[0, 1], [2], [], [], [], [], [3], [], [], [4]]


def test_a_bin_of_one_document_cannot_be_debiased():
    result = calibration([0.2, 0.9], [0, 1], mass_bins([0.2, 0.9], 2))
    assert (result.rmsce_debiased.value, result.rmsce_squared) == (None, None)
    assert "one document" in result.rmsce_debiased.reason


def test_the_debiased_error_of_constant_confidence():
    """100 documents, confidence 0.6, 80 right: the gap is 0.2, its square is too large by 0.8 · 0.2 / 99."""
    result = calibration([0.6] * 100, [1] * 80 + [0] * 20, [list(range(100))])
    assert result.rmsce_squared == pytest.approx(0.04 - 0.16 / 99)
    assert result.rmsce_debiased.value == pytest.approx(math.sqrt(0.04 - 0.16 / 99))
    assert result.overconfidence == pytest.approx(-0.2)
    assert result.overconfidence_stderr == pytest.approx(math.sqrt(0.16 / 99))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: calibration([], [], []), "There are no documents"),
        (lambda: calibration([0.5], [1, 0], [[0]]), "1 and 2 confidences and scores"),
        (lambda: calibration([1.5], [1], [[0]]), "position 0 is 1.5"),
        (lambda: calibration([math.nan], [1], [[0]]), "position 0 is nan"),
        (lambda: calibration([0.5], [0.5], [[0]]), "neither 0 nor 1"),
        (lambda: calibration([0.5, 0.6], [1, 0], [[0]]), "each of the 2 documents once"),
        (lambda: mass_bins([0.5], 0), "at least one"),
        (lambda: mass_bins([0.5], 1, ids=[1, 2]), "1 and 2 confidences and document ids"),
        (lambda: width_bins([0.5], 0), "at least one"),
        (lambda: width_bins([math.nan], 3), "position 0 is nan"),
    ],
)
def test_bad_input_is_a_sentence(call, message):
    with pytest.raises(AnalysisError, match=message):
        call()
