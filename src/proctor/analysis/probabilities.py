"""From log-likelihoods of options to probabilities among them: choice, confidence, how sure the gold was."""

# ``p_k = exp(ll_k) / sum exp(ll)``: probabilities *among these options*, whatever the model would have written
# instead. The choice is the first of the highest log-likelihoods, as ``acc`` chooses; confidence is its probability.
#
# A document with a NaN is left out of everything and counted; an option that the model cannot write (-inf) has
# probability 0.

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from proctor.analysis.statistic import Statistic, check_same_length
from proctor.errors import AnalysisError
from proctor.plurals import counted


def first_highest(values: Sequence[float]) -> int:
    """The position of the first of the highest values.

    Args:
        values: At least one number, none NaN.
    """
    return values.index(max(values))


def usable(lls: Sequence[float]) -> bool:
    """Whether probabilities among options exist: no NaN, no +inf, and not all -inf.

    Args:
        lls: The log-likelihood of each option.
    """
    return bool(lls) and math.isfinite(max(lls)) and not any(map(math.isnan, lls))


def softmax(lls: Sequence[float]) -> list[float]:
    """The probabilities of options among each other.

    Args:
        lls: The log-likelihood of each of K options, at least one; -inf is a probability of 0.

    Raises:
        AnalysisError: There is no option, a NaN, +inf, or nothing but -inf.
    """
    if not usable(lls):
        raise AnalysisError(
            f"Log-likelihoods {list(lls)} give no probabilities: leave such documents out and count them."
        )
    return _softmax(lls)


def _softmax(lls: Sequence[float]) -> list[float]:
    highest = max(lls)
    weights = [math.exp(ll - highest) for ll in lls]
    total = math.fsum(weights)
    return [weight / total for weight in weights]


def negative_log_probability(lls: Sequence[float], golds: Sequence[int], probabilities: Sequence[float]) -> float:
    """``-log p(gold)`` among the options, of several golds together; inf where the model cannot write any of them.

    Args:
        lls: The log-likelihood of each option, see :func:`usable`.
        golds: The positions of the options that are right.
        probabilities: :func:`softmax` of them.
    """
    together = math.fsum([probabilities[gold] for gold in golds])
    if together >= sys.float_info.min:
        return -math.log(together)
    # Some 700 nats below the likeliest option a probability has few digits left in a double, then none; its logarithm
    # has all of them.
    highest = max(lls)
    rest = math.fsum([math.exp(ll - highest) for ll in lls])
    return math.log(rest) + highest - max(lls[gold] for gold in golds)


@dataclass(frozen=True, slots=True)
class ChoiceProbabilities:
    """Documents whose options have probabilities; every sequence has one value for each of them."""

    positions: tuple[int, ...]
    """Which documents of the input these are."""
    left_out: int
    """Documents with a NaN, or without any option that the model can write."""
    probabilities: tuple[tuple[float, ...], ...]
    """By option."""
    choice: tuple[int, ...]
    confidence: tuple[float, ...]
    """The probability of the choice, between 1/K and 1."""
    correct: tuple[int, ...]
    """1 where the choice is a gold."""
    nll: Statistic
    """Mean of -log p(gold)."""
    golds: tuple[Sequence[int], ...]
    """The positions of the right options."""

    @property
    def brier(self) -> float | None:
        """Mean of ``sum_k (p_k - y_k)²``, y shared among several golds; None without documents."""
        rows = zip(self.probabilities, self.golds, strict=True)
        return math.fsum([_brier(p, gold) for p, gold in rows]) / len(self.golds) if self.golds else None

    @property
    def entropy(self) -> float | None:
        """Mean of ``-sum_k p_k log p_k`` in nats; None without documents."""
        return math.fsum(map(_entropy, self.probabilities)) / len(self.golds) if self.golds else None


def choice_probabilities(lls: Sequence[Sequence[float]], golds: Sequence[Sequence[int]]) -> ChoiceProbabilities:
    """Probabilities, choices and scores of documents from the log-likelihoods of their options.

    Args:
        lls: Of n documents, the log-likelihood of each option; under the normalization that is graded.
        golds: Of each document, the positions of the right options, at least one.

    Raises:
        AnalysisError: The two differ in length, or a gold is not the position of an option.
    """
    check_same_length(lls, golds, "documents and golds")
    positions, rows = [], []
    for position, (one, gold) in enumerate(zip(lls, golds, strict=True)):
        if not gold or min(gold) < 0 or max(gold) >= len(one):
            raise AnalysisError(f"The gold {list(gold)} of document {position} is none of its {len(one)} options.")
        if usable(one):
            positions.append(position)
            rows.append((one, gold, _softmax(one)))
    choice = tuple(first_highest(one) for one, _, _ in rows)
    return ChoiceProbabilities(
        tuple(positions),
        len(lls) - len(rows),
        tuple(tuple(p) for _, _, p in rows),
        choice,
        tuple(p[k] for (_, _, p), k in zip(rows, choice, strict=True)),
        tuple(int(k in gold) for (_, gold, _), k in zip(rows, choice, strict=True)),
        _mean_nll([negative_log_probability(one, gold, p) for one, gold, p in rows]),
        tuple(gold for _, gold, _ in rows),
    )


def _mean_nll(values: list[float]) -> Statistic:
    if not values:
        return Statistic(None, "no document has probabilities")
    impossible = sum(value == math.inf for value in values)
    if impossible:
        return Statistic(None, f"the gold of {counted(impossible, 'document')} has probability 0")
    return Statistic(math.fsum(values) / len(values))


def _brier(probabilities: Sequence[float], golds: Sequence[int]) -> float:
    share = 1 / len(golds)
    return math.fsum([(p - share * (k in golds)) ** 2 for k, p in enumerate(probabilities)])


def _entropy(probabilities: Sequence[float]) -> float:
    return -math.fsum([p * math.log(p) for p in probabilities if p > 0])
