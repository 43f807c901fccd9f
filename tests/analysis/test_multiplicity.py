"""Corrections for several tests: as statsmodels, in order, and never below the raw p."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from proctor.analysis.multiplicity import adjusted
from proctor.errors import AnalysisError

shares = st.lists(st.floats(0, 1), min_size=1, max_size=30)


@settings(max_examples=40)
@given(shares)
def test_statsmodels_gives_the_same(p):
    for ours, theirs in (("holm", "holm"), ("bh", "fdr_bh"), ("by", "fdr_by")):
        assert adjusted(p, ours) == pytest.approx(multipletests(p, method=theirs)[1].tolist(), abs=1e-12)


@given(shares)
def test_holm_is_above_bh_and_bh_above_raw(p):
    for holm, bh, raw in zip(adjusted(p), adjusted(p, "bh"), p, strict=True):
        assert 1 >= holm >= bh * (1 - 1e-12) >= raw * (1 - 2e-12)


@given(shares, st.randoms())
def test_the_order_of_tests_does_not_matter(p, source):
    order = source.sample(range(len(p)), len(p))
    shuffled = adjusted([p[i] for i in order])
    straight = adjusted(p)
    assert shuffled == [straight[i] for i in order]


def test_missing_values_do_not_count():
    assert adjusted([None, 0.02, None]) == [None, 0.02, None]
    assert adjusted([]) == []
    assert adjusted([0.01, 0.02], "none") == [0.01, 0.02]


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_what_is_no_probability_is_refused(value):
    with pytest.raises(AnalysisError, match="position 1"):
        adjusted([0.5, value])


def test_an_unknown_correction_is_refused():
    with pytest.raises(AnalysisError, match="choose holm, bh, by or none"):
        adjusted([0.5], "bonferroni")
