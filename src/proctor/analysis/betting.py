"""The mean of a finite population of values in [0, 1], from a random part of it, valid at every look."""

# For each candidate mean m two gamblers bet, one that values are above it, one that they are below. The next value's
# mean under m, given what was drawn, is ``m_t = (N m - sum of values so far) / (N - t + 1)``; the bet is fair, so that
# wealth ever reaches 1/alpha with probability alpha at most. The interval is what neither gambler got rich on:
#
#   ``{m : max(theta K+, (1 - theta) K-) < 1 / alpha}``,  ``K± = product of 1 ± lambda_t (y_t - m_t)``
#
# with predictable bets ``lambda_t = sqrt(2 ln(2/alpha) / (s²_{t-1} t ln(1 + t)))`` cut to c/m_t and c/(1 - m_t), so
# that no gambler is ever broke. Each factor of K+ falls with m, each of K- rises: the ends are found by halving on the
# grid, 22 passes over the values instead of 2,001.
#
# Differences of two models in [-1, 1] are values ``y = (d + 1)/2``; the macro mean over tasks is the mean of weighted
# values (:func:`macro_weights`). Non-inferiority at a margin holds as soon as the lower end is above -margin.
#
# Source: I. Waudby-Smith, A. Ramdas, "Estimating means of bounded random variables by betting", 2010.09686.

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from proctor.analysis.statistic import check_finite, check_share
from proctor.errors import AnalysisError
from proctor.stats.intervals import Interval

ALPHA, GRID, LARGEST_BET, THETA = 0.05, 2001, 0.5, 0.5


@dataclass(frozen=True, slots=True)
class _Bets:
    """What does not depend on the candidate mean: of each value, the bet and what remains before it."""

    values: tuple[float, ...]
    sizes: tuple[float, ...]
    """Bets before they are cut."""
    sums: tuple[float, ...]
    """The sum of the values before each."""
    population: int


def betting_set(values: Sequence[float], population: int, alpha: float = ALPHA) -> Interval:
    """The means of the population that are not excluded, on a grid of 2,001 points.

    Args:
        values: y of t documents, within [0, 1], in the random order in which they were asked.
        population: N, all documents.
        alpha: The probability that the truth is missed at any look.

    Returns:
        The lowest and the highest mean that is not excluded; with all values known, the mean itself.

    Raises:
        AnalysisError: There are more values than documents, a value is not within [0, 1], or alpha is no probability.
    """
    check_share(alpha, "alpha")
    check_finite(values, "value")
    if len(values) > population or population < 1:
        raise AnalysisError(f"{len(values)} values of {population} documents: that cannot be.")
    for position, value in enumerate(values):
        if not 0 <= value <= 1:
            raise AnalysisError(f"The value at position {position} is {value}: bets need values between 0 and 1.")
    total = math.fsum(values)
    if len(values) == population:
        return total / population, total / population
    bets = _bets(values, population, alpha)
    # Nobody can say more than what arithmetic excludes: the rest are all 0, or all 1.
    least, most = total / population, (total + population - len(values)) / population
    limit = math.log(1 / alpha)
    low = _lowest(lambda m: _log_wealth(bets, m, up=True) + math.log(THETA) < limit, least)
    high = 1 - _lowest(lambda m: _log_wealth(bets, 1 - m, up=False) + math.log(1 - THETA) < limit, 1 - most)
    if low > high:  # a miss, with probability alpha at most: the point between
        low = high = (low + high) / 2
    return low, high


def difference_set(differences: Sequence[float], population: int, alpha: float = ALPHA) -> Interval:
    """The mean differences of the full run that are not excluded.

    Args:
        differences: a - b of t documents, within [-1, 1], in the random order in which they were asked.
        population: N, all documents.
        alpha: The probability that the truth is missed at any look.

    Raises:
        AnalysisError: As for :func:`betting_set`.
    """
    low, high = betting_set([(difference + 1) / 2 for difference in differences], population, alpha)
    return 2 * low - 1, 2 * high - 1


def running_interval(earlier: Interval | None, now: Interval) -> Interval:
    """What all looks so far leave: the intersection; where it is empty, a miss of probability alpha at most, this
    look's set.

    Args:
        earlier: The running interval before this look; None at the first.
        now: The set of this look.
    """
    if earlier is None:
        return now
    low, high = max(earlier[0], now[0]), min(earlier[1], now[1])
    return (low, high) if low <= high else now


def log_wealths(values: Sequence[float], population: int, mean: float, alpha: float = ALPHA) -> tuple[float, float]:
    """What two gamblers won if the population's mean were ``mean``: an e-value each, valid at any time.

    Args:
        values: As for :func:`betting_set`.
        population: N, all documents.
        mean: The mean under which bets are fair.
        alpha: What the sizes of bets are made for.

    Returns:
        The logarithms of the wealth of who bets on a higher mean, and on a lower one.
    """
    bets = _bets(values, population, alpha)
    return _log_wealth(bets, mean, up=True), _log_wealth(bets, mean, up=False)


def macro_weights(sizes: Sequence[int]) -> tuple[list[float], float]:
    """Weights under which the mean over all documents is the plain mean over tasks, scaled into [0, 1].

    A value of task t counts ``N / (k n_t)``, divided by the largest such weight: multiply each value by its task's
    weight, and the ends of the set by the scale.

    Args:
        sizes: Documents of each of k tasks, each at least one.

    Returns:
        The weight of each task, the largest one 1; the scale.

    Raises:
        AnalysisError: There is no task, or one without documents.
    """
    if not sizes or min(sizes) < 1:
        raise AnalysisError("The mean over tasks needs at least one task, each with a document.")
    raw = [sum(sizes) / (len(sizes) * size) for size in sizes]
    return [weight / max(raw) for weight in raw], max(raw)


def _bets(values: Sequence[float], population: int, alpha: float) -> _Bets:
    """Bets from the values before each: the mean and variance start from one value of 1/2 with a variance of 1/4."""
    sizes, sums, total, squares = [], [], 0.0, 0.25
    for t, value in enumerate(values, 1):
        variance = squares / t
        sizes.append(math.sqrt(2 * math.log(2 / alpha) / (variance * t * math.log1p(t))))
        sums.append(total)
        total += value
        squares += (value - (0.5 + total) / (t + 1)) ** 2
    return _Bets(tuple(values), tuple(sizes), tuple(sums), population)


def _log_wealth(bets: _Bets, mean: float, *, up: bool) -> float:
    """The logarithm of a gambler's wealth if the population's mean were ``mean``; inf where that cannot be."""
    whole, left, product, log = bets.population * mean, bets.population, 1.0, 0.0
    for value, size, before in zip(bets.values, bets.sizes, bets.sums, strict=True):
        expected = (whole - before) / left
        left -= 1
        if expected <= 0:
            if up and (value > 0 or expected < 0):
                return math.inf
            expected = 0.0
        elif expected >= 1:
            if not up and (value < 1 or expected > 1):
                return math.inf
            expected = 1.0
        if up:
            bet = size if size * expected <= LARGEST_BET else LARGEST_BET / expected
            product *= 1 + bet * (value - expected)
        else:
            other = 1 - expected
            bet = size if size * other <= LARGEST_BET else LARGEST_BET / other
            product *= 1 - bet * (value - expected)
        if not 1e-200 < product < 1e200:
            log, product = log + math.log(product), 1.0
    return log + math.log(product)


def _lowest(holds: Callable[[float], bool], least: float) -> float:
    """The first point of the grid, not below ``least``, from which on ``holds`` is true; the last one where it is
    nowhere.
    """
    steps = GRID - 1
    low, high = math.ceil(least * steps - 1e-9), steps
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle / steps) else (middle + 1, high)
    return low / steps
