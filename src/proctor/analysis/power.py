"""Power: how large a difference a set of documents would have shown, and how many documents a difference needs."""

# "Not resolved" says nothing without the minimum detectable effect: the true difference that a two-sided test at
# ``alpha`` finds with probability ``power``, ``(z_{1-alpha/2} + z_power) sqrt(Var(d) deff / n)``.
#
# Source: https://en.wikipedia.org/wiki/Power_of_a_test; E. Miller, "Adding error bars to evals", 2411.00640, section
# 5.

from __future__ import annotations

import math

from proctor.analysis.distributions import normal_quantile
from proctor.analysis.statistic import check_share
from proctor.errors import AnalysisError

ALPHA, POWER = 0.05, 0.8


def discordance_variance(discordant_share: float, difference: float = 0.0) -> float:
    """Variance of paired differences of 0/1 scores: ``discordant share - difference²``.

    Args:
        discordant_share: Share of documents that only one of the two gets right.
        difference: The mean difference; 0 when planning.

    Raises:
        AnalysisError: The share is not within [0, 1], or smaller than the difference.
    """
    if not abs(difference) <= discordant_share <= 1:
        raise AnalysisError(
            f"{discordant_share} of documents are discordant, with a difference of {difference}: the share must lie "
            "between the difference and 1."
        )
    return discordant_share - difference**2


def correlated_variance(acc_a: float, acc_b: float, correlation: float) -> float:
    """Variance of paired differences of 0/1 scores, from both scores and the correlation of their documents.

    ``a(1-a) + b(1-b) - 2 rho sqrt(a(1-a) b(1-b))``; a correlation of 0 is the unpaired comparison.

    Args:
        acc_a: The score of A, within [0, 1].
        acc_b: The score of B, within [0, 1].
        correlation: Pearson's, within [-1, 1].

    Raises:
        AnalysisError: One of them is out of its range.
    """
    if not (0 <= acc_a <= 1 and 0 <= acc_b <= 1 and -1 <= correlation <= 1):
        raise AnalysisError(
            f"Scores of {acc_a} and {acc_b} with a correlation of {correlation}: scores lie within 0 and 1, "
            "correlations within -1 and 1."
        )
    a, b = acc_a * (1 - acc_a), acc_b * (1 - acc_b)
    return a + b - 2 * correlation * math.sqrt(a * b)


def _z_sum(alpha: float, power: float) -> float:
    check_share(alpha, "alpha")
    check_share(power, "The power")
    return normal_quantile(1 - alpha / 2) + normal_quantile(power)


def detectable_effect(
    variance: float, n: int, *, design_effect: float = 1.0, alpha: float = ALPHA, power: float = POWER
) -> float:
    """The minimum detectable effect (MDE) of a paired comparison.

    Args:
        variance: Of the differences of documents.
        n: Documents, at least one.
        design_effect: By which clusters enlarge the variance of the mean.
        alpha: Level of the two-sided test.
        power: Probability that a difference of this size is found.

    Raises:
        AnalysisError: A variance or design effect below 0, no document, a level or power that is no probability.
    """
    if variance < 0 or design_effect < 0 or n < 1:
        raise AnalysisError(
            f"A variance of {variance}, a design effect of {design_effect} and {n} documents have no detectable effect."
        )
    return _z_sum(alpha, power) * math.sqrt(variance * design_effect / n)


def documents_needed(
    variance: float, effect: float, *, design_effect: float = 1.0, alpha: float = ALPHA, power: float = POWER
) -> int:
    """How many documents a difference needs to be found: ``ceil((z + z)² Var(d) deff / effect²)``.

    Args:
        variance: Of the differences of documents.
        effect: The true difference, not 0.
        design_effect: By which clusters enlarge the variance of the mean.
        alpha: Level of the two-sided test.
        power: Probability that the difference is found.

    Raises:
        AnalysisError: A variance or design effect below 0, an effect of 0, a level or power that is no probability.
    """
    if variance < 0 or design_effect < 0 or effect == 0:
        raise AnalysisError(
            f"A variance of {variance}, a design effect of {design_effect} and an effect of {effect} need no number of "
            "documents that could be given."
        )
    return math.ceil(_z_sum(alpha, power) ** 2 * variance * design_effect / effect**2)
