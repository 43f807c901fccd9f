"""What tokens cost: prices that a user gives, and the sum over what was used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from proctor.types import Usage

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices of one model, each for a million tokens, in whatever currency the user counts.

    Attributes:
        prompt: Of tokens that the model reads.
        completion: Of tokens that it writes, reasoning included.
        cached: Of prompt tokens out of the server's prompt cache.
        written: Of prompt tokens that are written to it.
    """

    prompt: float
    completion: float
    cached: float
    written: float

    def cost(self, usage: Usage) -> float:
        """What some tokens cost.

        Args:
            usage: The tokens; cached and written ones are among those of the prompt.
        """
        plain = max(0, usage.prompt - usage.cached - usage.written)
        read = plain * self.prompt + usage.cached * self.cached + usage.written * self.written
        return (read + usage.new * self.completion) / MILLION


def amount_text(cost: float) -> str:
    """An amount for people: hundredths, or four digits of what is less than one.

    Args:
        cost: The amount.
    """
    return f"{cost:,.2f}" if cost >= 1 else f"{cost:.4g}"


def token_facts(usage: Usage, prices: Prices | None) -> dict[str, Any]:
    """Sums of tokens as results files have them.

    Args:
        usage: The sums.
        prices: What tokens cost; None: no cost is named.
    """
    return {
        "prompt_tokens": usage.prompt,
        "cached_tokens": usage.cached,
        "new_tokens": usage.new,
        **({"reasoning_tokens": usage.reasoning} if usage.reasoning else {}),
        **({"written_tokens": usage.written} if usage.written else {}),
        **({} if prices is None else {"cost": prices.cost(usage)}),
    }
