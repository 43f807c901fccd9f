"""Whether a scope has been asked enough: its sets, look by look, and what is said of it in the end."""

# A look
# ------
#   order      d7 d2 d9 | d4 d1 d8 | ...        the scope's documents, chunk by chunk
#   values     by metric and filter, task and document, of what is graded      (MetricValues)
#   sets       of the score that is watched: the run stops by it
#              of the means of its tasks: what the results report instead of s/sqrt(n)
#
# A document that could not be graded has no score and is no part of the population, N is less by one. Scores of tasks
# within a group get alpha / (number of tasks): all of them hold together.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from proctor.analysis.betting import macro_weights
from proctor.analysis.stopping import ComparisonLook, RunningComparison, RunningMean, Weights
from proctor.errors import DataError
from proctor.run.opponent import Opponent
from proctor.run.scores import Key, MetricValues
from proctor.run.stop_scopes import MEAN, AskedDocument, Scope
from proctor.settings.early_stop import EarlyStop
from proctor.stats.intervals import Interval
from proctor.tasks.class_task import AnyTask

EndReason: TypeAlias = Literal["width", "decided", "paired", "all", "responses"]
"""Why no more was asked: the interval is narrow, the difference is decided, the other run has no further document,
nothing is left, or (graded again) there are no more stored responses."""

Values: TypeAlias = Mapping[tuple[str, int], float]
"""Scores by task and document."""


@dataclass(frozen=True, slots=True)
class ScopePlan:
    """A scope with what asking it takes.

    Attributes:
        scope: The scope.
        order: All its documents, in the order of asking.
        alpha: Its share of the run's alpha.
        opponent: The run that it is compared with; None: its score's interval decides.
    """

    scope: Scope
    order: Sequence[AskedDocument]
    alpha: float
    opponent: Opponent | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a scope ended.

    Attributes:
        asking: The scope.
        asked: Documents that were asked.
        looks: After how many documents there was a look.
        reason: Why it ended.
        score: The score that is watched, of what was graded; None: nothing was.
        comparison: With the other run.
        intervals: By name of the group or task, metric and filter, the values that are left.
    """

    asking: ScopePlan
    asked: int
    looks: Sequence[int]
    reason: EndReason
    score: float | None
    comparison: ComparisonLook | None
    intervals: Mapping[tuple[str, str, str], Interval] = field(default_factory=dict)

    @property
    def is_stopped(self) -> bool:
        """Whether documents were left out."""
        return self.asked < len(self.asking.order)

    @property
    def interval(self) -> Interval | None:
        """Of the score that is watched."""
        return self.intervals.get((self.asking.scope.name, *self.asking.scope.metric))


class ScopeWatch:
    """A scope while it is asked.

    Args:
        asking: The scope.
        rule: When it stops.
        values_by_task: The tasks' metric values, as they grow.
    """

    def __init__(self, asking: ScopePlan, rule: EarlyStop, values_by_task: Mapping[str, MetricValues]) -> None:
        self.asking, self._rule, self._values_by_task = asking, rule, values_by_task
        self._looks: list[int] = []
        self._means: dict[tuple[str, str, str], RunningMean] = {}
        opponent = asking.opponent
        self._comparison = None if opponent is None else RunningComparison(asking.alpha, opponent.bound)
        self._last: ComparisonLook | None = None
        self._score: float | None = None
        self._sizes = {task.spec.name: len(task.documents) for task in asking.scope.tasks}

    @property
    def has_looked(self) -> bool:
        """Whether a chunk was graded."""
        return bool(self._looks)

    def look(self, asked: int) -> EndReason | None:
        """Look at what was graded.

        Args:
            asked: How many documents were asked.

        Returns:
            Why nothing more is asked; None: more is.

        Raises:
            DataError: A score that is watched is no number between 0 and 1.
        """
        self._looks.append(asked)
        scope, order = self.asking.scope, self.asking.order[:asked]
        columns = {task.spec.name: self._columns(task) for task in scope.tasks}
        failed = self._failed(order, columns, scope.metric)
        self._look_at_means(order, columns)
        values = _of_all(columns, scope.metric)
        interval = self._look_at_scope(order, values, failed)
        if self._comparison is not None and self.asking.opponent is not None:
            self._last = self._compare(self._comparison, self.asking.opponent, order, values, failed)
        if asked == len(self.asking.order):
            return "all"
        if self._comparison is not None:
            return self._end_of_comparison(asked)
        wide = self._rule.width is None or interval is None or (interval[1] - interval[0]) / 2 > self._rule.width
        return None if wide else "width"

    def _end_of_comparison(self, asked: int) -> EndReason | None:
        if self._last is not None and self._last.is_decided:
            return "decided"
        there = {} if self.asking.opponent is None else self.asking.opponent.scores
        left = any((one.task, one.doc_id) in there for one in self.asking.order[asked:])
        return None if left else "paired"

    def outcome(self, asked: int, reason: EndReason) -> Outcome:
        """How it ended.

        Args:
            asked: How many documents were asked.
            reason: Why.
        """
        intervals = {key: mean.interval for key, mean in self._means.items() if mean.interval is not None}
        return Outcome(self.asking, asked, tuple(self._looks), reason, self._score, self._last, intervals)

    def _columns(self, task: AnyTask) -> Mapping[Key, dict[int, Any]]:
        """Of each metric that is a mean, its value by document."""
        uses = {use.name: use.aggregation_name for use in (*task.uses, *task.derived.values())}
        found: dict[Key, dict[int, Any]] = {}
        for key, column in self._values_by_task[task.spec.name].columns.items():
            # lm-eval: what only process_results knows is averaged.
            if uses.get(key[0], MEAN) == MEAN:
                canonical = column.canonical
                found[key] = dict(zip(canonical.doc_ids, canonical.values, strict=True))
        return found

    def _failed(
        self, order: Sequence[AskedDocument], columns: Mapping[str, Mapping[Key, dict[int, Any]]], metric: Key
    ) -> dict[str, int]:
        """Documents without a score, by task; a score that is no share is an error."""
        failed = dict.fromkeys(self._sizes, 0)
        for one in order:
            value = columns[one.task].get(metric, {}).get(one.doc_id)
            if value is None:
                failed[one.task] += 1
            elif not _is_share(value):
                raise DataError(
                    f"Task '{one.task}', document {one.doc_id}: {metric[0]} is {value!r}, and --early_stop watches "
                    "means of values between 0 and 1.",
                    hint="metric=NAME names another score. What was asked so far is stored.",
                )
        return failed

    def _look_at_scope(
        self, order: Sequence[AskedDocument], values: Values, failed: Mapping[str, int]
    ) -> Interval | None:
        scope = self.asking.scope
        known = [one for one in order if (one.task, one.doc_id) in values]
        if not known:
            return None
        scores = [float(values[one.task, one.doc_id]) for one in known]
        weights = self._weights(known, failed)
        self._score = _mean(scores, None if weights is None else weights.values)
        mean = self._means.setdefault((scope.name, *scope.metric), RunningMean(self.asking.alpha))
        return mean.look(scores, len(self.asking.order) - sum(failed.values()), weights)

    def _weights(self, known: Sequence[AskedDocument], failed: Mapping[str, int]) -> Weights | None:
        if not self.asking.scope.is_macro:
            return None
        sizes = {name: size - failed[name] for name, size in self._sizes.items()}
        by_task, scale = macro_weights([max(1, size) for size in sizes.values()])
        weight = dict(zip(sizes, by_task, strict=True))
        return Weights([weight[one.task] for one in known], scale)

    def _look_at_means(
        self, order: Sequence[AskedDocument], columns: Mapping[str, Mapping[Key, dict[int, Any]]]
    ) -> None:
        """The other means of documents: those of the scope's tasks."""
        scope, of_task = self.asking.scope, dict[str, list[int]]()
        for one in order:
            of_task.setdefault(one.task, []).append(one.doc_id)
        for name, found in columns.items():
            for key, by_document in found.items():
                if (name, *key) == (scope.name, *scope.metric):
                    continue
                asked = of_task.get(name, [])
                scores = [by_document[doc_id] for doc_id in asked if doc_id in by_document]
                if not scores or not all(map(_is_share, scores)):
                    continue
                alpha = self.asking.alpha / len(columns)
                mean = self._means.setdefault((name, *key), RunningMean(alpha))
                mean.look([float(score) for score in scores], self._sizes[name] - len(asked) + len(scores))

    def _compare(
        self,
        comparison: RunningComparison,
        opponent: Opponent,
        order: Sequence[AskedDocument],
        values: Values,
        failed: Mapping[str, int],
    ) -> ComparisonLook | None:
        known = [one for one in order if (one.task, one.doc_id) in values and (one.task, one.doc_id) in opponent.scores]
        if not known:
            return None
        own = [float(values[one.task, one.doc_id]) for one in known]
        other = [opponent.scores[one.task, one.doc_id] for one in known]
        lost = sum((one.task, one.doc_id) in opponent.scores and (one.task, one.doc_id) not in values for one in order)
        return comparison.look(own, other, len(opponent.scores) - lost, self._weights(known, failed))


def _of_all(columns: Mapping[str, Mapping[Key, dict[int, Any]]], metric: Key) -> Values:
    return {(task, doc_id): value for task, found in columns.items() for doc_id, value in found.get(metric, {}).items()}


def _is_share(value: Any) -> bool:
    return isinstance(value, int | float) and 0 <= value <= 1


def _mean(scores: Sequence[float], weights: Sequence[float] | None) -> float:
    if weights is None:
        return sum(scores) / len(scores)
    return sum(score * weight for score, weight in zip(scores, weights, strict=True)) / sum(weights)
