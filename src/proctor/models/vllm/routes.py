"""How tokens are scored by vLLM: what is requested of it, and which of its numbers are believed."""

# Routes
# ------
# lm-eval requests the log-probabilities of every prompt token (``prompt_logprobs``), one request an option. vLLM then
# computes the whole prompt anew each time, whatever its prefix cache holds. The routes here read the cache instead:
#
#   name             prompt            what is requested                          for
#   named_ids    B   context           log-probabilities of named ids             options of one token: one request
#   top_ids      B2  context           those of the k likeliest ids               the same, vLLM before 0.21
#   cached_rows  C   context + scored  rows of prompt tokens, cache read          several tokens
#   rest_rows    H   context + scored  the same, the first token by B             where the context fills whole blocks
#   named_rows   P   context + scored  one named id a row, from the context on    several tokens, ``scoring=named``
#   prompt_rows  A   context + scored  rows of prompt tokens, cache not read      all else: lm-eval's own way
#
#   prompt          c c c c | c c c s   s s
#   cache block     [  0  ] | [  1  ]            rows of cached tokens were never computed: what vLLM hands over for
#   row predicts      c c c   c c c s   s s      them is memory that nobody has written. Rows of scored tokens must
#                                                lie behind them. Where a context fills its last block, that block
#                                                would hide the row of the first scored token (see H); B computes the
#                                                last block of its prompt in any case.
#
# Weighed and left out: a request a node of the token tree (exact, four times slower), ``allowed_token_ids`` (does not
# name what is returned), pooling hidden states (also skips the cache, and a head outside the engine is wrong for models
# that scale logits), forced decoding by a logits processor (slower from a few tokens on).
#
# Invariant: a row is believed only if no more tokens came from the cache than stand before it, it holds the id that was
# scored, and its value is a log-probability. Whatever is not believed is computed again by A and counted. Requests
# with named ids never stand in one call with requests for the k likeliest: the latter then lose theirs (vLLM 0.32).

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

MOST_NAMED = 128
"""The most ids that vLLM lets one name in a request."""
TOP = 64
"""How many of the likeliest ids are requested where none can be named."""
HIGHEST = 1e-4
"""What rounding makes of a log-probability of 0 at most."""


class Route(StrEnum):
    """How tokens are scored; the names stand in the results file."""

    NAMED_IDS = "named_ids"
    TOP_IDS = "top_ids"
    CACHED_ROWS = "cached_rows"
    REST_ROWS = "rest_rows"
    NAMED_ROWS = "named_rows"
    PROMPT_ROWS = "prompt_rows"


_SCORED = {"temperature": 0, "max_tokens": 1, "detokenize": False}
_CACHED = {**_SCORED, "prompt_logprobs": 1, "skip_reading_prefix_cache": False}
_SETTINGS: Mapping[Route, Mapping[str, Any]] = {
    Route.TOP_IDS: {**_SCORED, "logprobs": TOP},
    Route.CACHED_ROWS: _CACHED,
    Route.REST_ROWS: _CACHED,
    Route.PROMPT_ROWS: {**_SCORED, "prompt_logprobs": 1},
}


@lru_cache(maxsize=4096)
def _named(ids: tuple[int, ...]) -> Mapping[str, Any]:
    return {**_SCORED, "logprob_token_ids": list(ids)}


class TokenScore(NamedTuple):
    """The score of successive tokens of a continuation."""

    logprob: float
    greedy: bool


@dataclass(frozen=True, slots=True)
class Part:
    """Successive tokens of one continuation, which one request scores.

    Attributes:
        work: The number of the continuation among those of its call.
        ids: The tokens.
        first: Whether the first token of the continuation is among them.
        last: Whether its last one is.
    """

    work: int
    ids: tuple[int, ...]
    first: bool
    last: bool


@dataclass(frozen=True, slots=True)
class ScoringRequest:
    """One request to the engine, and what is read from its output.

    Attributes:
        route: How it is scored.
        prompt: Token ids.
        parts: What it scores; several only where each is one token after the prompt.
    """

    route: Route
    prompt: tuple[int, ...]
    parts: tuple[Part, ...]

    @property
    def settings(self) -> Mapping[str, Any]:
        """The arguments of ``vllm.SamplingParams``; equal ones are one object."""
        if self.route is Route.NAMED_IDS:
            return _named(tuple(self.named))
        if self.route is not Route.NAMED_ROWS:
            return _SETTINGS[self.route]
        [part] = self.parts
        return {
            **_SCORED,
            "prompt_logprob_start": len(self.prompt) - len(part.ids) - 1,
            "prompt_logprob_token_ids": [[one] for one in part.ids],
            "skip_reading_prefix_cache": False,
        }

    @property
    def named(self) -> list[int]:
        """The ids of all parts, each once."""
        return list(dict.fromkeys(part.ids[0] for part in self.parts))

    def read(self, output: Any) -> list[TokenScore | None]:
        """The score of each part; None where a number is not to be believed.

        Args:
            output: vLLM's ``RequestOutput``.
        """
        if self.route in (Route.NAMED_IDS, Route.TOP_IDS):
            return self._next_token(output)
        [part] = self.parts
        before = len(self.prompt) - len(part.ids)
        if self.route is Route.PROMPT_ROWS:
            return [_rows(output.prompt_logprobs, part.ids, strict=False)]
        # Row ``before`` is computed with token ``before - 1``, which must not have come from the cache.
        cached = getattr(output, "num_cached_tokens", None)
        if not isinstance(cached, int) or cached > before - 1:
            return [None]
        if self.route is Route.NAMED_ROWS:
            return [_named_rows(getattr(output, "prompt_token_id_logprobs", None), part.ids)]
        return [_rows(output.prompt_logprobs, part.ids, strict=True)]

    def _next_token(self, output: Any) -> list[TokenScore | None]:
        try:
            row = _values(output.outputs[0].logprobs[0])
        except (TypeError, IndexError, AttributeError):
            return [None] * len(self.parts)
        return [_token(row, part.ids[0], strict=True) for part in self.parts]


def _rows(rows: Any, ids: Sequence[int], *, strict: bool) -> TokenScore | None:
    """The score of the last tokens of a prompt.

    Args:
        rows: Per prompt token a mapping from ids to log-probabilities; an engine may leave out cached ones.
        ids: The last tokens.
        strict: Believe log-probabilities only; else also NaN and minus infinity, which are the model's own then.
    """
    if rows is None or len(rows) < len(ids):
        return None
    total, greedy = 0.0, True
    # From the end: one runner of vLLM gives a row for each token, another one those that it computed.
    for row, one in zip(rows[len(rows) - len(ids) :], ids, strict=True):
        score = None if row is None else _token(_values(row), one, strict=strict)
        if score is None:
            return None
        total, greedy = total + score.logprob, greedy and score.greedy
    return TokenScore(total, greedy)


def _named_rows(rows: Any, ids: Sequence[int]) -> TokenScore | None:
    """The same where one id was named a row; which token is likeliest is then not known, and none counts as greedy."""
    if rows is None or len(rows) != len(ids):
        return None
    values = [float(row[0]) for row in rows]
    return TokenScore(sum(values), False) if all(map(is_logprob, values)) else None


def _values(row: Mapping[int, Any]) -> dict[int, float]:
    """Ids with their log-probabilities, which are plain numbers in old releases."""
    return {one: float(getattr(value, "logprob", value)) for one, value in row.items()}


def _token(row: Mapping[int, float], one: int, *, strict: bool) -> TokenScore | None:
    value = row.get(one)
    if value is None or (strict and not is_logprob(value)):
        return None
    # lm-eval: the likeliest of the row, ties included; a rank counts ties as worse.
    return TokenScore(value, value >= max(row.values()))


def is_logprob(value: float) -> bool:
    """Whether a number can be a log-probability that was computed.

    Args:
        value: The number.
    """
    return math.isfinite(value) and value <= HIGHEST
