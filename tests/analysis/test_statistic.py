"""Checks of values: each error is a sentence with the position."""

from __future__ import annotations

import math

import pytest

from proctor.analysis.statistic import check_finite, check_same_length, check_share, check_some, is_binary
from proctor.errors import AnalysisError, ProctorError


def test_unusable_values_are_sentences():
    with pytest.raises(AnalysisError, match="There are no documents"):
        check_some([], "documents")
    with pytest.raises(AnalysisError, match="2 and 3 scores of A and of B"):
        check_same_length([1, 2], [1, 2, 3], "scores of A and of B")
    with pytest.raises(AnalysisError, match="position 1 is nan"):
        check_finite([0.0, math.nan, math.inf], "score")
    with pytest.raises(AnalysisError, match=r"alpha is 1\.5"):
        check_share(1.5, "alpha")


def test_an_error_of_an_analysis_is_shown_as_a_sentence_and_is_a_value_error():
    error = AnalysisError("There are no documents.")
    assert isinstance(error, ProctorError)
    assert isinstance(error, ValueError)
    assert error.exit_code == 1
    assert str(error) == "There are no documents."


def test_what_counts_as_0_or_1():
    assert is_binary([0, 1, 1.0, True, False])
    assert not is_binary([0, 0.5])
    assert not is_binary([math.nan])
