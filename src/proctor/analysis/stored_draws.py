"""How much the choice of a prompt matters, of examples or seeds with it: runs of one model on the same documents."""

# Each run is a draw: a cell of prompt x seed. Scores of n documents under m draws are split into documents, draws and
# the rest (:mod:`~proctor.analysis.variance`), as within a run that draws its examples several times: the error of the
# mean over draws, and of one run, which a published score really has.
#
# Documents are paired by their text, so prompts may differ; a document that one of the runs has no score of is left
# out. What would make it wrong is refused with a reason: runs of different models, a run that stopped when its scores
# were clear, and the same run twice, which would look like a draw without any effect.
#
# Source: the two-way model with random effects, S. R. Searle, G. Casella, C. E. McCulloch, "Variance Components",
# 1992, chapter 4; quantiles over prompts: F. M. Polo et al., 2405.17202.

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias

from proctor.analysis.run_audit import RunAudit
from proctor.analysis.task_scores import Metric, TaskScores, read_task
from proctor.analysis.variance import VarianceComponents, variance_components
from proctor.analysis.wording import named, names_by_reason, number
from proctor.errors import DataError
from proctor.plurals import counted
from proctor.results.stored_run import StoredRun
from proctor.stats.intervals import Z

Rows: TypeAlias = list[tuple[float, ...]]
"""Of each document its score in each run."""


@dataclass(frozen=True, slots=True)
class StoredDraws:
    """A task or group under the prompts of several runs.

    Attributes:
        name: Its name.
        metric: Metric and filter.
        documents: Those that have a score in each run.
        left_out: Documents of the audited run that another one has no score of.
        components: Where the spread of scores comes from; None: that cannot be said.
        reason: Why not.
    """

    name: str
    metric: Metric
    documents: int
    left_out: int
    components: VarianceComponents | None
    reason: str | None = None

    @property
    def sentence(self) -> str:
        """What was found, in one line."""
        found, metric = self.components, self.metric[0]
        if found is None:
            return f"{self.name}: nothing is said of prompts, for {self.reason}."
        low, high = min(found.by_draw), max(found.by_draw)
        line = f"{self.name}: {metric} {number(found.mean, 4)} ± {number(Z * found.stderr_mean, 4)} over "
        line += f"{counted(len(found.by_draw), 'run')} ({number(low, 4)} to {number(high, 4)}; "
        line += f"{counted(self.documents, 'document')}). One run is sure to ± {number(Z * found.stderr_one_draw, 4)}"
        if found.draw_share is None:
            return f"{line}: no score varies."
        line += f": of the spread, {100 * found.draw_share:.0f} % is the choice of prompt and examples"
        if found.quantiles is not None:
            low, middle, high = (number(one, 4) for one in found.quantiles)
            line += f"; 5, 50 and 95 % of runs score {low}, {middle} and {high} at most"
        return f"{line}."


def stored_draws(audit: RunAudit, others: Sequence[StoredRun]) -> tuple[StoredDraws, ...]:
    """What the spread over runs is made of, for each task and each group whose tasks all have it.

    Args:
        audit: Of one of the runs.
        others: The other ones; at least one.
    """
    runs = (audit.run, *others)
    rows: dict[str, Rows] = {}
    found: dict[str, StoredDraws] = {}
    for task in audit.tasks:
        if task.main is not None and task.reason is None:
            metric = task.main.metric
            found[task.task], rows[task.task] = _of_task(task.task, metric, runs)
    groups = [_of_group(one.group, one.score.metric, one.tasks, found, rows) for one in audit.groups]
    return (*(group for group in groups if group is not None), *found.values())


def _of_task(task: str, metric: Metric, runs: Sequence[StoredRun]) -> tuple[StoredDraws, Rows]:
    reason = _why_not(task, runs)
    scores: list[TaskScores] = []
    for run in runs if reason is None else ():
        try:
            scores.append(read_task(run, task))
        except DataError as error:
            reason = error.message.rstrip(".")
    columns = [one.scores.get(metric, {}) for one in scores]
    if reason is None and not all(columns):
        reason = f"one of the runs has no {metric[0]} of documents"
    rows: Rows = []
    if reason is None:
        rows = [tuple([one[key] for one in columns]) for key in columns[0] if all(key in one for one in columns)]
        reason = _why_no_draws(scores, rows)
    if reason is not None:
        return StoredDraws(task, metric, 0, 0, None, reason), []
    return StoredDraws(task, metric, len(rows), len(columns[0]) - len(rows), variance_components(rows)), rows


def _why_not(task: str, runs: Sequence[StoredRun]) -> str | None:
    names = dict.fromkeys(run.name for run in runs)
    if len(names) > 1:
        return f"the runs are of different models ({named(list(names), 3)})"
    if any(task not in run.tasks for run in runs):
        return "one of the runs has not asked it"
    return "one of the runs stopped early" if any(run.early_stop(task) is not None for run in runs) else None


def _why_no_draws(scores: Sequence[TaskScores], rows: Rows) -> str | None:
    if len(rows) < 2:
        return "the runs share fewer than two documents"
    prompts = [{key: one.prompt for key, one in task.documents.items()} for task in scores]
    for first, second in combinations(range(len(scores)), 2):
        if prompts[first] == prompts[second] and all(row[first] == row[second] for row in rows):
            return "two of the runs have the same prompts and the same scores, which makes them one"
    return None


def _of_group(
    name: str, metric: Metric, tasks: Sequence[str], found: Mapping[str, StoredDraws], rows: Mapping[str, Rows]
) -> StoredDraws | None:
    """All documents of a group's tasks, as its score has them; None where one of the tasks has none."""
    parts = [found[task] for task in tasks if task in found and found[task].metric == metric]
    if len(parts) < 2 or len(parts) < len(tasks) or any(one.components is None for one in parts):
        return None
    together = [row for one in parts for row in rows[one.name]]
    left_out = sum(one.left_out for one in parts)
    return StoredDraws(name, metric, len(together), left_out, variance_components(together))


def draws_lines(found: Sequence[StoredDraws]) -> Iterator[str]:
    """What is said of all of them: groups and tasks, then why others have nothing.

    Args:
        found: Of :func:`stored_draws`.
    """
    for one in found:
        if one.components is not None:
            yield one.sentence
            if one.left_out:
                yield f"{one.name}: {counted(one.left_out, 'document')} left out, which not every run has."
    without = [(one.reason, one.name) for one in found if one.components is None and one.reason is not None]
    for reason, names in names_by_reason(without).items():
        yield f"Nothing is said of prompts for {named(names, 8)}: {reason}."
