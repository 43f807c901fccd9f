"""Which requests score a set of continuations: by context, in the order of a prefix tree. Pure; no engine is needed."""

# How a plan is made
# ------------------
# Continuations with equal tokens are one (their owners share the score). What is left is sorted by token ids, so that
# texts with a common prefix are neighbours: the cache then holds what the next request shares. lm-eval sorts by length,
# which scatters them (measured: half of what the cache can save is lost).
#
#   context               continuations           requests
#   Q: .. A:              " 4"  " 6"  " 8"        B, one for all three
#   She opened            " the door." ...        C, one each
#   fills whole blocks    " the door." ...        B for all first tokens, H each for the rest
#
# How much of a prompt will come from the cache follows from its neighbour in the order: what they share, in whole
# blocks. So a request whose rows the cache would hide is known beforehand, and goes another way at once. Should the
# cache hold more than that (requests of earlier calls, a context that goes on with what another continuation scores),
# the rows are not believed, and computed again: see ``routes``.

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from proctor.models.prefix.ids import Ids, common_prefix
from proctor.models.prefix.rows import Span
from proctor.models.vllm.routes import MOST_NAMED, Part, Route, ScoringRequest


@dataclass(frozen=True, slots=True)
class Continuation:
    """Tokens to score after a context that fits with them; ``owners``: for whom, each once a span."""

    context: Ids
    scored: Ids
    owners: tuple[int, ...]

    @property
    def tokens(self) -> Ids:
        """All ids."""
        return np.concatenate((self.context, self.scored))


@dataclass(frozen=True, slots=True)
class Abilities:
    """What an engine can do, found by trying.

    Attributes:
        next_token: The route for options of one token; None: there is none.
        rows: The route for several tokens; None: there is none.
        block: Tokens of a block of the prefix cache; None: not known.
    """

    next_token: Route | None
    rows: Route | None
    block: int | None


PLAIN = Abilities(None, None, None)
"""Every request whole, as lm-eval does it."""


def unique(spans: Sequence[Span], limit: int) -> list[Continuation]:
    """The continuations of spans, truncated at the left and sorted by tokens, equal ones as one.

    Args:
        spans: Tokens to score.
        limit: The most tokens of a prompt.
    """
    owners: dict[tuple[bytes, bytes], list[int]] = {}
    found: dict[tuple[bytes, bytes], tuple[Ids, Ids]] = {}
    for span in spans:
        # lm-eval: the context loses its beginning.
        context = span.context[max(0, len(span.context) + span.count - limit) :]
        key = (context.tobytes(), span.scored.tobytes())
        owners.setdefault(key, []).append(span.owner)
        found.setdefault(key, (context, span.scored))
    works = [Continuation(*tokens, tuple(owners[key])) for key, tokens in found.items()]
    return sorted(works, key=lambda work: work.tokens.astype(">u4").tobytes())


def plan(works: Sequence[Continuation], abilities: Abilities) -> list[ScoringRequest]:
    """The requests that score continuations, in the order of a prefix tree.

    Args:
        works: Continuations, as :func:`unique` sorts them.
        abilities: What the engine can do.
    """
    requests: list[ScoringRequest] = []
    for group, cached in _groups(works, abilities.block):
        requests.extend(_plan_group(works, group, cached, abilities))
    return sorted(requests, key=lambda request: request.prompt)


def whole(number: int, work: Continuation) -> ScoringRequest:
    """The request that scores a continuation without the cache.

    Args:
        number: The number of the continuation.
        work: The continuation.
    """
    ids = tuple(work.scored.tolist())
    return ScoringRequest(Route.PROMPT_ROWS, tuple(work.tokens.tolist()), (Part(number, ids, True, True),))


def _groups(works: Sequence[Continuation], block: int | None) -> Iterator[tuple[list[int], list[int]]]:
    """Continuations of one context, with the tokens of each that the cache will have, as far as is known."""
    groups: dict[bytes, tuple[list[int], list[int]]] = {}
    before: Ids | None = None
    for number, work in enumerate(works):
        tokens = work.tokens
        shared = 0 if before is None else min(common_prefix(before, tokens), len(tokens) - 1)
        members, cached = groups.setdefault(work.context.tobytes(), ([], []))
        members.append(number)
        cached.append(shared // block * block if block else 0)
        before = tokens
    yield from groups.values()


def _plan_group(
    works: Sequence[Continuation], group: Sequence[int], cached: Sequence[int], abilities: Abilities
) -> Iterator[ScoringRequest]:
    next_token, rows, block = abilities.next_token, abilities.rows, abilities.block
    context = tuple(works[group[0]].context.tolist())
    full = bool(block) and len(context) % (block or 1) == 0
    firsts: list[Part] = []
    for number, hidden in zip(group, cached, strict=True):
        ids = tuple(works[number].scored.tolist())
        if next_token is not None and len(ids) == 1:
            firsts.append(Part(number, ids, True, True))
        elif rows is None or hidden > len(context):
            yield whole(number, works[number])
        elif not full and hidden < len(context):
            yield ScoringRequest(rows, (*context, *ids), (Part(number, ids, True, True),))
        elif next_token is not None and len(ids) > 1:
            firsts.append(Part(number, ids[:1], True, False))
            rest = Part(number, ids[1:], False, True)
            yield ScoringRequest(Route.REST_ROWS if rows is Route.CACHED_ROWS else rows, (*context, *ids), (rest,))
        else:
            yield whole(number, works[number])
    if next_token is not None:
        yield from _next_tokens(context, firsts, next_token)


def _next_tokens(context: tuple[int, ...], parts: Sequence[Part], route: Route) -> Iterator[ScoringRequest]:
    """One request for the options of a context, or several where more ids than one may name are scored."""
    ids = list(dict.fromkeys(part.ids[0] for part in parts))
    for start in range(0, len(ids), MOST_NAMED):
        named = frozenset(ids[start : start + MOST_NAMED])
        yield ScoringRequest(route, context, tuple(part for part in parts if part.ids[0] in named))
