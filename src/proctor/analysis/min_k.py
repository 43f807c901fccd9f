"""Min-K% and Min-K%++: the least likely tokens of a text, as scores of membership."""

# A text that was trained on has no very unlikely tokens. On clean splits these scores are near chance, so they are
# shown without a p-value, and only to compare texts under one model.
#
# Sources: W. Shi et al., 2310.16789 (Min-K%); J. Zhang et al., 2404.02936 (Min-K%++); M. Duan et al., 2402.07841 (near
# chance).

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from proctor.analysis.statistic import Statistic, check_finite, check_same_length, check_share, check_some

SHARE = 0.2


@dataclass(frozen=True, slots=True)
class MinK:
    """The least likely tokens of one text."""

    score: float
    """Mean log-probability of the least likely tokens."""
    loss: float
    """Minus the mean log-probability of all tokens."""
    tokens_used: int


def _lowest(values: Sequence[float], share: float) -> list[float]:
    """The lowest share of the values, at least one."""
    check_share(share, "The share of tokens")
    return sorted(values)[: max(1, int(share * len(values) + 1e-9))]


def min_k(log_probs: Sequence[float], share: float = SHARE) -> MinK:
    """Min-K%: the mean of the lowest log-probabilities.

    Args:
        log_probs: Of each token of a text, at least one, all finite.
        share: The share of tokens that counts, between 0 and 1.

    Raises:
        AnalysisError: There are no tokens, one is not finite, or the share is out of its range.
    """
    check_some(log_probs, "tokens")
    check_finite(log_probs, "log-probability")
    lowest = _lowest(log_probs, share)
    return MinK(math.fsum(lowest) / len(lowest), -math.fsum(log_probs) / len(log_probs), len(lowest))


def next_token_moments(log_probs: Sequence[float]) -> tuple[float, float]:
    """Mean and standard deviation of log p under the model's own next-token distribution.

    Args:
        log_probs: Of every token of the vocabulary at one position; -inf is a probability of 0.

    Raises:
        AnalysisError: There are none.
    """
    check_some(log_probs, "tokens in the vocabulary")
    known = [(math.exp(lp), lp) for lp in log_probs if lp > -math.inf]
    mean = math.fsum(p * lp for p, lp in known)
    return mean, math.sqrt(math.fsum(p * (lp - mean) ** 2 for p, lp in known))


def standardized(log_probs: Sequence[float], means: Sequence[float], deviations: Sequence[float]) -> list[float | None]:
    """``(log p - mean) / deviation`` of each token; None where the deviation is 0: such tokens are left out.

    Args:
        log_probs: Of each token of a text.
        means: Of each position, see :func:`next_token_moments`.
        deviations: The same.

    Raises:
        AnalysisError: Lengths differ.
    """
    check_same_length(log_probs, means, "tokens and means")
    check_same_length(log_probs, deviations, "tokens and deviations")
    return [
        (lp - mean) / deviation if deviation > 0 else None
        for lp, mean, deviation in zip(log_probs, means, deviations, strict=True)
    ]


def min_k_plus_plus(z: Sequence[float | None], share: float = SHARE) -> Statistic:
    """Min-K%++: the mean of the lowest standardized log-probabilities.

    Args:
        z: Of :func:`standardized`.
        share: The share of tokens that counts, between 0 and 1.

    Returns:
        None where no token has a value.

    Raises:
        AnalysisError: The share is out of its range.
    """
    known = [value for value in z if value is not None]
    if not known:
        return Statistic(None, "at every position the model is certain of one token")
    lowest = _lowest(known, share)
    return Statistic(math.fsum(lowest) / len(lowest))
