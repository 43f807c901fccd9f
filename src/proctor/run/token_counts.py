"""The tokens of the responses that a task took, where a model counts them."""

from __future__ import annotations

from dataclasses import dataclass

from proctor.run.text_counts import NO_TOKENS
from proctor.types import Choice, Response, Text, Usage


@dataclass(slots=True)
class TokenCounts:
    """A sum.

    Attributes:
        responses: Texts and choices of which the tokens are known; scores do not say theirs.
        usage: The sum over them.
    """

    responses: int = 0
    usage: Usage = NO_TOKENS

    def add(self, response: Response) -> None:
        """Add a response.

        Args:
            response: One that was requested in this run.
        """
        if isinstance(response, (Text, Choice)) and response.usage is not None:
            self.responses += 1
            self.usage = self.usage.plus(response.usage)

    def merge(self, other: TokenCounts) -> None:
        """Add what was counted of other responses of the task.

        Args:
            other: The sum over them.
        """
        self.responses += other.responses
        self.usage = self.usage.plus(other.usage)
