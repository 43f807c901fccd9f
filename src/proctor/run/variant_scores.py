"""Means over documents that stand beside a task's own scores: as values, and as what groups aggregate."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

from proctor.analysis.intervals import clustered_mean
from proctor.run import order_results
from proctor.run_result import ClusteredError, Value
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


def clustered_error(values: Sequence[float], clusters: Sequence[Hashable] | None) -> ClusteredError | None:
    """How sure a mean is where documents belong together.

    Args:
        values: One for each document, at least one.
        clusters: What each belongs to; None: documents are independent.
    """
    if clusters is None:
        return None
    found = clustered_mean(values, clusters)
    return ClusteredError(found.clusters, found.stderr, found.interval)


def share_value(values: Sequence[float], clusters: Sequence[Hashable] | None = None) -> Value:
    """The mean of values that are 0 or 1.

    Args:
        values: One for each document, at least one.
        clusters: What each belongs to; None: documents are independent.
    """
    mean, stderr, n = sum(values) / len(values), mean_stderr(values), len(values)
    if stderr is None:
        return Value(mean, n=n)
    interval = wilson_interval(round(sum(values)), n)
    return Value(mean, stderr, n, "proportion", interval, clustered=clustered_error(values, clusters))


def mean_value(values: Sequence[float], clusters: Sequence[Hashable] | None = None) -> Value:
    """The mean of any numbers.

    Args:
        values: One for each document, at least one.
        clusters: What each belongs to; None: documents are independent.
    """
    mean, stderr, n = sum(values) / len(values), mean_stderr(values), len(values)
    if stderr is None:
        return Value(mean, n=n)
    error = clustered_error(values, clusters)
    return Value(mean, stderr, n, "mean", normal_interval(mean, stderr), clustered=error)


@dataclass(frozen=True, slots=True)
class Means:
    """Means over documents, each with its error by clusters where documents belong together.

    Attributes:
        clusters: What each document belongs to; None: documents are independent.
    """

    clusters: Sequence[Hashable] | None = None

    def share(self, values: Sequence[float], rows: Sequence[int] | None = None) -> Value:
        """The mean of values that are 0 or 1.

        Args:
            values: One for each document, at least one.
            rows: Which documents have a value; None: all.
        """
        return share_value(values, self._clusters(rows))

    def mean(self, values: Sequence[float], rows: Sequence[int] | None = None) -> Value:
        """The mean of any numbers; as :meth:`share`.

        Args:
            values: One for each document, at least one.
            rows: Which documents have a value; None: all.
        """
        return mean_value(values, self._clusters(rows))

    def _clusters(self, rows: Sequence[int] | None) -> Sequence[Hashable] | None:
        if self.clusters is None or rows is None:
            return self.clusters
        return [self.clusters[row] for row in rows]


def without_errors(values: Mapping[tuple[str, str], Value]) -> dict[tuple[str, str], Value]:
    """Scores as ``bootstrap_iters=0`` asks for them: no errors, of added scores either.

    The interval of a run that stopped early stays: it is why the run stopped.

    Args:
        values: Scores of a task or group.
    """
    return {
        key: value if value.method == "sequence" else Value(value.value, n=value.n) for key, value in values.items()
    }


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
