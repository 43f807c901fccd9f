"""Temperature: the minimum that scipy finds, none where there is none, never judged where it was fitted."""

from __future__ import annotations

import math
import random

import pytest
from scipy.optimize import minimize_scalar

from proctor.analysis import temperature as module
from proctor.analysis.draws import source_of
from proctor.analysis.probabilities import choice_probabilities
from proctor.analysis.temperature import fit_temperature, scale_temperature
from proctor.errors import AnalysisError


def overconfident(n, seed, scale=3.0):
    """Documents whose log-likelihoods are ``scale`` times too far apart."""
    source, lls, golds = random.Random(seed), [], []
    for _ in range(n):
        logits = [source.gauss(0, 1.2) for _ in range(4)]
        weights = [math.exp(x) for x in logits]
        golds.append(source.choices(range(4), weights)[0])
        lls.append([scale * x for x in logits])
    return lls, golds


def nll(lls, golds, temperature):
    scaled = [[ll / temperature for ll in one] for one in lls]
    return choice_probabilities(scaled, [[gold] for gold in golds]).nll.value


@pytest.mark.parametrize(("n", "scale"), [(40, 0.3), (400, 3.0), (6000, 3.0)])
def test_scipy_finds_the_same_minimum(n, scale):
    lls, golds = overconfident(n, 1, scale)
    some = slice(None) if n < 1000 else slice(None, None, 10)
    temperature = fit_temperature(lls[some], golds[some]).value
    theirs = minimize_scalar(
        lambda t: nll(lls[some], golds[some], t), bounds=(0.05, 20), method="bounded", options={"xatol": 1e-7}
    )
    assert temperature == pytest.approx(theirs.x, rel=1e-4)
    if n > 1000:
        assert fit_temperature(lls, golds).value == pytest.approx(scale, rel=0.1)


def test_golds_that_always_win_or_never_matter_have_no_temperature():
    assert "below 0.01" in fit_temperature([[0.0, -1.0]] * 5, [0] * 5).reason
    assert "above 100" in fit_temperature([[0.0, -1.0], [0.0, -1.0]], [1, 1]).reason
    assert fit_temperature([[-1.0, -1.0]], [0]).value is None


@pytest.mark.parametrize("n", [7, 60, 3000])
def test_folds_are_fitted_on_the_others(n, monkeypatch):
    lls, golds = overconfident(n, 4)
    result = scale_temperature(lls, golds, source=source_of(0, "folds"))
    monkeypatch.setattr(module, "_near_root", lambda start, derivatives: None)
    searched = scale_temperature(lls, golds, source=source_of(0, "folds"))
    assert result.confidence == pytest.approx(searched.confidence, abs=1e-4)
    assert result.temperature == fit_temperature(lls, golds)
    assert len(result.confidence) == n
    assert all(0.25 <= c <= 1 for c in result.confidence)


def test_a_document_does_not_change_its_own_scale():
    """Another gold of one document leaves its own confidence as it is."""
    lls, golds = overconfident(30, 9)
    other = [*golds]
    other[3] = (golds[3] + 1) % 4
    one, two = (scale_temperature(lls, some, source=source_of(0)).confidence for some in (golds, other))
    assert one[3] == pytest.approx(two[3], abs=1e-6)
    assert one != two


def test_scaled_confidence_fits_better():
    lls, golds = overconfident(2000, 6)
    before = choice_probabilities(lls, [[gold] for gold in golds])
    after = scale_temperature(lls, golds, source=source_of(0)).confidence
    accuracy = sum(before.correct) / 2000
    assert abs(sum(after) / 2000 - accuracy) < 0.03 < abs(sum(before.confidence) / 2000 - accuracy)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fit_temperature([], []), "There are no documents"),
        (lambda: fit_temperature([[-1.0]], [0, 0]), "1 and 2"),
        (lambda: fit_temperature([[-1.0, -2.0]], [2]), "none of its 2 options"),
        (lambda: fit_temperature([[-1.0, math.nan]], [0]), "Document 0 has log-likelihoods"),
        (lambda: fit_temperature([[-1.0, -math.inf]], [0]), "Document 0 has log-likelihoods"),
        (lambda: scale_temperature([[-1.0, -2.0]] * 3, [0] * 3, source=source_of(0)), "3 documents in 5 folds"),
    ],
)
def test_bad_input_is_a_sentence(call, message):
    with pytest.raises(AnalysisError, match=message):
        call()
