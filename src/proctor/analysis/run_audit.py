"""What an audit is asked for, and what it found: values, of scores, tasks, groups, a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from proctor.analysis.audit_choices import ChoiceAudit
from proctor.analysis.by_column import Cells
from proctor.analysis.groups import GroupMean
from proctor.analysis.intervals import ClusteredMean, ShareMethod
from proctor.analysis.task_scores import Metric
from proctor.results.stored_run import StoredRun
from proctor.results.text_state import TextState
from proctor.stats.intervals import Interval

if TYPE_CHECKING:
    from proctor.analysis.predicted_score import PredictedScore
    from proctor.analysis.stored_draws import StoredDraws

CLEAN = "_clean"
"""What the name of a score without excluded documents ends in."""
STOPPED = "the run stopped early, and this score has no interval that holds then"
"""Why a score has no interval."""
IntervalMethod: TypeAlias = Literal["wilson", "exact", "t", "clustered", "stderr", "groups", "bootstrap", "sequence"]


@dataclass(frozen=True, slots=True)
class AuditOptions:
    """What an audit is asked for.

    Attributes:
        metric: The audited metric; None: the first of each task.
        tasks: Names or patterns of tasks and groups; none: all.
        cluster: A column, or a template of columns, whose equal values make documents belong together; None: what
            the task declares, or what is certain without it.
        by: A column, or a template, by which scores are divided; None: they are not.
        interval: Of shares: "wilson", or "exact" (Clopper and Pearson's).
        details: Whether to look at the confidence of tasks inside of groups as well, and to fit temperatures: that
            takes longer than all the rest.
        seed: Of draws.
        exclude: A file of documents without which scores are given as well; None: nobody excludes any.
    """

    metric: str | None = None
    tasks: tuple[str, ...] = ()
    cluster: str | None = None
    by: str | None = None
    interval: ShareMethod = "wilson"
    details: bool = False
    seed: int = 0
    exclude: str | None = None


@dataclass(frozen=True, slots=True)
class ClusterSource:
    """What makes documents of a task belong together.

    Attributes:
        by: A column, a template, or what they have in common.
        origin: Whether somebody named it, the task declares it, or it was guessed.
    """

    by: str
    origin: Literal["given", "declared", "guessed"]


@dataclass(frozen=True, slots=True)
class ScoreAudit:
    """One score, and how sure it is.

    Attributes:
        metric: Metric and filter.
        score: The mean over documents, or the score of the results file where there are no samples.
        n: Documents; None: not known.
        interval: At 95 %; None where there is none.
        method: How the interval was computed.
        reported_stderr: The standard error of the results file.
        clusters: The mean with clusters; None where documents are independent, as far as is known.
        reason: Why there is no interval.
    """

    metric: Metric
    score: float
    n: int | None
    interval: Interval | None
    method: IntervalMethod | None
    reported_stderr: float | None = None
    clusters: ClusteredMean | None = None
    reason: str | None = None

    @property
    def mark(self) -> str:
        """``~`` before a score of a run that stopped early, which is not that of all documents."""
        return "~" if self.method == "sequence" or self.reason == STOPPED else ""


@dataclass(frozen=True, slots=True)
class TaskAudit:
    """One task.

    Attributes:
        task: Its name.
        alias: What the table calls it.
        scores: All its scores, the audited one first.
        texts: What became of written texts, under the filter of the audited metric.
        truncated: Texts that ended by their length; None: not known.
        unscored: Documents whose scoring failed.
        not_finite: Scores that are NaN or infinite, of the audited metric.
        choices: Of a multiple-choice task.
        detectable: The difference to another model that these documents would show.
        reason: Why documents could not be looked at.
        cluster: What makes documents belong together; None: nothing that is known.
        cells: The scores by a column, where that is asked for and the task has it.
        contradictions: Scores of the results file that are not those of the samples: phrases.
        clean: The scores without excluded documents, of metrics that have some of these.
        excluded: How many of its documents are excluded.
        damaged: Whether its samples are there and cannot be read; ``reason`` says why.
    """

    task: str
    alias: str
    scores: tuple[ScoreAudit, ...]
    texts: Mapping[TextState, int] = field(default_factory=dict)
    truncated: int | None = None
    unscored: int = 0
    not_finite: int = 0
    choices: ChoiceAudit | None = None
    detectable: float | None = None
    reason: str | None = None
    cluster: ClusterSource | None = None
    cells: Cells | None = None
    contradictions: tuple[str, ...] = ()
    clean: tuple[ScoreAudit, ...] = ()
    excluded: int = 0
    damaged: bool = False

    @property
    def main_clean(self) -> ScoreAudit | None:
        """The audited score without excluded documents."""
        name = None if self.main is None else (f"{self.main.metric[0]}{CLEAN}", self.main.metric[1])
        return next((one for one in self.clean if one.metric == name), None)

    @property
    def main(self) -> ScoreAudit | None:
        """The audited score."""
        return self.scores[0] if self.scores else None


@dataclass(frozen=True, slots=True)
class GroupAudit:
    """The documents of a group's tasks together.

    Attributes:
        group: Its name.
        alias: What the table calls it.
        tasks: Those of its tasks that have the same metric.
        score: Over all documents.
        mean: By documents and by tasks; None where it does not follow from what the results file has.
        choices: The choices of all its tasks.
        detectable: As of a task.
        cells: As of a task, of those of its tasks that have the column.
        clean: The score without excluded documents; None: there are none.
        lacking: Tasks whose documents could not be looked at, so that the score is that of the results file.
    """

    group: str
    alias: str
    tasks: tuple[str, ...]
    score: ScoreAudit
    mean: GroupMean | None
    choices: ChoiceAudit | None
    detectable: float | None
    cells: Cells | None = None
    clean: ScoreAudit | None = None
    lacking: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class RunAudit:
    """A run, looked through."""

    run: StoredRun
    tasks: tuple[TaskAudit, ...]
    groups: tuple[GroupAudit, ...]
    options: AuditOptions
    not_there: int = 0
    """Documents to exclude that are none of the run's."""
    predicted: tuple[PredictedScore, ...] = ()
    """Scores of all documents, where other runs predict them."""
    draws: tuple[StoredDraws, ...] = ()
    """How scores spread over runs with other prompts, where there are some."""

    def __repr__(self) -> str:
        from proctor.analysis.audit_text import brief_line, parts_of

        lines = [brief_line(part) or f"{part.alias}: no interval." for part in parts_of(self)]
        return "\n  ".join((f"<RunAudit of {self.run.name}>", *lines))

    def to_dict(self) -> dict[str, Any]:
        """All numbers and sentences, as ``proctor audit --json`` prints them."""
        from proctor.analysis.audit_document import audit_document

        return audit_document(self)
