"""Means over documents that stand beside a task's own scores: as values, and as what groups aggregate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from proctor.run import order_results
from proctor.run_result import Value
from proctor.stats.intervals import normal_interval, wilson_interval
from proctor.stats.standard_errors import mean_stderr
from proctor.tasks.groups import AggregateSpec

FORMULATION_SCORES: Mapping[str, bool | None] = {
    "acc_letter": True,
    "acc_hybrid": True,
    "acc_text": True,
    "acc_norm_text": True,
    "acc_bytes_text": True,
    "acc_tokens_text": True,
    "acc_mutual_info_text": True,
    "acc_pmi_text": True,
    "acc_generate": True,
    "acc_generate_parsed": True,
    "parse_rate": True,
    "agreement_parsed": True,
    "choice_mass": True,
    "format_rate": True,
    "acc_choices_only": None,
    "acc_choices_only_letter": None,
    "acc_choices_only_hybrid": None,
    "acc_choices_only_text": None,
    "choices_only_difference": None,
    "choices_only_share": None,
}
"""Scores of formulations, in the order of the results file, and whether higher is better."""

VARIANT_SCORES: frozenset[str] = frozenset({*order_results.NAMES, *FORMULATION_SCORES})
"""All of them: groups average each as they average ``acc``."""


def share_value(values: Sequence[float]) -> Value:
    """The mean of values that are 0 or 1.

    Args:
        values: One for each document, at least one.
    """
    mean, stderr, n = sum(values) / len(values), mean_stderr(values), len(values)
    if stderr is None:
        return Value(mean, n=n)
    return Value(mean, stderr, n, "proportion", wilson_interval(round(sum(values)), n))


def mean_value(values: Sequence[float]) -> Value:
    """The mean of any numbers.

    Args:
        values: One for each document, at least one.
    """
    mean, stderr, n = sum(values) / len(values), mean_stderr(values), len(values)
    return Value(mean, n=n) if stderr is None else Value(mean, stderr, n, "mean", normal_interval(mean, stderr))


def with_variants(entries: Sequence[AggregateSpec]) -> list[AggregateSpec]:
    """What a group aggregates, and beside its accuracy the added means of its tasks.

    Args:
        entries: Its ``aggregate_metric_list``.
    """
    names = (*order_results.NAMES, *FORMULATION_SCORES)
    return [
        one
        for entry in entries
        for one in (entry, *([replace(entry, metric=name) for name in names] if entry.metric == "acc" else []))
    ]
