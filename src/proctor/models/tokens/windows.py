"""What of a text a model takes: the one home of truncation to its limit."""

# Too long texts lose their beginning, as in lm-eval: what is scored, or generated after, stands at the end.
#
#   context and continuation    c c c c c s s      the last token predicts nothing, so it is no input
#   input, limit 4                 [c c c s]       scored_input
#   prompt, limit 4             p p [p p p p]      last_tokens
#   whole text, limit 4         P > 0 1 2 3        rolling_windows: context > scored, P the prefix token;
#                               3 > 4 5 6 7        every token is scored exactly once, and the last window
#                               5 6 7 > 8 9        gets as much context as fits
#
# Invariant: no input is longer than the limit. lm-eval truncates at the same places, so scores are equal.

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from proctor.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Pair = tuple[list[int], list[int]]
"""The ids of a context and of what is scored after it."""

TokenIds = TypeVar("TokenIds", list[int], "NDArray[np.int32]")


def scored_input(tokens: TokenIds, max_length: int) -> TokenIds:
    """What goes into a causal model so that the last tokens of a text are scored.

    Args:
        tokens: Context and continuation, at least one token.
        max_length: The model's limit in tokens, at least 1.

    Returns:
        All tokens but the last one, truncated at the left to ``max_length``.
    """
    return tokens[-(max_length + 1) :][:-1]


def last_tokens(tokens: TokenIds, most: int) -> TokenIds:
    """A text truncated at the left.

    Args:
        tokens: The text.
        most: How many tokens stay, at least 1.
    """
    return tokens[-most:]


def rolling_windows(tokens: Sequence[int], *, prefix: int, max_length: int, context: int = 1) -> list[Pair]:
    """Divide a text into (context, scored) windows; every token is scored exactly once.

    Args:
        tokens: The ids of the text.
        prefix: The id before the first token.
        max_length: The most inputs of a window, in tokens.
        context: The least tokens of context of a window after the first; the last one gets as many as fit.

    Raises:
        UsageError: ``max_length`` is below 1.
    """
    if max_length < 1:
        raise UsageError(f"max_length is {max_length}; rolling windows need at least 1.")
    windows: list[Pair] = []
    done = 0
    while done < len(tokens):
        end = min(done + (max_length - context + 1 if done else max_length), len(tokens))
        before = [prefix] if done == 0 else list(tokens[end - max_length - 1 : done])
        windows.append((before, list(tokens[done:end])))
        done = end
    return windows
