"""Differences to a run that stopped early: what holds at any time, in the order in which documents were asked."""

from __future__ import annotations

import math
import random

import pytest

from proctor.analysis.betting import difference_set
from proctor.analysis.e_values import sign_e_value
from proctor.analysis.early_stop import document_order
from proctor.analysis.pairs import Pairs
from proctor.analysis.sequences import DifferenceSequence, joined_p, joined_sequence, sequential_difference
from proctor.results.stored_run import EarlyStop

STOP = EarlyStop("t", 4, 10, 7)


def pairs(a, b, keys=None):
    keys = keys or [(f"h{number}", 0) for number in range(len(a))]
    return Pairs(keys, keys, a, b, None, 0, 0, 0, 0, False)


def sequence(values, documents=1000):
    return DifferenceSequence(tuple(values), tuple(("t", str(n)) for n in range(len(values))), documents, 0, "t")


def test_right_and_wrong_are_tested_by_the_e_value_and_bounded_by_bets():
    a, b = [0.0] * 12 + [1.0] * 8, [1.0] * 12 + [1.0] * 8
    found = sequential_difference(pairs(a, b), "t", STOP, 500, first=True)
    assert (found.test, found.n, found.mean_a, found.mean_b) == ("e-value", 20, 1.0, 0.4)
    assert found.p == pytest.approx(1 / sign_e_value(12, 0))
    assert (found.counts.only_a, found.counts.only_b) == (12, 0)
    order = document_order([("t", f"h{number}") for number in range(20)], 7)
    assert found.interval == difference_set([b[place] - a[place] for place in order], 500)
    # Nothing of a fixed n is there to be used by mistake.
    assert (found.stderr, found.estimate, found.detectable_effect, found.mid_p) == (None, None, None, None)
    assert "not fixed before" in found.reason


def test_it_does_not_depend_on_the_order_of_the_file():
    source = random.Random(2)
    a, b = ([float(source.random() < share) for _ in range(60)] for share in (0.4, 0.7))
    keys = [(f"h{number}", 0) for number in range(60)]
    turned = sequential_difference(pairs(a[::-1], b[::-1], keys[::-1]), "t", STOP, 200, first=False)
    found = sequential_difference(pairs(a, b, keys), "t", STOP, 200, first=False)
    assert (turned.sequence, turned.interval, turned.p) == (found.sequence, found.interval, found.p)


def test_fractions_and_clusters_are_tested_by_bets():
    a, b = [0.2] * 200, [0.7] * 200
    found = sequential_difference(pairs(a, b), "t", STOP, 1000, first=True)
    assert (found.test, found.counts) == ("betting", None)
    assert found.p < 0.001
    assert found.interval[0] > 0
    right = sequential_difference(pairs([0.0] * 50, [1.0] * 50), "t", STOP, 1000, first=True, clustered=True)
    assert right.test == "betting"
    assert right.p < 0.05


def test_without_hashes_there_is_no_order_and_so_no_interval():
    found = sequential_difference(pairs([0.0] * 9, [1.0] * 9, [(n, 0) for n in range(9)]), "t", STOP, 90, first=True)
    assert (found.interval, found.sequence) == (None, None)
    assert found.p == pytest.approx(1 / sign_e_value(9, 0))
    assert sequential_difference(pairs([0.1], [0.2], [(1, 0)]), "t", STOP, 90, first=True).p == 1.0


def test_one_sided_p_look_at_their_side():
    better = sequence([0.5] * 200)
    assert better.p_at_most(0.0) < 0.001
    assert better.p_at_least(0.0) == 1.0
    assert better.reversed.p_at_least(0.0) < 0.001
    assert better.reversed.p_at_most(0.0) == 1.0
    assert better.p == pytest.approx(2 * better.p_at_most(0.0))
    assert better.p_at_most(0.6) == 1.0


def test_they_agree_with_the_set():
    source = random.Random(5)
    some = sequence([source.choice((-1.0, 0.0, 0.0, 1.0, 1.0)) for _ in range(300)])
    low, high = some.interval()
    # The set keeps what neither gambler got rich on: 20 at alpha 0.05, for half of the stake.
    assert some.p_at_most(low - 0.002) < 0.025 < some.p_at_most(low + 0.002)
    assert some.p_at_least(high + 0.002) < 0.025 < some.p_at_least(high - 0.002)


def test_tasks_that_were_stopped_as_one_are_joined_in_one_order():
    stop = EarlyStop("group", 60, 400, 7)
    a, b = [0.0] * 30, [1.0] * 30
    one = sequential_difference(pairs(a, b), "one", stop, 300, first=True)
    two = sequential_difference(pairs(b, a), "two", stop, 100, first=True)
    joined = joined_sequence([one, two])
    assert (joined.documents, len(joined.values), math.fsum(joined.values)) == (400, 60, 0.0)
    assert {task for task, _ in joined.marks[:10]} == {"one", "two"}
    assert joined_p([one, two], joined) == 1.0
    assert joined_p([one], joined) == pytest.approx(1 / sign_e_value(30, 0))


def test_tasks_that_were_stopped_apart_are_not_joined():
    alone = sequential_difference(pairs([0.0], [1.0]), "one", EarlyStop("one", 1, 10, 7), 10, first=True)
    other = sequential_difference(pairs([0.0], [1.0]), "two", EarlyStop("two", 1, 10, 7), 10, first=True)
    assert joined_sequence([alone, other]) is None
    assert joined_sequence([]) is None


@pytest.mark.slow
def test_p_of_bets_is_seldom_small_without_a_difference():
    hits = 0
    for seed in range(300):
        source = random.Random(seed)
        values = [source.choice((-1.0, 0.0, 1.0)) for _ in range(400)]
        total = int(sum(values))
        # A population without a difference, in random order.
        for _ in range(abs(total)):
            values[values.index(1.0 if total > 0 else -1.0)] = 0.0
        source.shuffle(values)
        hits += min(sequence(values[:end], 400).p for end in (100, 200, 300)) <= 0.05
    assert hits <= 15
