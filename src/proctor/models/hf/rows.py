"""Rows to forward for scoring: what several continuations share is forwarded once.

Two continuations whose inputs are the same ids (an answer letter after one question, say)
are one row. Rows are sorted longest first, in lm-eval's order, so that with the same batch
size the batches are lm-eval's too and reduced precision gives the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Span:
    """``count`` tokens to score at the end of ``tokens``; ``owner`` says for whom."""

    owner: int
    tokens: Ids
    count: int

    @property
    def context(self) -> Ids:
        """The ids before the scored ones."""
        return self.tokens[: -self.count]

    @property
    def scored(self) -> Ids:
        """The ids to score."""
        return self.tokens[-self.count :]


@dataclass(frozen=True, slots=True)
class Row:
    """One input and all the spans that its forward pass answers; ``lead`` is the longest of them."""

    lead: Span
    spans: tuple[Span, ...]


def make_span(owner: int, context: Sequence[int], continuation: Sequence[int]) -> Span:
    """A span of a context and a continuation of at least one token each."""
    return Span(owner, np.array([*context, *continuation], dtype=np.int32), len(continuation))


def make_rows(spans: Iterable[Span], *, share: bool) -> list[Row]:
    """Group spans with equal inputs (if ``share``) and sort the rows longest first."""
    groups: dict[object, list[Span]] = {}
    for number, span in enumerate(spans):
        key: object = span.tokens[:-1].tobytes() if share else number
        groups.setdefault(key, []).append(span)
    rows = [Row(max(members, key=lambda span: span.count), tuple(members)) for members in groups.values()]
    rows.sort(key=lambda row: (-len(row.lead.tokens), row.lead.tokens.astype(">u4").tobytes()))
    return rows
