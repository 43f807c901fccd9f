"""What every kind of model needs and none owns: batch sizes, counters, requests by kind.

Standard library only; whatever touches a device lives with the model that has one.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from proctor.errors import ModelError, UsageError
from proctor.types import Generate, Loglikelihood, Request, Rolling

log = logging.getLogger("proctor")


@dataclass(frozen=True, slots=True)
class BatchSize:
    """How many rows a batch may have. ``rows`` None: as many as the token budget allows.

    ``points``: the N of ``auto:N``, the number of places at which batch sizes are reported.
    """

    rows: int | None
    auto: bool = False
    points: int = 1

    def reported(self, passes: Iterable[Sequence[int]]) -> list[int]:
        """What the results say of batch sizes found by ``auto``; empty where one size was given.

        Args:
            passes: Lists of the requests per pass; the longest list is reported, at ``points`` places.
        """
        sizes = max(passes, key=len, default=())
        if not self.auto or not sizes:
            return []
        points = min(self.points, len(sizes))
        return [sizes[point * len(sizes) // points] for point in range(points)]


def parse_batch_size(value: int | str | None, maximum: int | None = None) -> BatchSize:
    """``8``, ``"8"``, ``"auto"`` or ``"auto:4"``; ``maximum`` bounds the rows of ``auto``."""
    if maximum is not None and (isinstance(maximum, bool) or not isinstance(maximum, int) or maximum < 1):
        raise UsageError(f"max_batch_size is {maximum!r}; it must be a whole number of at least 1.")
    if value is None:
        return BatchSize(1)
    text = str(value).strip()
    kind, colon, points = text.partition(":")
    if kind == "auto":
        try:
            number = float(points) if colon else 1.0
        except ValueError:
            number = 0.0
        if number < 1:
            raise _wrong_batch_size(value)
        return BatchSize(maximum, auto=True, points=int(number))
    if isinstance(value, bool) or not text.isdecimal() or int(text) < 1:
        raise _wrong_batch_size(value)
    return BatchSize(int(text))


def _wrong_batch_size(value: object) -> UsageError:
    return UsageError(
        f"The batch size {value!r} makes no sense.", hint="Give a number of at least 1, 'auto', or 'auto:N' (N >= 1)."
    )


def given(args: Any, key: str, keyword: Any, default: Any) -> Any:
    """A value that may stand in ``--model_args`` and as a keyword: a keyword that is not the default wins."""
    if keyword is not None and keyword != default:
        return keyword
    inside = args.get(key)
    return default if inside is None else inside


@dataclass(frozen=True, slots=True)
class Budget:
    """The bounds of one batch: rows, tokens with padding, and rows that need the whole vocabulary."""

    tokens: int
    heads: int
    rows: int | None = None

    def stop(self, widths: Sequence[int], heads: Sequence[int], start: int) -> int:
        """Where the batch that begins at ``start`` ends; ``widths`` descend. One row always fits."""
        width, head, stop = widths[start], heads[start], start + 1
        while stop < len(widths) and (self.rows is None or stop - start < self.rows):
            # Widths descend, so the first row's width is that of the batch; shorter rows are padded to it.
            head += heads[stop]
            if width * (stop + 1 - start) > self.tokens or head > self.heads:
                break
            stop += 1
        return stop

    def halved(self, rows: int, width: int, heads: int) -> Budget:
        """The budget after a batch of that size did not fit into memory."""
        # From the batch that failed and not from the budget, which may have been far larger than that batch.
        return replace(self, tokens=max(1, rows // 2) * width, heads=max(1, heads // 2))


@dataclass(slots=True)
class WarningCounter:
    """Counts what a run should know of, and warns of each kind once."""

    counts: Counter[str] = field(default_factory=Counter)
    warned: set[str] = field(default_factory=set)

    def note(self, kind: str, sentence: str, count: int = 1) -> None:
        """Count ``kind``; the first time, say ``sentence``."""
        self.counts[kind] += count
        if kind not in self.warned:
            self.warned.add(kind)
            log.warning(sentence)


def by_kind(
    requests: Sequence[Request],
) -> tuple[list[tuple[int, Loglikelihood]], list[tuple[int, Rolling]], list[tuple[int, Generate]]]:
    """Split a mixed list into its three kinds, each with its position."""
    scored: list[tuple[int, Loglikelihood]] = []
    rolled: list[tuple[int, Rolling]] = []
    generated: list[tuple[int, Generate]] = []
    for index, request in enumerate(requests):
        if isinstance(request, Loglikelihood):
            scored.append((index, request))
        elif isinstance(request, Rolling):
            rolled.append((index, request))
        elif isinstance(request, Generate):
            generated.append((index, request))
        else:
            raise ModelError("This model scores continuations, and cannot choose an option by a label.")
    return scored, rolled, generated
