"""Means that stand beside a task's own scores."""

from __future__ import annotations

from proctor.run.order_results import NAMES
from proctor.run.variant_scores import FORMULATION_SCORES, VARIANT_SCORES, mean_value, share_value, with_variants
from proctor.tasks.groups import AggregateSpec


def test_a_share_has_wilsons_interval_and_one_document_no_error():
    value = share_value([1.0, 0.0, 1.0, 1.0])
    assert (value.value, value.n, value.method) == (0.75, 4, "proportion")
    assert 0 <= value.interval[0] < 0.75 < value.interval[1] <= 1
    assert share_value([1.0]).stderr is None


def test_a_mean_of_numbers_has_the_plain_interval():
    value = mean_value([-1.0, 0.0, 1.0, 0.5])
    assert (value.value, value.method) == (0.125, "mean")
    assert value.interval[0] < 0.125 < value.interval[1]


def test_a_group_that_averages_acc_averages_all_that_stands_beside_it():
    entry = AggregateSpec(metric="acc", filters=None, weight_by_size=True)
    other = AggregateSpec(metric="acc_norm", filters=None, weight_by_size=False)
    names = [one.metric for one in with_variants([entry, other])]
    assert names == ["acc", *NAMES, *FORMULATION_SCORES, "acc_norm"]
    assert set(names[1:-1]) == VARIANT_SCORES
    assert all(one.weight_by_size for one in with_variants([entry]))
