"""Rows to forward for scoring: what several continuations share is forwarded once.

Two continuations whose inputs are the same ids (an answer letter after one question, say)
are one row. Rows are sorted longest first, in lm-eval's order, so that with the same batch
size the batches are lm-eval's too and reduced precision gives the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from proctor.models.prefix.ids import Ids


@dataclass(frozen=True, slots=True)
class Span:
    """Tokens to score after a context; ``owner`` says for whom. Spans of one context share its array."""

    owner: int
    context: Ids
    scored: Ids

    @property
    def tokens(self) -> Ids:
        """All ids, put together anew."""
        return np.concatenate((self.context, self.scored))

    @property
    def count(self) -> int:
        """How many tokens are scored."""
        return len(self.scored)


@dataclass(frozen=True, slots=True)
class Row:
    """One input and all the spans that its forward pass answers; ``lead`` is the longest of them."""

    lead: Span
    spans: tuple[Span, ...]


def make_span(owner: int, context: Ids | Sequence[int], continuation: Ids | Sequence[int]) -> Span:
    """Tokens to score after a context.

    Args:
        owner: The number under which the result is given.
        context: Token ids, at least one.
        continuation: Token ids to score, at least one.
    """
    return Span(owner, np.asarray(context, dtype=np.int32), np.asarray(continuation, dtype=np.int32))


def make_rows(spans: Sequence[Span], *, share: bool, within: int | None = None) -> list[Row]:
    """Group spans with equal inputs and sort the rows longest first.

    Args:
        spans: All spans of a call.
        share: False: every span is a row of its own.
        within: Only spans among so many successive ones share a row; None: all.
    """
    if not share:
        return _sorted([Row(span, (span,)) for span in spans])
    contexts: dict[int, bytes] = {}
    groups: dict[tuple[int, bytes], list[Span]] = {}
    for place, span in enumerate(spans):
        key = contexts.get(id(span.context))
        if key is None:
            key = contexts[id(span.context)] = span.context.tobytes()
        if len(span.scored) > 1:
            key += span.scored[:-1].tobytes()
        groups.setdefault((place // within if within else 0, key), []).append(span)
    return _sorted([Row(max(members, key=lambda span: span.count), tuple(members)) for members in groups.values()])


def _sorted(rows: Iterable[Row]) -> list[Row]:
    return sorted(
        rows,
        key=lambda row: (-len(row.lead.context) - row.lead.count, row.lead.tokens.astype(">u4").tobytes()),
    )


def input_lengths(rows: Iterable[Row], max_length: int) -> list[int]:
    """The tokens that each span alone would put into the model.

    Args:
        rows: The rows of the spans.
        max_length: The model's limit in tokens.
    """
    return [min(len(span.context) + span.count - 1, max_length) for row in rows for span in row.spans]
