"""The score of a task so far, and the line of a whole run that shows it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from proctor.records import Record
from proctor.stats.intervals import wilson_interval

MIDDLE_DOT = " · "


@dataclass(slots=True)
class RunningScore:
    """The mean of a task's first metric so far.

    Attributes:
        metric: Its name; None: no record so far.
        filter: The filter.
        total: The sum of values.
        n: How many they are.
        is_share: Whether all of them are 0 or 1.
    """

    metric: str | None = None
    filter: str = ""
    total: float = 0.0
    n: int = 0
    is_share: bool = True

    def add(self, record: Record) -> None:
        """Take the value of a record, if it has one.

        Args:
            record: The record.
        """
        if record.variant or record.error is not None:
            return
        if self.metric is None:
            self.metric, self.filter = next(iter(record.metrics), None), record.filter
        value = record.metrics.get(self.metric) if record.filter == self.filter and self.metric else None
        # Metrics of corpora give tuples, and text metrics give pairs of texts: these have no mean.
        if isinstance(value, int | float) and math.isfinite(value):
            self.total += value
            self.n += 1
            self.is_share = self.is_share and value in (0, 1)

    def with_other(self, other: RunningScore) -> RunningScore:
        """The score of the documents of both.

        Args:
            other: Of the same task.
        """
        first = self if self.metric is not None else other
        share = self.is_share and other.is_share
        return RunningScore(first.metric, first.filter, self.total + other.total, self.n + other.n, share)

    def facts(self) -> dict[str, Any]:
        """Score and interval, where there are some."""
        if not self.n:
            return {}
        found: dict[str, Any] = {"metric": self.metric, "score": self.total / self.n, "n": self.n}
        if self.is_share:
            found["interval"] = list(wilson_interval(round(self.total), self.n))
        return found


def score_so_far(tasks: Mapping[str, Any]) -> str:
    """The score of a run of one task: ``acc so far 0.51 [0.49, 0.54]``; "" where there is none, or it would mislead.

    Args:
        tasks: Of a status, by name.
    """
    # Of several tasks some are done first, and these are easier or harder than the others.
    facts = next(iter(tasks.values()), None) if len(tasks) == 1 else None
    if not isinstance(facts, Mapping) or facts.get("score") is None:
        return ""
    text = f"{facts.get('metric')} so far {facts['score']:.2f}"
    interval = facts.get("interval")
    return text if interval is None else f"{text} [{interval[0]:.2f}, {interval[1]:.2f}]"


def time_left(seconds: float) -> str:
    """``40 s left``, ``3 min left``, ``2 h 5 min left``.

    Args:
        seconds: How long it will take.
    """
    if round(seconds) < 60:
        return f"{round(seconds)} s left"
    minutes = round(seconds / 60)
    return f"{minutes} min left" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min left"


def run_parts(document: Mapping[str, Any]) -> tuple[str, ...]:
    """What the line of a whole run says, the most important first; none of a run that has not begun to ask.

    Args:
        document: A status.
    """
    questions = document.get("questions") or {}
    done, total = questions.get("done") or 0, questions.get("total") or 0
    if not total:
        return ()
    parts = [f"{100 * done // total} %"]
    if document.get("eta") and document.get("phase") == "Answering":
        parts.append(time_left(document["eta"]))
    parts.append(f"{done:,} of {total:,} questions")
    score = score_so_far(document.get("tasks") or {})
    return (*parts, score) if score else tuple(parts)


def run_line(document: Mapping[str, Any], width: int | None = None) -> str:
    """The line of a whole run: ``12 % · 1,710 of 14,042 questions · 3 min left · acc so far 0.51 [0.49, 0.54]``.

    Args:
        document: A status.
        width: Letters there is room for; None: for all. What matters least is left out first.
    """
    parts = run_parts(document)
    order = {"questions": 1, "left": 2}
    shown = sorted(parts, key=lambda part: order.get(part.rsplit(" ", 1)[-1], 0 if part.endswith("%") else 3))
    for least in reversed(parts):
        if width is None or len(MIDDLE_DOT.join(shown)) <= width:
            break
        shown.remove(least)
    return MIDDLE_DOT.join(shown)
