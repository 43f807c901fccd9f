"""Min-K% and Min-K%++: at least one token, none where the model is certain."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.analysis.min_k import min_k, min_k_plus_plus, next_token_moments, standardized
from proctor.errors import AnalysisError


@given(st.lists(st.floats(-30, 0), min_size=1, max_size=60), st.sampled_from([0.1, 0.2, 0.5]))
def test_the_mean_of_the_lowest(log_probs, share):
    result = min_k(log_probs, share)
    assert result.tokens_used == max(1, math.floor(share * len(log_probs) + 1e-9))
    assert result.score == pytest.approx(np.mean(np.sort(log_probs)[: result.tokens_used]))
    assert result.score <= -result.loss + 1e-9


def test_a_certain_model_says_nothing():
    mean, deviation = next_token_moments([0.0, -math.inf, -math.inf])
    assert (mean, deviation) == (0, 0)
    z = standardized([-1.0, 0.0], [-2.0, mean], [0.5, deviation])
    assert z == [2.0, None]
    assert min_k_plus_plus(z).value == 2.0
    assert min_k_plus_plus([None]).reason == "at every position the model is certain of one token"


def test_bad_input_is_a_sentence():
    with pytest.raises(AnalysisError, match="There are no tokens"):
        min_k([])
    with pytest.raises(AnalysisError, match="nan"):
        min_k([math.nan])
    with pytest.raises(AnalysisError, match="share of tokens is 2"):
        min_k([-1.0], 2)
    with pytest.raises(AnalysisError, match="vocabulary"):
        next_token_moments([])
    with pytest.raises(AnalysisError, match="1 and 2"):
        standardized([-1.0], [-1.0, 0.0], [1.0])
