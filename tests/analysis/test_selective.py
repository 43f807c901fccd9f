"""Ranking by confidence: as scikit-learn's AUROC, and never by the order of documents."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from proctor.analysis.selective import accuracy_at, area_under_risk, auroc, selective_accuracy
from proctor.errors import AnalysisError

documents = st.lists(st.tuples(st.sampled_from([0.2, 0.25, 0.4, 0.7, 0.9]), st.integers(0, 1)), min_size=1, max_size=40)


@given(documents)
def test_auroc(rows):
    confidence, correct = [c for c, _ in rows], [y for _, y in rows]
    result = auroc(confidence, correct)
    if len(set(correct)) == 2:
        assert result.value == pytest.approx(roc_auc_score(correct, confidence))
    else:
        assert result.value is None
        assert result.reason == f"all answers are {'right' if correct[0] else 'wrong'}"


@given(documents, st.randoms())
def test_the_order_of_documents_does_not_matter(rows, source):
    shuffled = source.sample(rows, len(rows))
    one, other = (selective_accuracy([c for c, _ in some], [y for _, y in some]) for some in (rows, shuffled))
    assert one == pytest.approx(other)
    assert one[-1] == pytest.approx(sum(y for _, y in rows) / len(rows))
    assert len(one) == len(rows)


def test_coverage_is_rounded_up_but_not_by_rounding_errors():
    accuracies = list(range(100))
    assert [accuracy_at(accuracies, c) for c in (0.07, 0.071, 0.25, 1, 0.0001)] == [6, 7, 24, 99, 0]
    for coverage in (0, 1.1, -1):
        with pytest.raises(AnalysisError, match="at most 1"):
            accuracy_at(accuracies, coverage)


def test_perfect_ranking():
    accuracies = selective_accuracy([0.9, 0.8, 0.3], [1, 1, 0])
    assert accuracies == [1, 1, pytest.approx(2 / 3)]
    assert area_under_risk(accuracies) == pytest.approx(1 / 9)


def test_bad_input_is_a_sentence():
    with pytest.raises(AnalysisError, match="There are no documents"):
        auroc([], [])
    with pytest.raises(AnalysisError, match="1 and 2"):
        selective_accuracy([0.5], [1, 0])
    with pytest.raises(AnalysisError, match="nan"):
        selective_accuracy([math.nan], [1])
