"""How much there is to do, before it is done: requests, tokens, and tokens that are distinct.

Distinct are the beginnings of inputs, as in a trie: what a model must compute at least, if it
computes nothing twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from proctor.models.prefix.ids import Ids
from proctor.models.prefix.packs import Plan
from proctor.models.prefix.trie import build_trie


@dataclass(frozen=True, slots=True)
class PromptCost:
    """``requests`` as lm-eval counts them; ``tokens`` that they have together; ``distinct`` None: not known."""

    requests: int
    tokens: int
    distinct: int | None = None

    def __str__(self) -> str:
        text = f"{self.requests:,} {'request' if self.requests == 1 else 'requests'}, {many(self.tokens)} tokens"
        if self.distinct is None or not self.tokens:
            return text
        return f"{text}, {many(self.distinct)} distinct: sharing saves {100 - 100 * self.distinct / self.tokens:.0f} %"


def planned(plan: Plan, lengths: Sequence[int]) -> PromptCost:
    """The work of a plan.

    Args:
        plan: The plan.
        lengths: The tokens of each request, as they would be without sharing.
    """
    return PromptCost(len(lengths), sum(lengths), plan.nodes)


def count_distinct(inputs: Sequence[Ids]) -> int:
    """How many distinct prefixes some inputs have, in tokens.

    Args:
        inputs: Token ids, arrays of shape (tokens,).
    """
    return build_trie(inputs, [0] * len(inputs), range(len(inputs))).size


def many(number: int) -> str:
    """A number in short form: ``713``, ``39.4 k``, ``6.1 M``, ``2.0 G``.

    Args:
        number: A count, not negative.
    """
    for size, letter in ((10**9, "G"), (10**6, "M"), (10**4, "k")):
        if number >= size:
            unit = 1000 if letter == "k" else size
            return f"{number / unit:.1f} {letter}"
    return f"{number:,}"
