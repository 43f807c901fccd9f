"""What a report is made of: the runs, what an audit of each found, their comparison."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from proctor.analysis.compare import compare_runs
from proctor.analysis.comparison import CompareOptions, Comparison
from proctor.analysis.run_audit import GroupAudit, RunAudit, ScoreAudit, TaskAudit
from proctor.analysis.task_scores import TaskScores
from proctor.errors import ProctorError, UsageError
from proctor.results.exclusions import Exclusions
from proctor.results.open_runs import Unread
from proctor.results.stored_run import StoredRun
from proctor.results.text_state import TextState
from proctor.stats.intervals import normal_interval

PARTS = ("questions", "prompts", "answers")
"""What a page can be made without."""


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """What a report is asked for.

    Attributes:
        language: "en" or "ko"; None: the locale's.
        max_size: How large the file may become, in bytes; what does not fit is left out, and the page says so.
        without: Parts that must not get out: "questions", "prompts", "answers".
        canary: A text that is written into the file, to be found again in training data.
        by: A column of the documents, whose values get scores of their own.
        exclude: A file of documents to leave out; scores are shown without them as well.
        command: The command that makes this report, for the sentences that name another one.
    """

    language: str | None = None
    max_size: int = 5_000_000
    without: tuple[str, ...] = ()
    canary: str | None = None
    by: str | None = None
    exclude: str | None = None
    command: str = "proctor report RUN"


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """All that the sections of a report show.

    Attributes:
        runs: The runs, in the order given.
        audits: What was found in each.
        comparison: Of two runs and more; None where there is none.
        no_comparison: Why runs cannot be compared; None where they are, or where there is one.
        unread: Files that could not be read.
        files: How many files were looked at.
        scores: The scores of documents, by the place of a run and its task.
        exclusions: Documents that somebody wants left out.
    """

    runs: tuple[StoredRun, ...]
    audits: tuple[RunAudit, ...]
    comparison: Comparison | None = None
    no_comparison: str | None = None
    unread: tuple[Unread, ...] = ()
    files: int = 0
    scores: Mapping[tuple[int, str], TaskScores] = field(default_factory=dict)
    exclusions: Exclusions | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A group or task in the tree of scores.

    Attributes:
        name: Its name.
        alias: What tables call it.
        depth: How many groups are around it.
        inside: The names of these groups, from the outermost.
        is_group: Whether it is a group.
        parts: Of each run what was audited; None where the run does not have it.
        scores: Of each run the score; None where it has none.
    """

    name: str
    alias: str
    depth: int
    inside: tuple[str, ...]
    is_group: bool
    parts: tuple[GroupAudit | TaskAudit | None, ...]
    scores: tuple[ScoreAudit | None, ...]

    @property
    def first(self) -> ScoreAudit | None:
        """The score of the first run that has one."""
        return next((score for score in self.scores if score is not None), None)

    @property
    def chance(self) -> float | None:
        """What guessing gives, where it is known."""
        known = [part.choices.chance for part in self.parts if part is not None and part.choices]
        return next((chance.chance for chance in known if chance is not None), None)

    def written(self, state: TextState) -> tuple[int, ...]:
        """Of each run that has written answers, how many are in a state.

        Args:
            state: "unread" or "unfinished".
        """
        texts = [part.texts for part in self.parts if isinstance(part, TaskAudit) and part.texts]
        return tuple(one.get(state, 0) for one in texts)


def score_rows(facts: ReportFacts) -> tuple[Row, ...]:
    """Groups and tasks of all runs, in the order of the first one that has them; of chosen tasks, what was chosen.

    Args:
        facts: What there is.
    """
    parts = [_parts(audit) for audit in facts.audits]
    shown = {name for one in parts for name in one} if any(audit.options.tasks for audit in facts.audits) else None
    rows: dict[str, Row] = {}
    for run in facts.runs:
        above: list[str] = []
        for name, depth in run.tree():
            del above[depth:]
            if name not in rows and (shown is None or name in shown):
                mine = tuple(one.get(name) for one in parts)
                scores = tuple(_score(part, other, name) for part, other in zip(mine, facts.runs, strict=True))
                around = tuple(above if shown is None else (one for one in above if one in shown))
                rows[name] = Row(name, run.alias(name), len(around), around, name in run.groups, mine, scores)
            above.append(name)
    return tuple(rows.values())


def _parts(audit: RunAudit) -> dict[str, GroupAudit | TaskAudit]:
    return {**{one.group: one for one in audit.groups}, **{one.task: one for one in audit.tasks}}


def _score(part: GroupAudit | TaskAudit | None, run: StoredRun, name: str) -> ScoreAudit | None:
    """The audited score; of a group whose documents are not there, what the results file says."""
    if part is not None:
        return part.score if isinstance(part, GroupAudit) else part.main
    for metric, score in run.scores(name).items():
        stderr = run.stderrs(name).get(metric)
        interval = normal_interval(score, stderr) if stderr else None
        return ScoreAudit(metric, score, None, interval, "stderr" if interval else None, stderr)
    return None


def compared(
    runs: Sequence[StoredRun], scores: Mapping[tuple[int, str], TaskScores] | None = None
) -> tuple[Comparison | None, str | None]:
    """The comparison of runs, or why there is none.

    Args:
        runs: The runs.
        scores: Tasks that have been read, by the place of their run and their name.
    """
    if len(runs) < 2:
        return None, None
    try:
        return compare_runs(runs, CompareOptions(), scores), None
    except ProctorError as error:
        return None, error.message


def report_parts(words: Sequence[str]) -> tuple[str, ...]:
    """What a page is made without.

    Args:
        words: Of :data:`PARTS`.

    Raises:
        UsageError: A word is none of them.
    """
    for word in words:
        if word not in PARTS:
            raise UsageError(f"--without {word}: a page can be made without {', '.join(PARTS)}.")
    return tuple(dict.fromkeys(words))


def size_in_bytes(megabytes: float) -> int:
    """A largest size in bytes.

    Args:
        megabytes: In MB.

    Raises:
        UsageError: It is not above 0.
    """
    if not 0 < megabytes < math.inf:
        raise UsageError(f"--max_size {megabytes:g}: it is a number of MB above 0, as in 5.")
    return int(megabytes * 1_000_000)
