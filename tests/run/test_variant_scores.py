"""Means that stand beside a task's own scores."""

from __future__ import annotations

from proctor.run.order_results import NAMES
from proctor.run.variant_scores import (
    FORMULATION_SCORES,
    VARIANT_SCORES,
    Means,
    mean_value,
    share_value,
    with_variants,
    without_errors,
)
from proctor.run_result import Value
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


def test_means_have_errors_by_clusters_of_the_documents_that_have_a_value():
    means = Means(["p", "p", "q", "r"])
    assert means.share([1.0, 0.0, 1.0, 1.0]).clustered.clusters == 3
    assert means.mean([0.5, 1.5], rows=[0, 1]).clustered.clusters == 1
    assert means.share([1.0, 0.0], rows=[0, 1]).clustered.stderr is None
    assert Means().share([1.0, 0.0]).clustered is None


def test_errors_go_and_scores_and_sequences_stay():
    stopped = Value(0.5, None, 4, "sequence", (0.1, 0.9))
    found = without_errors({("acc", "none"): share_value([1.0, 0.0]), ("acc", "other"): stopped})
    assert found["acc", "none"] == Value(0.5, n=2)
    assert found["acc", "other"] == stopped
