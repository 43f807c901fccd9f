"""Groups: weights, standard errors, filters, directions, and what is absent."""

from __future__ import annotations

import logging
import math
from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.metrics.metric_list import use_metric
from proctor.records import Record
from proctor.run.aggregate import group_results, task_result
from proctor.run.scores import MetricValues
from proctor.run_result import TaskResult, Value
from proctor.tasks.groups import AggregateSpec, GroupSpec
from proctor.tasks.output_types.table import OUTPUT_TYPES


def leaf(name, value, stderr, size=8, *, metric="acc", filter_name="none", shots=0, better=True, n=None):
    return TaskResult(
        name=name, alias=name, version=1.0, n_shot=shots, n_original=size, n_effective=size, sample_len=size,
        values={(metric, filter_name): Value(value, stderr, n)}, higher_is_better={metric: better}, config={},
    )  # fmt: skip


def group(name, members, *aggregates):
    return GroupSpec(name=name, alias=name, version="1", members=tuple(members), aggregates=tuple(aggregates))


def entry(metric="acc", *, weigh=True, filters=None):
    return AggregateSpec(metric=metric, weight_by_size=weigh, filters=filters)


def combine(leaves, *aggregates):
    names = [task.name for task in leaves]
    [result] = group_results([group("g", names, *aggregates)], {"g": names}, {task.name: task for task in leaves})
    return result


def test_pooled_and_unweighted_standard_errors():
    leaves = [leaf("a", 0.5, 0.1889822), leaf("b", 0.0, 0.0), leaf("c", 0.75, 0.1829813)]
    result = combine(leaves, entry())
    assert result.values["acc", "none"].stderr == pytest.approx(0.0876840, abs=1e-7)
    assert (result.sample_len, result.sample_count) == (24, {("acc", "none"): 24})
    result = combine(leaves[1:], entry(weigh=False))
    value = result.values["acc", "none"]
    assert (value.value, value.stderr) == (0.375, pytest.approx(0.0914906, abs=1e-7))


def test_a_group_counts_its_documents_and_names_its_method():
    leaves = [leaf("a", 0.5, 0.1, 8, n=8), leaf("b", 0.25, 0.2, 4, n=4)]
    value = combine(leaves, entry()).values["acc", "none"]
    assert value.stderr is not None
    assert value.interval == pytest.approx((value.value - 1.96 * value.stderr, value.value + 1.96 * value.stderr), 1e-4)
    assert (value.n, value.method) == (12, "pooled")
    assert combine(leaves, entry(weigh=False)).values["acc", "none"].method == "unweighted"


def test_a_group_without_a_standard_error_has_no_interval():
    value = combine([leaf("a", 1.0, 0.1, n=8), leaf("b", 0.0, None)], entry()).values["acc", "none"]
    assert (value.stderr, value.n, value.method, value.interval) == (None, None, None, None)
    value = combine([leaf("a", 1.0, 0.0, n=8), leaf("b", 1.0, 0.0, n=8)], entry()).values["acc", "none"]
    assert (value.stderr, value.n, value.interval) == (0.0, 16, None)


def test_sizes_weigh():
    leaves = [leaf("a", 1.0, 0.0, 1), leaf("b", 0.0, 0.0, 3)]
    assert combine(leaves, entry()).values["acc", "none"].value == 0.25
    assert combine(leaves, entry(weigh=False)).values["acc", "none"].value == 0.5


def test_one_leaf_without_a_standard_error_leaves_none():
    assert combine([leaf("a", 1.0, 0.1), leaf("b", 0.0, None)], entry()).values["acc", "none"].stderr is None


def test_leaves_without_the_metric_are_left_out_and_said(caplog):
    caplog.set_level(logging.INFO, "proctor")
    result = combine([leaf("a", 1.0, 0.1, 4), leaf("b", 0.2, 0.1, 6, metric="f1")], entry())
    assert result.values["acc", "none"].value == 1.0
    assert (result.sample_len, result.sample_count["acc", "none"]) == (10, 4)
    assert "acc,none is missing in 1 of 2 tasks" in caplog.text


@pytest.mark.parametrize(
    ("leaves", "metric", "level"),
    [
        ([leaf("a", 1.0, 0.1), leaf("b", 0.2, 0.1, metric="f1")], "acc", "INFO"),  # it never lists it
        ([leaf("a", 1.0, 0.1), replace(leaf("b", 0.2, 0.1), values={})], "acc", "WARNING"),
        ([leaf("a", 1.0, 0.1), leaf("b", 0.2, 0.1, metric="f1")], "chrf", "WARNING"),  # nobody lists it
    ],
)
def test_only_a_metric_that_a_task_should_have_is_a_warning(caplog, leaves, metric, level):
    caplog.set_level(logging.INFO, "proctor")
    combine(leaves, entry(metric, filters=("none",)))
    assert [record.levelname for record in caplog.records if "is missing in" in record.getMessage()] == [level]


def test_filters_are_those_of_the_leaves_or_those_named():
    leaves = [leaf("a", 1.0, 0.1, filter_name="strict"), leaf("b", 0.0, 0.1, filter_name="loose")]
    assert list(combine(leaves, entry()).values) == [("acc", "loose"), ("acc", "strict")]
    assert list(combine(leaves, entry(filters=("strict",))).values) == [("acc", "strict")]


def test_a_group_without_aggregation_has_children_only():
    result = combine([leaf("a", 1.0, 0.1)])
    assert (dict(result.values), result.sample_len, result.children) == ({}, None, ("a",))


def test_shots_and_directions_agree_or_are_unknown():
    tasks = {
        task.name: task for task in (leaf("a", 1, 0, shots=5), leaf("b", 1, 0, shots=5, better=False), leaf("c", 1, 0))
    }
    inner, outer = group_results(
        [group("in", ["a", "b"]), group("out", ["in", "c"])], {"in": ["a", "b"], "out": ["a", "b", "c"]}, tasks
    )
    assert (inner.n_shot, inner.higher_is_better) == (5, {"acc": None})
    # Parents are asked before their subgroups know: only "c" counts here.
    assert (outer.n_shot, outer.higher_is_better) == (0, {"acc": True})


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(1, 50)), min_size=1, max_size=8))
def test_a_group_lies_between_its_leaves(cells):
    leaves = [leaf(f"t{i}", value, 0.1, size) for i, (value, size) in enumerate(cells)]
    values = [value for value, _ in cells]
    for weigh in (True, False):
        mean = combine(leaves, entry(weigh=weigh)).values["acc", "none"].value
        assert min(values) - 1e-9 <= mean <= max(values) + 1e-9


class PlainTask:
    """What aggregating needs of a task."""

    def __init__(self, *names):
        self.uses = [
            use_metric(name, output=OUTPUT_TYPES["multiple_choice"].measured, with_process_results=False)
            for name in names
        ]
        self.derived = {}
        self.documents = range(9)
        self.spec = SimpleNamespace(name="t", alias="t", version=1, n_shot=0, strict=False, output="multiple_choice")

    def dump(self):
        return {}


def values_of(*rows):
    return MetricValues("t", [Record("t", i, {}, "", (), (), (), "none", row) for i, row in enumerate(rows)])


def test_metrics_that_have_different_documents_are_named_with_the_first_that_one_lacks(caplog):
    caplog.set_level(logging.WARNING, "proctor")
    metric_values = values_of({"acc": 1.0}, {"acc": 0.0, "acc_norm": 1.0}, {"acc_norm": 1.0})
    result = task_result(PlainTask("acc", "acc_norm"), metric_values, bootstrap_iters=0)
    assert (result.values["acc", "none"].value, result.values["acc", "none"].n, result.sample_len) == (0.5, 2, 2)
    assert "(acc,none: 2, not document 2; acc_norm,none: 2, not document 0)" in caplog.text


def test_a_score_is_that_of_the_documents_as_their_task_shows_them():
    rows = [(0, 0, {"acc": 1.0}), (1, 0, {"acc": 0.0}), (0, 1, {"acc": 0.0, "acc_norm": 1.0}), (1, 1, {"acc": 0.0})]
    records = [Record("t", i, {}, "", (), (), (), "none", row, variant=variant) for i, variant, row in rows]
    result = task_result(PlainTask("acc", "acc_norm"), MetricValues("t", records), bootstrap_iters=1)
    assert list(result.values) == [("acc", "none")]
    assert (result.values["acc", "none"].value, result.values["acc", "none"].n, result.n_effective) == (0.5, 2, 2)


def test_a_score_that_is_not_a_number_names_the_first_document_to_blame():
    metric_values = values_of({"acc": 1.0}, {"acc": math.nan}, {"acc": math.nan})
    task_result(PlainTask("acc"), metric_values, bootstrap_iters=0)
    assert metric_values.failed is not None
    [error] = metric_values.failed.first
    assert error.why == "acc is NaN: so are 2 of the 3 values it is made of (first: document 1)."


def test_an_aggregation_that_returns_none_is_no_score(monkeypatch):
    nothing = Value(None, None)
    monkeypatch.setattr("proctor.run.aggregate.aggregate", lambda *_, **__: nothing)
    metric_values = values_of({"acc": 1.0})
    task_result(PlainTask("acc"), metric_values, bootstrap_iters=0)
    assert metric_values.failed is not None
    assert metric_values.failed.first[0].why == "acc has no score: its aggregation returned None."
