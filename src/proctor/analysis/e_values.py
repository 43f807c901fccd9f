"""A against B at any time: an e-value of the discordant documents."""

# If A and B are equally good, each discordant document is a fair coin. ``E = 2^(w+l) B(1+w, 1+l) / B(1, 1)`` is the
# wealth of who bets on the coin with a uniform prior over its bias: under fairness its mean is 1 at any time one may
# stop. So A and B differ at level alpha as soon as E reaches 1/alpha, and ``min(1, 1 / max E)`` is a p-value that is
# valid whenever one looks.
#
# Against guessing: whoever guesses is right with probability ``c_i`` in document i. For odds that are theta times as
# good, ``theta^S / product (1 - c_i + c_i theta)`` (S right so far) is 1 on average under guessing and falls for worse
# than guessing, in whatever order documents come. The mean over a fixed grid of theta > 1 is one as well: it depends on
# S and on the documents alone, so that their order need not be known.
#
# It speaks of the population that the exam is a sample of, not of the full run; for that see ``betting``.
#
# Sources: S. R. Howard et al., 1810.08240; J. Ville 1939.

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from proctor.errors import AnalysisError

_LOG_ODDS = tuple(0.05 * step for step in range(1, 161))
"""The grid of theta, as logarithms."""
_WEIGHTS = tuple(math.exp(log) / (math.exp(log) + 3) ** 2 for log in _LOG_ODDS)
"""Near a uniform prior over scores from 1/4 to 1; any fixed weights would do."""


def log_sign_e_value(wins: int, losses: int) -> float:
    """The natural logarithm of the e-value.

    Args:
        wins: Documents that only A gets right.
        losses: Documents that only B gets right.

    Raises:
        AnalysisError: A count is below 0.
    """
    if min(wins, losses) < 0:
        raise AnalysisError(f"{wins} and {losses} discordant documents: a count cannot be below 0.")
    n = wins + losses
    # The two in brackets: swapping A and B changes no digit.
    return n * math.log(2) + (math.lgamma(1 + wins) + math.lgamma(1 + losses)) - math.lgamma(2 + n)


def sign_e_value(wins: int, losses: int) -> float:
    """The e-value, 1 before anything was seen; inf where it is too large for a number.

    Args:
        wins: Documents that only A gets right.
        losses: Documents that only B gets right.

    Raises:
        AnalysisError: A count is below 0.
    """
    log = log_sign_e_value(wins, losses)
    return math.exp(log) if log < 700 else math.inf


def anytime_p(log_e_values: Sequence[float]) -> float:
    """The p-value that is valid at any time: ``min(1, 1 / max E)`` over the looks so far.

    Args:
        log_e_values: The logarithm of the e-value at each look.
    """
    return math.exp(-max(0.0, *log_e_values)) if log_e_values else 1.0


def guessing_anytime_p(chances: Sequence[float], hits: int) -> float:
    """The p-value of a score against guessing that is valid whenever one stops.

    Args:
        chances: Of each document asked, the probability that guessing is right, within (0, 1].
        hits: How many were right.

    Raises:
        AnalysisError: There are more hits than documents, or a chance is no probability.
    """
    if not 0 <= hits <= len(chances) or not all(0 < chance <= 1 for chance in chances):
        raise AnalysisError(f"{hits} of {len(chances)} documents right, by chances within (0, 1]: that cannot be.")
    total, counts = math.log(math.fsum(_WEIGHTS)), Counter(chances)
    logs = [
        hits * log - math.fsum([n * math.log1p(chance * math.expm1(log)) for chance, n in counts.items()])
        + math.log(weight) - total
        for log, weight in zip(_LOG_ODDS, _WEIGHTS, strict=True)
    ]  # fmt: skip
    largest = max(logs)
    return math.exp(-max(0.0, largest + math.log(math.fsum([math.exp(log - largest) for log in logs]))))
