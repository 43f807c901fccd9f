"""A against B at any time: an e-value of the discordant documents."""

# If A and B are equally good, each discordant document is a fair coin. ``E = 2^(w+l) B(1+w, 1+l) / B(1, 1)`` is the
# wealth of who bets on the coin with a uniform prior over its bias: under fairness its mean is 1 at any time one may
# stop. So A and B differ at level alpha as soon as E reaches 1/alpha, and ``min(1, 1 / max E)`` is a p-value that is
# valid whenever one looks.
#
# It speaks of the population that the exam is a sample of, not of the full run; for that see ``betting``.
#
# Sources: S. R. Howard et al., 1810.08240; J. Ville 1939.

from __future__ import annotations

import math
from collections.abc import Sequence

from proctor.errors import AnalysisError


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
