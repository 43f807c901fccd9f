"""The rows of metrics and aggregations: what stands in them, and that a row is all that a metric needs."""

from __future__ import annotations

import functools

import pytest

from proctor.metrics.aggregate import acc_all, aggregate, has_stderr
from proctor.metrics.base import PASS_ON, Metric
from proctor.metrics.choice import measure_choice
from proctor.metrics.metric_list import use_metric
from proctor.metrics.perplexity import measure_loglikelihood
from proctor.metrics.tables import (
    AGGREGATIONS,
    METRICS,
    OTHER_NAMES,
    aggregation_name,
    aggregation_row,
    document_measures,
    loaded,
    needs_unconditional,
)
from proctor.stats import standard_errors
from proctor.tasks.output_types.table import OUTPUT_TYPES


def use(entry, output_type="multiple_choice", with_process_results=False):
    return use_metric(entry, output=OUTPUT_TYPES[output_type].measured, with_process_results=with_process_results)


@pytest.mark.parametrize(
    ("name", "aggregation", "higher"),
    [
        ("acc", "mean", True), ("acc_norm", "mean", True), ("acc_bytes", "mean", True),
        ("acc_mutual_info", "mean", True), ("exact_match", "mean", True), ("likelihood", "mean", True),
        ("acc_all", "mean", True), ("perplexity", "perplexity", False),
        ("word_perplexity", "weighted_perplexity", False), ("byte_perplexity", "weighted_perplexity", False),
        ("bits_per_byte", "bits_per_byte", False), ("brier_score", "brier_score", False),
        ("mcc", "matthews_corrcoef", True), ("f1", "f1", True), ("bleu", "bleu", True), ("chrf", "chrf", True),
        ("chrf++", "chrf++", True), ("ter", "ter", False), ("bypass", "bypass", True),
    ],
)  # fmt: skip
def test_every_metric_has_lm_evals_aggregation_and_direction(name, aggregation, higher):
    used = use(name)
    assert (used.name, used.aggregation_name, used.higher_is_better) == (name, aggregation, higher)
    assert used.aggregation is AGGREGATIONS.get(aggregation)
    assert name in METRICS


def test_every_function_of_a_row_exists():
    for name in METRICS:
        row = METRICS.get(name)
        assert all(callable(loaded(target)) for target in (row.function, *row.measures.values()))
    for name in AGGREGATIONS:
        row = aggregation_row(AGGREGATIONS.get(name))
        assert row is not None
        assert row.name == name
        assert all(callable(loaded(target)) for target in (row.stderr, row.batch) if target is not None)


def test_a_document_is_scored_in_the_order_of_the_rows():
    wanted = frozenset({"acc_mutual_info", "bleu", "exact_match", "acc", "perplexity", "my_metric"})
    names = [name for name, _ in document_measures("multiple_choice", wanted)]
    assert names == ["acc", "exact_match", "acc_mutual_info"]
    assert [name for name, _ in document_measures("loglikelihood", wanted)] == ["perplexity", "acc"]
    assert document_measures("loglikelihood_rolling", wanted) == ()


def test_only_mutual_information_needs_options_without_context():
    assert [name for name in METRICS if needs_unconditional([name])] == ["acc_mutual_info"]
    assert not needs_unconditional(["my_metric", "acc"])


def test_a_row_is_all_that_a_metric_of_log_likelihoods_needs(monkeypatch):
    def margin(options):
        first, second = sorted(options.lls, reverse=True)[:2]
        return first - second

    monkeypatch.setattr(METRICS, "_rows", dict(METRICS._rows))
    METRICS.add("margin", Metric("margin", "mean", True, measures={"multiple_choice": margin}))
    wanted = ("margin", "acc")
    rows = [
        measure_choice(lls=lls, greedy=[False] * 2, choices=["a", "b"], gold=0, wanted=wanted)
        for lls in ((-1.0, -3.0), (-5.0, -4.0))
    ]
    assert rows == [{"acc": 1.0, "margin": 2.0}, {"acc": 0.0, "margin": 1.0}]
    assert aggregate(use("margin"), [row["margin"] for row in rows], bootstrap_iters=10).value == 1.5
    assert measure_loglikelihood(-1.0, True, wanted) == {"acc": 1}


def test_the_other_names_are_those_of_one_metric_each():
    assert OTHER_NAMES["accuracy"] == "acc"
    assert sum(len(METRICS.get(name).other_names.split()) for name in METRICS) == len(OTHER_NAMES)


def test_an_aggregation_is_known_by_its_function_alone():
    @functools.wraps(standard_errors.mean)
    def wrapped(values):
        return 0.0

    assert aggregation_name(standard_errors.mean) == "mean"
    assert aggregation_row(wrapped) is None
    assert aggregation_row(functools.partial(standard_errors.mean)) is None
    assert not has_stderr(wrapped)


def test_an_aggregation_without_a_name_has_a_standard_error_all_the_same():
    assert (aggregation_name(acc_all), has_stderr(acc_all)) == (None, True)
    assert "acc_all" not in AGGREGATIONS


def test_a_metric_passes_on_the_pair_unless_its_row_says_otherwise():
    assert METRICS.get("bleu").function == PASS_ON
    assert Metric("mine", None, None).function == PASS_ON
