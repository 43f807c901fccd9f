"""``lm_eval.api.metrics``: its functions by their names there; ``proctor.metrics`` and ``stats`` do the work.

Where lm-eval divides by zero (the standard error of one value), None is given.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from proctor.metrics.aggregate import (
    acc_all,
    acc_all_stderr,
    bits_per_byte,
    brier_score,
    has_stderr,
    median,
    nanmean,
    perplexity,
    stderr_of,
    weighted_mean,
    weighted_perplexity,
)
from proctor.metrics.aggregate import bypass as bypass_agg
from proctor.metrics.corpus import bleu, chrf, ter
from proctor.metrics.corpus import chrf_plus_plus as chrfpp
from proctor.metrics.labels import f1 as f1_score
from proctor.metrics.labels import matthews_corrcoef
from proctor.metrics.text import bypass, pass_on
from proctor.metrics.text import exact_match as exact_match_fn
from proctor.metrics.text import exact_match as exact_match_hf_evaluate
from proctor.stats.bootstrap import bootstrap_replicates, bootstrap_stderr
from proctor.stats.standard_errors import mean, mean_stderr
from proctor.stats.standard_errors import pooled_stderr as pooled_sample_stderr
from proctor.stats.standard_errors import sample_std as sample_stddev
from proctor.stats.standard_errors import unweighted_stderr as unweighted_mean_stderr

acc_fn = acc_norm_fn = acc_mutual_info_fn = acc_bytes_fn = likelihood_fn = brier_score_fn = pass_on
perplexity_fn = word_perplexity_fn = byte_perplexity_fn = bits_per_byte_fn = pass_on
mcc_fn = f1_fn = bleu_fn = chrf_fn = chrfpp_fn = ter_fn = pass_on

__all__ = [
    "acc_all",
    "acc_all_stderr",
    "acc_bytes_fn",
    "acc_fn",
    "acc_mutual_info_fn",
    "acc_norm_fn",
    "aggregate_subtask_metrics",
    "bits_per_byte",
    "bits_per_byte_fn",
    "bleu",
    "bleu_fn",
    "bootstrap_stderr",
    "brier_score",
    "brier_score_fn",
    "bypass",
    "bypass_agg",
    "byte_perplexity_fn",
    "chrf",
    "chrf_fn",
    "chrfpp",
    "chrfpp_fn",
    "combined_sample_stderr",
    "exact_match_fn",
    "exact_match_hf_evaluate",
    "f1_fn",
    "f1_score",
    "is_non_str_iterable",
    "likelihood_fn",
    "matthews_corrcoef",
    "mcc_fn",
    "mean",
    "mean_stderr",
    "median",
    "metric_max_over_ground_truths",
    "nanmean",
    "perplexity",
    "perplexity_fn",
    "pooled_sample_stderr",
    "pop_stddev",
    "sample_stddev",
    "stderr_for_metric",
    "ter",
    "ter_fn",
    "unweighted_mean_stderr",
    "weighted_mean",
    "weighted_perplexity",
    "word_perplexity_fn",
]


def pop_stddev(arr: Sequence[Any]) -> float:
    """Standard deviation of a whole population, ``sqrt(sum((x - mean)^2) / n)``.

    Source: https://en.wikipedia.org/wiki/Standard_deviation
    """
    middle = mean(arr)
    return math.sqrt(mean([(value - middle) ** 2 for value in arr]))


def metric_max_over_ground_truths(
    metric_fn: Callable[[Any, Any], Any], prediction: Any, ground_truths: Iterable[Any]
) -> Any:
    """The best score of a prediction against any of several right answers."""
    return max(metric_fn(prediction, truth) for truth in ground_truths)


def is_non_str_iterable(obj: Any) -> bool:
    """Whether ``obj`` holds things and is no text."""
    return isinstance(obj, Iterable) and not isinstance(obj, str)


def _bootstrap_internal_no_mp(f: Callable[[Sequence[Any]], float], xs: Sequence[Any], iters: int) -> list[float]:
    """The statistic ``f`` of ``iters`` resamples of ``xs``, in lm-eval's order of chance."""
    return bootstrap_replicates(f, xs, iters)


def stderr_for_metric(
    metric: Callable[..., Any], bootstrap_iters: int
) -> Callable[[Sequence[Any]], float | None] | None:
    """A function that gives the standard error of an aggregation, or None where there is none."""
    if bootstrap_iters <= 0 or not has_stderr(metric):
        return None
    return lambda values: stderr_of(metric, "", values, bootstrap_iters=bootstrap_iters)


def combined_sample_stderr(
    stderrs: Sequence[float], sizes: Sequence[int], metrics: Sequence[float] | None = None
) -> float:
    """Standard error of parts put together two by two, the distance between their means counted.

    Source: lm-eval's function of this name, which it keeps and does not use itself.
    """
    if metrics is None or not len(stderrs) == len(sizes) == len(metrics):
        raise AssertionError("combined_sample_stderr needs a standard error, a size and a score of each part")
    variance, size, score = stderrs[0] ** 2, sizes[0], metrics[0]
    for new_stderr, new_size, new_score in zip(stderrs[1:], sizes[1:], metrics[1:], strict=True):
        score = (score * size + new_score * new_size) / (size + new_size)
        within = ((size - 1) * variance + (new_size - 1) * new_stderr**2) / (size + new_size - 1)
        between = size * new_size / ((size + new_size) * (size + new_size - 1)) * (score - new_score) ** 2
        variance = within + between
    return math.sqrt(variance)


def aggregate_subtask_metrics(metrics: Sequence[float], sizes: Sequence[int], weight_by_size: bool = True) -> float:
    """The mean of several tasks' scores, weighted by their sizes or not."""
    weights = sizes if weight_by_size else [1] * len(sizes)
    return sum(metric * weight for metric, weight in zip(metrics, weights, strict=True)) / sum(weights)
