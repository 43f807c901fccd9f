"""The metrics and the aggregations: a row each.

What is known of a metric stands in its row and nowhere else: how it scores a document of each output
type, its aggregation and direction, what it needs. The same holds for an aggregation and its standard
error. So a new one is a row and, where it is new code, a function. Functions are named as
``"module:function"``: to know which metrics there are imports none.

Rows stand in the order in which lm-eval writes the values of a document.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import Any

from proctor.lazy import load_attribute
from proctor.metrics.base import Aggregation, Metric, Target
from proctor.registry import Table

_CHOICE = "proctor.metrics.choice"
_PERPLEXITY = "proctor.metrics.perplexity"
_AGGREGATE = "proctor.metrics.aggregate"
_REPLICATES = "proctor.metrics.replicates"
_LABELS = "proctor.metrics.labels"
_CORPUS = "proctor.metrics.corpus"
_STDERR = "proctor.stats.standard_errors"

_METRIC_ROWS: tuple[Metric, ...] = (
    Metric(
        "perplexity",
        "perplexity",
        False,
        measures={"loglikelihood": f"{_PERPLEXITY}:logprob"},
        other_names="ppl",
    ),
    Metric(
        "acc",
        "mean",
        True,
        measures={"multiple_choice": f"{_CHOICE}:acc", "loglikelihood": f"{_PERPLEXITY}:acc"},
        by_choice=True,
        other_names="accuracy accuracyscore acccuracy accurracy 정확도",
    ),
    Metric(
        "f1",
        "f1",
        True,
        measures={"multiple_choice": f"{_CHOICE}:labels"},
        by_choice=True,
        other_names="f1score f1macro macrof1 microf1 fscore",
    ),
    Metric(
        "mcc",
        "matthews_corrcoef",
        True,
        measures={"multiple_choice": f"{_CHOICE}:labels"},
        by_choice=True,
        other_names="matthews matthewscorrcoef",
    ),
    Metric(
        "acc_norm",
        "mean",
        True,
        measures={"multiple_choice": f"{_CHOICE}:acc_norm"},
        other_names="accuracynorm normacc accnormalized normalizedaccuracy",
    ),
    Metric("acc_bytes", "mean", True, measures={"multiple_choice": f"{_CHOICE}:acc_bytes"}),
    Metric(
        "exact_match",
        "mean",
        True,
        "proctor.metrics.text:exact_match",
        measures={"multiple_choice": f"{_CHOICE}:exact_match"},
        other_names="em exact match exactmatch",
    ),
    Metric("brier_score", "brier_score", False, measures={"multiple_choice": f"{_CHOICE}:brier_score"}),
    Metric("likelihood", "mean", True, measures={"multiple_choice": f"{_CHOICE}:likelihood"}),
    Metric(
        "acc_mutual_info",
        "mean",
        True,
        measures={"multiple_choice": f"{_CHOICE}:acc_mutual_info"},
        unconditional=True,
    ),
    Metric("acc_all", "mean", True),
    Metric(
        "word_perplexity",
        "weighted_perplexity",
        False,
        measures={"loglikelihood_rolling": f"{_PERPLEXITY}:by_word"},
    ),
    Metric(
        "byte_perplexity",
        "weighted_perplexity",
        False,
        measures={"loglikelihood_rolling": f"{_PERPLEXITY}:by_byte"},
    ),
    Metric(
        "bits_per_byte",
        "bits_per_byte",
        False,
        measures={"loglikelihood_rolling": f"{_PERPLEXITY}:by_byte"},
        other_names="bpb",
    ),
    # lm-eval: these four have at most 100 resamples, and it is the metric's name that decides, not its aggregation.
    Metric("bleu", "bleu", True, most_resamples=100),
    Metric("chrf", "chrf", True, most_resamples=100),
    Metric("chrf++", "chrf++", True, most_resamples=100),
    Metric("ter", "ter", False, most_resamples=100),
    Metric("bypass", "bypass", True, "proctor.metrics.text:bypass"),
)

METRICS: Table[Metric] = Table("metric", {row.name: row for row in _METRIC_ROWS}, group="proctor.metrics")
"""Name -> :class:`Metric`. Source: lm-eval's metric registry."""

_AGGREGATION_ROWS: tuple[Aggregation, ...] = (
    Aggregation("mean", f"{_STDERR}:mean", stderr=f"{_STDERR}:mean_stderr", plain_mean=True),
    Aggregation("median", f"{_AGGREGATE}:median", batch=f"{_REPLICATES}:median_batch"),
    Aggregation("nanmean", f"{_AGGREGATE}:nanmean", batch=f"{_REPLICATES}:nanmean_batch"),
    Aggregation("perplexity", f"{_AGGREGATE}:perplexity", batch=f"{_REPLICATES}:perplexity_batch"),
    Aggregation("weighted_perplexity", f"{_AGGREGATE}:weighted_perplexity"),
    Aggregation("bits_per_byte", f"{_AGGREGATE}:bits_per_byte"),
    Aggregation("f1", f"{_LABELS}:f1", batch=f"{_LABELS}:f1_batch"),
    Aggregation("matthews_corrcoef", f"{_LABELS}:matthews_corrcoef", batch=f"{_LABELS}:matthews_batch"),
    Aggregation("bleu", f"{_CORPUS}:bleu", batch=f"{_CORPUS}:bleu_batch"),
    Aggregation("chrf", f"{_CORPUS}:chrf", batch=f"{_CORPUS}:chrf_batch"),
    Aggregation("chrf++", f"{_CORPUS}:chrf_plus_plus", batch=f"{_CORPUS}:chrf_plus_plus_batch"),
    Aggregation("ter", f"{_CORPUS}:ter", batch=f"{_CORPUS}:ter_batch"),
    Aggregation("brier_score", f"{_AGGREGATE}:brier_score"),
    Aggregation("bypass", f"{_AGGREGATE}:bypass"),
)
_UNNAMED_ROWS: tuple[Aggregation, ...] = (
    Aggregation("acc_all", f"{_AGGREGATE}:acc_all", stderr=f"{_AGGREGATE}:acc_all_stderr"),
)
"""Functions that Python code of tasks aggregates with; lm-eval has no name for them in a ``metric_list``."""

AGGREGATIONS: Table[Callable[..., Any]] = Table(
    "aggregation", {row.name: row.function for row in _AGGREGATION_ROWS}, group="proctor.aggregations"
)
"""Name -> function of all per-document values. Source: lm-eval's aggregation registry."""

OTHER_NAMES: Mapping[str, str] = {other: row.name for row in _METRIC_ROWS for other in row.other_names.split()}
"""What other programs call a metric, without marks and capitals -> its name here."""


@lru_cache(maxsize=64)
def document_measures(output_type: str, wanted: frozenset[str]) -> tuple[tuple[str, Callable[..., Any]], ...]:
    """What scores a document from its log-likelihoods, in the order of the rows.

    Args:
        output_type: One whose documents have log-likelihoods.
        wanted: Names of metrics; those that do not score documents of this type are left out.

    Returns:
        Pairs of a metric's name and its function for this output type.
    """
    rows = (METRICS.get(name) for name in METRICS if name in wanted)
    return tuple((row.name, loaded(row.measures[output_type])) for row in rows if output_type in row.measures)


def needs_unconditional(wanted: Collection[str]) -> bool:
    """Whether a metric needs the log-likelihood of each option without context.

    Args:
        wanted: Names of metrics.
    """
    rows = (METRICS.row(name) for name in wanted)
    return any(isinstance(row, Metric) and row.unconditional for row in rows)


def chosen_metrics(wanted: Collection[str]) -> list[str]:
    """Those of some metrics that need to know no more than which option was chosen.

    Args:
        wanted: Names of metrics.
    """
    rows = ((name, METRICS.row(name)) for name in wanted)
    return [name for name, row in rows if isinstance(row, Metric) and row.by_choice]


def aggregation_row(aggregation: Callable[..., Any]) -> Aggregation | None:
    """The row of one of our own aggregations, found by its function; None for any other function.

    Args:
        aggregation: A function over the values of all documents.
    """
    # Found by name, compared by identity: functools.wraps() gives a wrapper the name of what it wraps.
    target = f"{getattr(aggregation, '__module__', '')}:{getattr(aggregation, '__name__', '')}"
    row = _BY_FUNCTION.get(target)
    return row if row is not None and load_attribute(row.function) is aggregation else None


# By the function's address: a task may name an aggregation as a function (!function or from lm_eval.api.metrics), and
# still has its standard error.
_BY_FUNCTION: Mapping[str, Aggregation] = {row.function: row for row in (*_AGGREGATION_ROWS, *_UNNAMED_ROWS)}


def aggregation_name(aggregation: Callable[..., Any]) -> str | None:
    """The name of a built-in aggregation that a task names as a function, or None.

    Args:
        aggregation: A function over the values of all documents.
    """
    row = aggregation_row(aggregation)
    return None if row is None or row in _UNNAMED_ROWS else row.name


def loaded(target: Target) -> Callable[..., Any]:
    """A row's function, imported if its row names it.

    Args:
        target: The function or ``"module:function"``.
    """
    function: Any = load_attribute(target) if isinstance(target, str) else target
    return function
