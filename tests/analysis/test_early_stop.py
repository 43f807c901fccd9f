"""Early stop: sets that hold at every look, shrink, and end at the score; orders that belong to documents."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import betabinom

from proctor.analysis.early_stop import CountSet, count_set, document_order, looks, running_set, share_set
from proctor.errors import AnalysisError


@given(st.integers(1, 120), st.data())
def test_the_set_is_that_of_the_definition(documents, data):
    asked = data.draw(st.integers(0, documents))
    right = data.draw(st.integers(0, asked))
    alpha = data.draw(st.sampled_from([0.05, 0.2]))
    ratios = {
        m: betabinom.pmf(m, documents, 1, 1) / betabinom.pmf(m - right, documents - asked, 1 + right, 1 + asked - right)
        for m in range(right, documents - asked + right + 1)
    }
    kept = [m for m, ratio in ratios.items() if ratio < 1 / alpha * (1 - 1e-9)]
    # A ratio that is the limit itself, rounded, is within or without.
    most = [m for m, ratio in ratios.items() if ratio < 1 / alpha * (1 + 1e-9)]
    result = count_set(right, asked, documents, alpha)
    assert most[0] <= result.low <= kept[0]
    assert kept[-1] <= result.high <= most[-1]
    assert kept == list(range(kept[0], kept[-1] + 1))


@given(st.lists(st.booleans(), min_size=1, max_size=150), st.integers(1, 20))
def test_the_running_set_shrinks_and_ends_at_the_score(answers, step):
    running, right = None, 0
    for asked in range(1, len(answers) + 1):
        right += answers[asked - 1]
        if asked % step and asked != len(answers):
            continue
        now = running_set(running, count_set(right, asked, len(answers)))
        if running is not None and not now.contradicted:
            assert running.low <= now.low <= now.high <= running.high
        running = now
    assert (running.low, running.high) == (right, right)
    assert running.interval == (right / len(answers), right / len(answers))


def test_a_contradiction_is_marked():
    contradicted = running_set(CountSet(10, 20, 100), CountSet(25, 30, 100))
    assert (contradicted.low, contradicted.high, contradicted.contradicted) == (25, 30, True)
    assert running_set(contradicted, CountSet(26, 26, 100)).contradicted


def test_all_right_of_many():
    assert count_set(14_042, 14_042, 14_042).low == 14_042
    low, high = count_set(0, 500, 14_042).interval
    assert low == 0
    assert high < 0.03


def test_looks():
    assert looks(50) == [50]
    assert looks(250) == [100, 200, 250]
    assert looks(14_042)[:2] == [703, 1406]
    assert looks(14_042)[-1] == 14_042
    assert len(looks(14_042, long_examples=True)) == 10
    assert looks(200) == [100, 200]


def test_the_order_of_two_documents_does_not_depend_on_the_others():
    documents = [("mmlu_anatomy", f"{i:x}") for i in range(50)]
    order = document_order(documents, 3)
    assert sorted(order) == list(range(50))
    assert order != document_order(documents, 4)
    fewer = document_order(documents[:20], 3)
    assert fewer == [i for i in order if i < 20]


def test_equal_documents_have_numbers_of_their_own():
    order = document_order([("t", "same")] * 5 + [("t", "other")], 0)
    assert sorted(order) == list(range(6))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: count_set(3, 2, 10), "cannot be"),
        (lambda: count_set(0, 11, 10), "cannot be"),
        (lambda: count_set(0, 0, 0), "cannot be"),
        (lambda: count_set(1, 2, 10, alpha=1), "alpha is 1"),
        (lambda: looks(0), "nothing to look at"),
    ],
)
def test_impossible_looks_are_sentences(call, message):
    with pytest.raises(AnalysisError, match=message):
        call()


@pytest.mark.slow
@pytest.mark.parametrize(("documents", "share"), [(600, 0.62), (600, 0.9), (2000, 0.5)])
def test_the_score_is_missed_at_any_look_in_5_percent_of_runs_at_most(documents, share):
    """Looks after every 10 documents, far more than a run has; s/sqrt(n) misses in half of such runs."""
    source, runs, missed, naive = random.Random(documents), 300, 0, 0
    right = round(share * documents)
    for _ in range(runs):
        answers = [1] * right + [0] * (documents - right)
        source.shuffle(answers)
        total, miss, naive_miss = 0, False, False
        for start in range(0, documents, 10):
            total += sum(answers[start : start + 10])
            asked = start + 10
            result = count_set(total, asked, documents)
            miss = miss or not result.low <= right <= result.high
            p = total / asked
            naive_miss = naive_miss or abs(p - share) > 1.96 * (p * (1 - p) / max(1, asked - 1)) ** 0.5
        missed += miss
        naive += naive_miss
    assert missed / runs <= 0.05
    assert naive / runs > 0.2


@given(st.integers(1, 400), st.data())
def test_a_share_of_an_unknown_number_is_no_surer_than_of_any_known_one(documents, data):
    asked = data.draw(st.integers(0, documents))
    right = data.draw(st.integers(0, asked))
    known, (low, high) = count_set(right, asked, documents).interval, share_set(right, asked)
    assert low <= known[0] + 1e-12
    assert known[1] <= high + 1e-12
    assert 0 <= low <= (right / asked if asked else 0.5) <= high <= 1


def test_a_share_is_wider_than_one_of_a_fixed_number_and_narrows():
    low, high = share_set(60, 100)
    assert low < 0.50
    assert high > 0.69
    assert share_set(600, 1000)[0] > low
    assert share_set(0, 0) == (0.0, 1.0)
    assert share_set(5, 5)[1] == 1.0
    assert share_set(0, 5)[0] == 0.0


@pytest.mark.parametrize(("right", "asked", "alpha"), [(2, 1, 0.05), (-1, 3, 0.05), (1, 2, 0.0), (1, 2, float("nan"))])
def test_an_impossible_share_is_refused(right, asked, alpha):
    with pytest.raises(AnalysisError):
        share_set(right, asked, alpha)
