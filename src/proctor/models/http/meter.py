"""Counts the tokens of every reply of a run, and ends the run before a request that its user does not want to pay."""

# What is counted
# ---------------
# Every reply of status 200, whatever becomes of it: probes of the handshake, scores, texts, and replies that could not
# be read. All of them are paid for. Responses out of the store never come here: they cost nothing again.
#
# The check stands before each request is sent. Requests in flight at that moment are waited for, since they are paid
# for, too; so the sum can be above the limit by what they cost. Reserving an amount for each request in flight was
# weighed: what a text will cost is known when it is there, and its upper bound is many times too high.
#
# Invariant: no request is sent once the cost has reached the limit, nor while it is unknown under a limit.

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proctor.errors import ModelError
from proctor.models.http.usage import usage_of
from proctor.models.prices import Prices, amount_text, token_facts
from proctor.types import Usage


class BudgetError(ModelError):
    """No further request may be sent; those in flight are waited for."""


class Meter:
    """The tokens of one model's replies in this run.

    Attributes:
        replies: How many said their tokens.
        total: The sum over them.
        prices: What they cost; None: not known.
    """

    def __init__(self) -> None:
        self.replies = 0
        self.total = Usage(0, 0, 0)
        self.prices: Prices | None = None
        self._most: float | None = None
        self._has_unknown = False

    def set_budget(self, prices: Prices, most: float | None) -> None:
        """Count costs from now on, and end the run when they reach an amount.

        Args:
            prices: The model's.
            most: The amount; None: there is no limit.
        """
        self.prices, self._most = prices, most

    @property
    def cost(self) -> float:
        """What all replies cost; 0 without prices."""
        return 0.0 if self.prices is None else self.prices.cost(self.total)

    def add(self, body: Mapping[str, Any]) -> None:
        """Count a reply.

        Args:
            body: The reply; one that is neither a completion nor a message costs nothing.
        """
        usage = usage_of(body)
        if usage is not None:
            self.replies += 1
            self.total = self.total.plus(usage)
        elif "choices" in body or "content" in body:
            self._has_unknown = True

    def check(self) -> None:
        """Whether one more request may be sent.

        Raises:
            BudgetError: It may not.
        """
        if self._most is None:
            return
        if self._has_unknown:
            raise BudgetError(
                "The server does not say how many tokens a reply took, so that --max_cost cannot be kept.",
                hint="Leave --max_cost out if the server costs nothing. What was answered is stored, if the run has a "
                "store.",
            )
        if self.cost >= self._most:
            raise BudgetError(
                f"The responses of this run cost {amount_text(self.cost)} so far, and --max_cost is "
                f"{amount_text(self._most)}: no further request is sent.",
                hint="What was answered is stored, if the run has a store, and costs nothing again: the same command "
                "goes on where this one stopped, with a larger --max_cost in one piece.",
            )

    def facts(self) -> Mapping[str, Any]:
        """The sums for the results file; nothing where no reply said its tokens."""
        if not self.replies:
            return {}
        return {"replies": self.replies, **token_facts(self.total, self.prices)}
