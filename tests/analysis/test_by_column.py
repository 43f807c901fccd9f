"""Scores and differences by the values of a column: intervals, small cells, whether cells differ at all."""

from __future__ import annotations

import random

import pytest

from proctor.analysis.by_column import FEW, differences_by, divided, scores_by, stopped_scores_by
from proctor.analysis.early_stop import share_set
from proctor.analysis.paired import paired_difference
from proctor.analysis.verdicts import Verdict
from proctor.stats.intervals import wilson_interval


def test_values_stand_in_the_order_of_numbers_then_of_letters():
    parts = divided([1, 2, 3, 4, 5, 6], ["10", "b", "9", None, "a", "nan"])
    assert list(parts) == ["9", "10", "a", "b", "nan", None]


def test_each_value_has_its_own_interval_and_small_ones_say_so():
    values = [1.0] * 20 + [0.0] * 20 + [1.0] * 3
    found = scores_by("level", values, ["easy"] * 40 + ["hard"] * 3)
    easy, hard = found.cells
    assert (easy.n, easy.score, easy.few, easy.interval) == (40, 0.5, False, wilson_interval(20, 40))
    assert (hard.n, hard.few) == (3, True)
    # A cell of equal scores has a width, as a share has.
    assert hard.interval[0] < 1
    assert (found.statistic, found.p) == (None, None)


def test_means_that_are_no_shares_have_no_interval_where_all_are_equal():
    found = scores_by("x", [0.2, 0.4, 0.3, 0.3], ["a", "a", "b", "b"])
    assert found.cells[0].interval is not None
    assert found.cells[1].interval is None


def test_cells_that_differ_are_found_and_equal_ones_are_not():
    source, rejected = random.Random(1), 0
    by = [str(i % 4) for i in range(200)]
    for _ in range(300):
        found = scores_by("x", [float(source.random() < 0.6) for _ in by], by)
        rejected += found.p is not None and found.p <= 0.05
    assert 5 <= rejected <= 25
    apart = scores_by("x", [float(i % 4 == 0) for i in range(200)], by)
    assert apart.p < 1e-20
    assert apart.freedom == 3


def test_clusters_make_cells_less_sure():
    values = [float(i // 10 % 2) for i in range(200)]
    by, clusters = [str(i % 2) for i in range(200)], [i // 10 for i in range(200)]
    plain, clustered = scores_by("x", values, by), scores_by("x", values, by, clusters=clusters)
    for one, other in zip(plain.cells, clustered.cells, strict=True):
        assert other.interval[1] - other.interval[0] > one.interval[1] - one.interval[0]
        assert one.score == other.score


def test_a_value_for_each_document_divides_nothing():
    assert scores_by("id", [1.0, 0.0], ["a", "b"]).one_each
    assert not scores_by("id", [1.0], ["a"]).one_each


def test_differences_are_corrected_for_the_number_of_values():
    rows = [(0.0, 1.0, i) for i in range(12)]
    parts = {"a": rows, "b": [(1.0, 1.0, i) for i in range(FEW)], "c": [(1.0, 0.0, 0)]}

    def compare(a, b, clusters):
        return paired_difference(b, a, source=random.Random(0))

    first, second, third = differences_by(parts, compare, "holm", None)
    assert first.p_adjusted == pytest.approx(3 * first.result.p)
    assert (first.judgement.verdict, second.judgement.verdict) == (Verdict.BETTER, Verdict.NOT_RESOLVED)
    assert [one.few for one in (first, second, third)] == [True, False, True]


def test_cells_of_a_stopped_run_have_intervals_that_hold_at_every_look_and_no_test():
    found = stopped_scores_by("level", [1.0] * 50 + [0.0] * 50, ["easy"] * 50 + ["hard"] * 50)
    assert [cell.interval for cell in found.cells] == [share_set(50, 50), share_set(0, 50)]
    assert (found.statistic, found.p) == (None, None)
    assert "not fixed before" in found.reason


def test_cells_of_a_stopped_run_with_other_scores_have_no_interval():
    assert [cell.interval for cell in stopped_scores_by("x", [0.5, 1.0], ["a", "b"]).cells] == [None, None]
