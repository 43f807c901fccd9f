"""The choices of a task as columns: options, log-likelihoods, golds; of several tasks, joined."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from proctor.analysis.task_scores import Metric, TaskScores
from proctor.results.choice_view import ChoiceView
from proctor.results.stored_run import Identity


@dataclass(frozen=True, slots=True)
class Choices:
    """Documents that are choices, with their score by one metric; all sequences have one value for each of them.

    Attributes:
        metric: The metric that scored them.
        views: What was chosen among what.
        right: The score of each; 0 or 1 where the metric counts right answers.
        unknown: Choices whose gold is not known: they are in no column.
    """

    metric: Metric
    views: Sequence[ChoiceView] = field(default=())
    right: Sequence[float] = field(default=())
    unknown: int = 0

    @property
    def by_label(self) -> bool:
        """Whether all are choices of bare labels, which stand in the prompt in an order."""
        return bool(self.views) and all(view.by_label for view in self.views)


def choices_of(metric: Metric, scores: TaskScores, views: Mapping[Identity, ChoiceView]) -> Choices:
    """The choices of a task that a metric has scored.

    Args:
        metric: The metric and its filter.
        scores: The task.
        views: What was chosen, by document.
    """
    column = scores.scores.get(metric, {})
    chosen = [(views[key], score) for key, score in column.items() if key in views]
    known = [(view, score) for view, score in chosen if view.golds]
    return Choices(metric, [view for view, _ in known], [score for _, score in known], len(chosen) - len(known))


def joined_choices(parts: Iterable[Choices]) -> Choices | None:
    """The choices of several tasks as one; None where they were scored by different metrics, or there are none.

    Args:
        parts: Of each task.
    """
    known = [part for part in parts if part.views]
    if not known or len({part.metric for part in known}) > 1:
        return None
    views = [view for part in known for view in part.views]
    return Choices(known[0].metric, views, [score for part in known for score in part.right],
                   sum(part.unknown for part in known))  # fmt: skip
