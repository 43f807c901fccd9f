"""The score that all documents of an exam would give, from a random part of them and what other runs made of all."""

# A run asked n of N documents, drawn at random (--limit n --limit_order random). Runs of other models asked all of
# them: the share of these that are right on a document predicts it. Then
#
#   ``mean of predictions over N  +  mean of (right - predicted) over n``
#
# is the score of all N, with the error of ``right - predicted``: valid however bad the predictions are, and surer by as
# much as they predict (:mod:`~proctor.analysis.subsets`). Tasks are drawn apart, so a group's error is that of strata.
#
# What would make it wrong is refused with a reason: the first n documents, which are no sample; a run that stopped when
# its scores were clear; predictions that some documents lack.
#
# Source: A. Angelopoulos et al., 2301.09633; W. G. Cochran, "Sampling Techniques", 1977, sections 5.3 and 7.6.

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from proctor.analysis.run_audit import RunAudit, ScoreAudit
from proctor.analysis.subsets import SubsetScore, prediction_powered
from proctor.analysis.task_scores import Metric, read_task
from proctor.analysis.wording import named, names_by_reason, number
from proctor.errors import DataError
from proctor.plurals import counted
from proctor.results.stored_run import Identity, StoredRun
from proctor.stats.intervals import Interval, Z


@dataclass(frozen=True, slots=True)
class PredictedScore:
    """A task or group.

    Attributes:
        name: Its name.
        metric: Metric and filter.
        n: Documents that the run asked.
        documents: N, all of them.
        runs: How many runs predict.
        score: The estimate; None: there is none.
        reason: Why there is none.
        within: What the score cannot leave: 0 to 1 of scores and predictions that are shares; None: not known.
    """

    name: str
    metric: Metric
    n: int
    documents: int
    runs: int
    score: SubsetScore | None
    reason: str | None = None
    within: Interval | None = None

    @property
    def interval(self) -> Interval | None:
        """Of the score of all documents, at 95 %; None where there is none."""
        if self.score is None or self.score.stderr is None:
            return None
        half = Z * self.score.stderr
        low, high = self.score.estimate - half, self.score.estimate + half
        return (low, high) if self.within is None else (max(low, self.within[0]), min(high, self.within[1]))

    @property
    def sentence(self) -> str:
        """What was found, in one line."""
        if self.score is None:
            return f"{self.name}: no score of all documents is predicted, for {self.reason}."
        start = f"{self.name}: {self.metric[0]} of all {counted(self.documents, 'document')} is "
        start += number(self.score.estimate, 3)
        if self.interval is None or self.score.stderr_random is None:
            return f"{start}; how sure that is cannot be said."
        low, high = self.interval
        by = f"by {counted(self.n, 'document')} and the predictions of {counted(self.runs, 'run')}"
        error = f"error {number(self.score.stderr, 4)}, without predictions {number(self.score.stderr_random, 4)}"
        return f"{start} (95 %: {number(low, 3)} to {number(high, 3)}), {by}; {error}."


def predicted_scores(audit: RunAudit, references: Sequence[StoredRun]) -> tuple[PredictedScore, ...]:
    """The score of all documents of each task, and of each group whose tasks all have one.

    Args:
        audit: Of the run that asked a part.
        references: Runs that asked all, of other models; at least one.
    """
    found: dict[str, PredictedScore] = {}
    for task in audit.tasks:
        if task.main is not None and task.reason is None:
            found[task.task] = _of_task(audit.run, task.task, task.main, references)
    groups = [group for one in audit.groups if (group := _of_group(one.group, one.tasks, found)) is not None]
    return (*groups, *found.values())


def _of_task(run: StoredRun, task: str, main: ScoreAudit, references: Sequence[StoredRun]) -> PredictedScore:
    metric = main.metric
    own = read_task(run, task).scores.get(metric, {})
    size = run.section("n-samples", task).get("original")
    documents = size if isinstance(size, int) and size >= len(own) else len(own)
    predictions, runs = _predictions(task, metric, references)

    def without(reason: str) -> PredictedScore:
        return PredictedScore(task, metric, len(own), documents, runs, None, reason)

    if not own:
        return without("its documents have no scores of their own")
    if run.early_stop(task) is not None:
        return without("the run stopped early, when its own scores were clear")
    if len(own) < documents and run.section("config").get("limit_order") != "random":
        return without("its documents are no random sample (--limit N --limit_order random draws one)")
    if not runs:
        return without(f"no run that predicts has {metric[0]} of it")
    if len(predictions) != documents or not own.keys() <= predictions.keys():
        there = len(predictions)
        return without(f"the runs that predict have scores of {there:,} documents, and these are not its {documents:,}")
    mean = math.fsum(predictions.values()) / len(predictions)
    score = prediction_powered(list(own.values()), [predictions[key] for key in own], mean, documents)
    within = (0.0, 1.0) if all(0 <= value <= 1 for value in own.values()) else None
    return PredictedScore(task, metric, len(own), documents, runs, score, within=within)


def _predictions(task: str, metric: Metric, references: Sequence[StoredRun]) -> tuple[Mapping[Identity, float], int]:
    """What the runs make of each document on average, of those that all of them have; and how many runs there are."""
    columns: list[Mapping[Identity, float]] = []
    for reference in references:
        if task not in reference.tasks:
            continue
        try:
            column = read_task(reference, task).scores.get(metric, {})
        except DataError:
            continue
        if column:
            columns.append(column)
    if not columns:
        return {}, 0
    common = [key for key in columns[0] if all(key in one for one in columns)]
    return {key: math.fsum(one[key] for one in columns) / len(columns) for key in common}, len(columns)


def _of_group(name: str, tasks: Sequence[str], found: Mapping[str, PredictedScore]) -> PredictedScore | None:
    parts = [(one, one.score) for task in tasks if (one := found.get(task)) is not None and one.score is not None]
    if len(parts) < 2 or len(parts) < len(tasks):
        return None
    total = sum(one.documents for one, _ in parts)
    weights = [one.documents / total for one, _ in parts]

    def together(stderrs: Sequence[float | None]) -> float | None:
        known = [stderr for stderr in stderrs if stderr is not None]
        if len(known) < len(stderrs):
            return None
        return math.sqrt(math.fsum((weight * stderr) ** 2 for weight, stderr in zip(weights, known, strict=True)))

    scores = [score for _, score in parts]
    score = SubsetScore(
        math.fsum(weight * score.estimate for weight, score in zip(weights, scores, strict=True)),
        together([score.stderr for score in scores]),
        together([score.stderr_plain for score in scores]),
        together([score.stderr_random for score in scores]),
    )
    asked, runs = sum(one.n for one, _ in parts), max(one.runs for one, _ in parts)
    within = (0.0, 1.0) if all(one.within for one, _ in parts) else None
    return PredictedScore(name, parts[0][0].metric, asked, total, runs, score, within=within)


def predicted_lines(found: Sequence[PredictedScore]) -> Iterator[str]:
    """What is said of all of them: groups and tasks that have a score, then why others have none.

    Args:
        found: Of :func:`predicted_scores`.
    """
    yield from (one.sentence for one in found if one.score is not None)
    without = [(one.reason, one.name) for one in found if one.score is None and one.reason is not None]
    for reason, names in names_by_reason(without).items():
        yield f"No score of all documents is predicted for {named(names, 8)}: {reason}."
