"""Standard errors by formula: how far a mean may be from what more documents would give.

Each score of a results file that ends in ``_stderr`` comes from here or from ``bootstrap``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any


def mean(values: Sequence[Any]) -> Any:
    """Arithmetic mean, ``sum / n``, summed from left to right as lm-eval's ``mean``.

    Args:
        values: Numbers, at least one.
    """
    return sum(values) / len(values)


def sample_std(values: Sequence[Any]) -> float:
    """Sample standard deviation with Bessel's correction, ``sqrt(sum((x - mean)^2) / (n - 1))``.

    Source: https://en.wikipedia.org/wiki/Standard_deviation#Corrected_sample_standard_deviation

    Args:
        values: Numbers, at least two.
    """
    middle = mean(values)
    # Python's sum over a list, from left to right: lm-eval's order, hence its last digit.
    return math.sqrt(sum([(x - middle) ** 2 for x in values]) / (len(values) - 1))


def mean_stderr(values: Sequence[Any]) -> float | None:
    """Standard error of a mean, ``s / sqrt(n)``; None for fewer than two values.

    Source: https://en.wikipedia.org/wiki/Standard_error#Estimate

    Args:
        values: Numbers.
    """
    if len(values) < 2:
        return None
    return sample_std(values) / math.sqrt(len(values))


def pooled_stderr(stderrs: Sequence[float | None], sizes: Sequence[int]) -> float | None:
    """Standard error of a group's mean weighted by size, from those of its parts.

    ``sqrt( [sum((n_i - 1) * se_i^2 * n_i) / (sum n_i - k)] / sum n_i )``: the pooled variance
    of ``k`` parts over all documents.
    Source: https://en.wikipedia.org/wiki/Pooled_variance; lm-eval's ``pooled_sample_stderr``.

    Args:
        stderrs: The standard error of each part.
        sizes: The documents of each part.

    Returns:
        None as soon as one part has no standard error, or if no part has two documents.

    Raises:
        ValueError: The two differ in length.
    """
    known = _all_known(stderrs)
    if len(stderrs) != len(sizes):
        raise ValueError(f"{len(stderrs)} standard errors for {len(sizes)} sizes")
    freedom = sum(sizes) - len(sizes)
    if known is None or freedom <= 0:
        return None
    weighted = sum([(size - 1) * stderr**2 * size for size, stderr in zip(sizes, known, strict=True)])
    return math.sqrt(weighted / freedom / sum(sizes))


def unweighted_stderr(stderrs: Sequence[float | None]) -> float | None:
    """Standard error of the plain mean of ``k`` independent scores, ``sqrt(sum(se_i^2)) / k``.

    Source: variance of a mean of independent variables,
    https://en.wikipedia.org/wiki/Variance#Propagation; lm-eval's ``unweighted_mean_stderr``.

    Args:
        stderrs: The standard error of each score.

    Returns:
        None as soon as one score has no standard error.
    """
    known = _all_known(stderrs)
    if known is None:
        return None
    return math.sqrt(sum(stderr**2 for stderr in known)) / len(known)


def _all_known(stderrs: Sequence[float | None]) -> list[float] | None:
    known = [stderr for stderr in stderrs if stderr is not None]
    return known if known and len(known) == len(stderrs) else None
