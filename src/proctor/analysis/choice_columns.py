"""The choices of a task as columns: options, log-likelihoods, golds; of several tasks, joined."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from proctor.analysis.option_kinds import speaking_positions
from proctor.analysis.task_scores import Metric, TaskScores
from proctor.results.choice_view import ChoiceView
from proctor.results.stored_run import Identity


@dataclass(frozen=True)
class Choices:
    """Documents that are choices, with their score by one metric; all sequences have one value for each of them.

    Attributes:
        metric: The metric that scored them.
        views: What was chosen among what.
        right: The score of each; 0 or 1 where the metric counts right answers.
        all_none: The positions of options that speak of all or none of the others ("none of the above").
        unknown: Choices whose gold is not known: they are in no column.
    """

    metric: Metric
    views: Sequence[ChoiceView] = field(default=())
    right: Sequence[float] = field(default=())
    all_none: Sequence[tuple[int, ...]] = field(default=())
    unknown: int = 0

    @cached_property
    def by_label(self) -> bool:
        """Whether all are choices of bare labels, which stand in the prompt in an order."""
        return bool(self.views) and all(view.by_label for view in self.views)


def choices_of(metric: Metric, scores: TaskScores, found: Mapping[Identity, ChoiceView]) -> Choices:
    """The choices of a task that a metric has scored.

    Args:
        metric: The metric and its filter.
        scores: The task.
        found: What was chosen, by document.
    """
    column = scores.scores.get(metric, {})
    chosen = [(found[key], score) for key, score in column.items() if key in found]
    known = [(view, score) for view, score in chosen if view.golds]
    views = [view for view, _ in known]
    all_none = [speaking_positions(view.texts) for view in views]
    return Choices(metric, views, [score for _, score in known], all_none, len(chosen) - len(known))


def joined_choices(parts: Iterable[Choices]) -> Choices | None:
    """The choices of several tasks as one; None where they were scored by different metrics, or there are none.

    Args:
        parts: Of each task.
    """
    known = [part for part in parts if part.views]
    if not known or len({part.metric for part in known}) > 1:
        return None
    return Choices(
        known[0].metric,
        [view for part in known for view in part.views],
        [score for part in known for score in part.right],
        [positions for part in known for positions in part.all_none],
        sum(part.unknown for part in known),
    )
