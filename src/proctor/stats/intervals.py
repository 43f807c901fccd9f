"""Intervals at 95 %: the range of scores that are compatible with the documents that were scored.

Which one depends on what is known of the values:

- shares of 0/1 values: Wilson's. ``score ± 1.96 s/sqrt(n)`` says "1 ± 0" of 10 hits in 10 documents and covers the
  true share far less often than 95 % when it is near 0 or 1 or documents are few; Wilson's covers it there too, and
  stays within 0 and 1. Clopper and Pearson's covers at least 95 % everywhere, and is wider than it need be.
- means of other values: the normal one, from the standard error.
- statistics of all documents (F1, perplexity): the percentiles of the bootstrap's resamples.

Invariant: an interval has a width. Where none can be given honestly there is None, never "± 0".

Sources: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", 1927,
https://doi.org/10.1080/01621459.1927.10502953; L. D. Brown, T. T. Cai, A. DasGupta, "Interval estimation for a
binomial proportion", 2001, https://doi.org/10.1214/ss/1009213286; B. Efron, R. J. Tibshirani, "An Introduction to the
Bootstrap", 1993, chapter 13.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

Interval: TypeAlias = tuple[float, float]

Z = 1.959963984540054
"""The 97.5th percentile of the normal distribution."""

FEWEST_RESAMPLES = 1000
"""Percentiles of fewer resamples vary too much themselves (Efron and Tibshirani, section 19.3)."""


def wilson_interval(hits: float, n: float, critical: float = Z) -> Interval:
    """The interval of a share: the shares whose score test does not reject what was observed.

    ``(p + z²/2n ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n)``.

    Args:
        hits: How many of the values are 1.
        n: The number of values, above 0; clustered values count for fewer (effective) ones, with a fraction.
        critical: The quantile that z stands for; that of Student's t where n is effective.
    """
    share, square = hits / n, critical * critical / n
    middle = share + square / 2
    half = critical * math.sqrt(share * (1 - share) / n + square / (4 * n))
    low, high = (middle - half) / (1 + square), (middle + half) / (1 + square)
    # At the ends the formula gives 0 and 1 up to rounding; a bound of -1e-17 would look like an error.
    return (0.0 if hits == 0 else low, 1.0 if hits == n else high)


def normal_interval(score: Any, stderr: float) -> Interval | None:
    """``score ± 1.96 stderr``.

    Args:
        score: A mean.
        stderr: Its standard error.

    Returns:
        None if the standard error is 0 (all values are equal, which says nothing of others) or one of the two is
        not finite.
    """
    if not isinstance(score, int | float) or not math.isfinite(score) or not math.isfinite(stderr) or stderr <= 0:
        return None
    return score - Z * stderr, score + Z * stderr


def percentile_interval(replicates: Sequence[Any]) -> Interval | None:
    """The 2.5th and the 97.5th percentile of a bootstrap.

    Args:
        replicates: The statistic of each resample.

    Returns:
        None if there are too few resamples, one of them is not finite, or all are equal.
    """
    if len(replicates) < FEWEST_RESAMPLES:
        return None
    import numpy as np

    values = np.asarray(replicates, dtype=float)
    if not np.isfinite(values).all():
        return None
    low, high = np.quantile(values, (0.025, 0.975)).tolist()
    return (low, high) if low < high else None
