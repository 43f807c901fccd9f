"""``lm_eval.api.metrics``: what it has and :mod:`proctor.metrics` and :mod:`proctor.stats` have not.

Where lm-eval divides by zero (the standard error of one value), None is given.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from proctor.metrics.aggregate import has_stderr, stderr_of
from proctor.stats.standard_errors import mean


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


def stderr_for_metric(
    metric: Callable[..., Any], bootstrap_iters: int
) -> Callable[[Sequence[Any]], float | None] | None:
    """A function that gives the standard error of an aggregation, or None where there is none."""
    if bootstrap_iters <= 0 or not has_stderr(metric):
        return None
    # lm-eval: the bound of 100 resamples depends on the metric's name, which this function is not given.
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
