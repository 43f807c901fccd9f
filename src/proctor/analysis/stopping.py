"""The sets that a run looks at while it goes on: of its score, and of its difference to another run."""

# Values come in the random order in which documents are asked, so that those so far are a random sample of all. Which
# set is right follows from them:
#
#   scores 0 or 1, mean over documents     numbers of right answers (:mod:`~proctor.analysis.early_stop`)
#   other scores in [0, 1], mean over tasks    bets (:mod:`~proctor.analysis.betting`), weighted for tasks
#   differences of 0/1 scores              decided by the e-value of discordant documents; the interval is that of bets
#   whether one is worse by a margin       decided where the interval of bets leaves out the margin
#   other differences, mean over tasks     decided where the interval of bets leaves out 0
#
# Whether scores are 0 or 1 is seen, not declared: a metric's name does not say it. Should a fraction turn up later, all
# looks are computed anew by bets, which are as valid from the beginning.
#
# Each look leaves less than the look before: sets are intersected. Where that leaves nothing, an earlier look has
# missed (probability alpha at most over all looks), and the set of this look stands.

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from proctor.analysis.betting import betting_set, difference_set, running_interval
from proctor.analysis.e_values import anytime_p, log_sign_e_value
from proctor.analysis.early_stop import count_set
from proctor.analysis.statistic import check_same_length, check_share, is_binary
from proctor.stats.intervals import Interval


@dataclass(frozen=True, slots=True)
class Weights:
    """What makes the mean over documents that over tasks.

    Attributes:
        values: Of each document, at most 1.
        scale: What the ends of a set are multiplied by.
    """

    values: Sequence[float]
    scale: float


class RunningMean:
    """What is left of a score's values after each look.

    Args:
        alpha: The probability that the score of all documents is missed at any look.

    Attributes:
        interval: What all looks so far leave; None before the first.
    """

    def __init__(self, alpha: float) -> None:
        check_share(alpha, "alpha")
        self._alpha = alpha
        self._binary = True
        self._ends: list[tuple[int, int]] = []
        self.interval: Interval | None = None

    def look(self, values: Sequence[float], documents: int, weights: Weights | None = None) -> Interval:
        """The interval after another look.

        Args:
            values: The scores so far, within [0, 1], in the order in which documents were asked.
            documents: N, all documents.
            weights: For a mean over tasks.

        Raises:
            AnalysisError: There are more values than documents, or a value is not within [0, 1].
        """
        if self._binary and weights is None and is_binary(values):
            found = count_set(int(sum(values)), len(values), documents, self._alpha).interval
            self._ends.append((len(values), documents))
        else:
            if self._binary and weights is None:
                self._restart(values)
            found = self._bets(values, documents, weights)
        self.interval = running_interval(self.interval, found)
        return self.interval

    def _restart(self, values: Sequence[float]) -> None:
        self._binary, self.interval = False, None
        for count, documents in self._ends:
            self.interval = running_interval(self.interval, self._bets(values[:count], documents, None))

    def _bets(self, values: Sequence[float], documents: int, weights: Weights | None) -> Interval:
        if weights is None:
            return betting_set(values, documents, self._alpha)
        scaled = [value * weight for value, weight in zip(values, weights.values, strict=True)]
        low, high = betting_set(scaled, documents, self._alpha)
        return min(1.0, low * weights.scale), min(1.0, high * weights.scale)


@dataclass(frozen=True, slots=True)
class ComparisonLook:
    """A difference after some look.

    Attributes:
        n: Documents of both runs so far.
        difference: The mean of own - other.
        interval: Of the difference over all documents.
        wins: Documents that only this run gets right; None of scores that are not 0 or 1.
        losses: Documents that only the other gets right.
        log_e: The logarithm of the e-value; None where the interval decides.
        p: Valid at any time; None where the interval decides.
        is_decided: Whether there is a difference, at the level of the comparison.
    """

    n: int
    difference: float
    interval: Interval
    wins: int | None
    losses: int | None
    log_e: float | None
    p: float | None
    is_decided: bool


class RunningComparison:
    """A difference to another run, look by look.

    Args:
        alpha: The probability that a difference is claimed at any look where there is none.
        bound: Decide on which side of this difference the true one is, by the interval; None: whether there is one.
    """

    def __init__(self, alpha: float, bound: float | None = None) -> None:
        check_share(alpha, "alpha")
        self._alpha, self._bound = alpha, bound
        self._logs: list[float] = []
        self._interval: Interval | None = None

    def look(
        self, own: Sequence[float], other: Sequence[float], documents: int, weights: Weights | None = None
    ) -> ComparisonLook:
        """The difference after another look.

        Args:
            own: Scores of this run so far, within [0, 1], in the order in which documents were asked.
            other: Scores of the other run on the same documents.
            documents: N, all documents that both runs have.
            weights: For a mean over tasks.

        Raises:
            AnalysisError: The two differ in length, or a score is not within [0, 1].
        """
        check_same_length(own, other, "scores of the two runs")
        differences = [a - b for a, b in zip(own, other, strict=True)]
        found = self._bets(differences, documents, weights)
        self._interval = running_interval(self._interval, found)
        mean = _mean(differences, weights)
        # Once all documents are known the interval is their difference, which is never quite the bound: that decides
        # nothing.
        by_interval = len(own) < documents and _leaves_out(self._interval, self._bound or 0.0)
        if weights is not None or not (is_binary(own) and is_binary(other)):
            return ComparisonLook(len(own), mean, self._interval, None, None, None, None, by_interval)
        wins, losses = sum(one > 0 for one in differences), sum(one < 0 for one in differences)
        self._logs.append(log_sign_e_value(wins, losses))
        # What was seen at this look decides: the sign of the difference is that of now.
        decided = self._logs[-1] >= math.log(1 / self._alpha) if self._bound is None else by_interval
        return ComparisonLook(
            len(own), mean, self._interval, wins, losses, self._logs[-1], anytime_p(self._logs), decided
        )

    def _bets(self, differences: Sequence[float], documents: int, weights: Weights | None) -> Interval:
        if weights is None:
            return difference_set(differences, documents, self._alpha)
        scaled = [value * weight for value, weight in zip(differences, weights.values, strict=True)]
        low, high = difference_set(scaled, documents, self._alpha)
        return max(-1.0, low * weights.scale), min(1.0, high * weights.scale)


def _leaves_out(interval: Interval, bound: float) -> bool:
    low, high = interval
    return low > bound or high < bound


def _mean(values: Sequence[float], weights: Weights | None) -> float:
    if not values:
        return 0.0
    if weights is None:
        return math.fsum(values) / len(values)
    return math.fsum(map(float.__mul__, map(float, values), map(float, weights.values))) / math.fsum(weights.values)
