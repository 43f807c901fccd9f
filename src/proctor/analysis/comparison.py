"""What a comparison is asked for, and what it found: values, of tasks, groups, pairs of runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from proctor.analysis.by_column import DividedComparison
from proctor.analysis.groups import GroupDifference
from proctor.analysis.multiplicity import Correction
from proctor.analysis.paired import Counts, Estimate, PairedDifference
from proctor.analysis.pairs import Pairs
from proctor.analysis.sequences import DifferenceSequence
from proctor.analysis.setting_differences import SettingDifference
from proctor.analysis.task_scores import Metric
from proctor.analysis.verdicts import Judgement
from proctor.results.stored_run import StoredRun
from proctor.stats.intervals import Interval


@dataclass(frozen=True, slots=True)
class CompareOptions:
    """What a comparison is asked for.

    Attributes:
        metric: ``acc``, or ``exact_match,strict-match``; None: the first that both runs have of each document.
        tasks: Names or patterns of tasks and groups; none: all.
        correction: For the number of tests: "holm", "bh", "by" or "none".
        cluster: A column, or a template of columns, whose equal values make documents belong together; None: what
            the tasks declare.
        margin: A difference that does not matter; None: every one does.
        by_number: Pair documents by their numbers, whatever they hold.
        interval: Of means, "formula" or "bootstrap" (percentiles of resamples, of whole clusters where there are any).
        seed: Of random signs and resamples.
        by: A column, or a template, by which differences are divided; None: they are not.
        pair_tasks: Tasks of different names that hold the same documents: "auto" (names that differ by a formulation
            alone), "none", or pairs as ``A=B``.
    """

    metric: str | None = None
    tasks: tuple[str, ...] = ()
    correction: Correction = "holm"
    cluster: str | None = None
    margin: float | None = None
    by_number: bool = False
    interval: Literal["formula", "bootstrap"] = "formula"
    seed: int = 0
    by: str | None = None
    pair_tasks: tuple[str, ...] = ("auto",)


@dataclass(frozen=True, slots=True)
class TaskComparison:
    """Two runs on one task.

    Attributes:
        task: Its name.
        alias: What the table calls it.
        metric: Metric and filter; None where there was none to compare.
        higher_is_better: Whether more is better.
        pairs: How documents were paired; None where they could not be.
        result: B - A on the documents of both (its "a" is B); None where there is no test.
        p_adjusted: ``result.p``, corrected for all tests shown.
        judgement: The verdict on B.
        scores: The scores of A and B as their results files have them, where there is no test.
        reason: Why there is no test: a sentence.
        contradictions: Of A and of B, scores of the results file that are not those of the samples.
        instead_of: The first metric of a run where the other has no such score, so that a later one is compared.
        no_samples: Of A and of B, whether there is no test because it has no samples.
        n_of_files: How many documents both results files count, where there is no test; None: unknown, or two numbers.
    """

    task: str
    alias: str
    metric: Metric | None = None
    higher_is_better: bool = True
    pairs: Pairs | None = None
    result: PairedDifference | None = None
    p_adjusted: float | None = None
    judgement: Judgement | None = None
    scores: tuple[float | None, float | None] = (None, None)
    reason: str | None = None
    contradictions: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    instead_of: Metric | None = None
    no_samples: tuple[bool, bool] = (False, False)
    n_of_files: int | None = None

    @property
    def a(self) -> float | None:
        """The score of A, on the documents of both where there is a test."""
        return self.result.mean_b if self.result else self.scores[0]

    @property
    def b(self) -> float | None:
        """The score of B."""
        return self.result.mean_a if self.result else self.scores[1]

    @property
    def n(self) -> int | None:
        """Documents of the two scores; None: not known."""
        return self.result.n if self.result else self.n_of_files

    @property
    def counts(self) -> Counts | None:
        """Documents that are right in both, in A only, in B only, in none; None of scores that are not 0 or 1."""
        found = self.result.counts if self.result else None
        return Counts(found.both, found.only_b, found.only_a, found.neither) if found else None

    @property
    def is_same(self) -> bool:
        """Whether no document has another score in the other run."""
        result = self.result
        if result is None or result.counts is None:
            return result is not None and result.difference == 0 and result.variance == 0
        return result.counts.agree


@dataclass(frozen=True, slots=True)
class GroupComparison:
    """Two runs on a group of tasks.

    Attributes:
        group: Its name.
        alias: What the table calls it.
        metric: Metric and filter that its tasks have in common.
        tasks: Those of its tasks that were compared by this metric.
        left_out: How many of its tasks were not.
        lacking: Those of them that have this metric in the results files: the group's difference is of a part.
        n: Documents.
        a: Mean of A over documents.
        b: Mean of B over documents.
        a_macro: Mean of A over tasks.
        b_macro: Mean of B over tasks.
        result: B - A by documents (micro) and by tasks (macro).
        estimate: What intervals of the difference by documents come from; None where nothing is known of its spread.
        interval: Of the difference by documents, at 95 %.
        judgement: The verdict on B, of the difference by documents; not corrected.
        detectable_effect: The difference by documents that this group misses one time in five.
        sequence: Where a run stopped early, the differences in the order of asking.
        counts: Documents by which run is right; None where a score is not 0 or 1.
    """

    group: str
    alias: str
    metric: Metric
    tasks: tuple[str, ...]
    left_out: int
    n: int
    a: float
    b: float
    a_macro: float
    b_macro: float
    result: GroupDifference
    estimate: Estimate | None
    interval: Interval | None
    judgement: Judgement
    detectable_effect: float | None
    sequence: DifferenceSequence | None = None
    lacking: tuple[str, ...] = ()
    counts: Counts | None = None

    @property
    def is_same(self) -> bool:
        """Whether no document is right in one run alone; False where a score is not 0 or 1."""
        return self.counts is not None and self.counts.agree


@dataclass(frozen=True, slots=True)
class ScoredGroup:
    """A group without a test: the scores of two results files.

    Attributes:
        group: Its name.
        alias: What the table calls it.
        metric: Metric and filter.
        n: Documents; None: not known, or two numbers.
        a: The score of A.
        b: The score of B.
    """

    group: str
    alias: str
    metric: Metric
    n: int | None
    a: float
    b: float


@dataclass(frozen=True, slots=True)
class PairComparison:
    """Two runs on all that they have in common.

    Attributes:
        a: Position of the first run.
        b: Position of the second run.
        tasks: Their common tasks, in the order of the first run.
        groups: Their common groups.
        settings: What else differs.
        only_a: Tasks of the first run alone.
        only_b: Tasks of the second run alone.
        divided: The differences by a column, where that is asked for.
        scored: Common groups without a test.
        same_model: Whether both are one model, computed alike, as far as the files say.
    """

    a: int
    b: int
    tasks: tuple[TaskComparison, ...]
    groups: tuple[GroupComparison, ...]
    settings: tuple[SettingDifference, ...]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    divided: tuple[DividedComparison, ...] = ()
    scored: tuple[ScoredGroup, ...] = ()
    same_model: bool = False


def members_of(run: StoredRun, groups: Sequence[GroupComparison]) -> frozenset[str]:
    """What is inside of groups, at any depth: groups that are not there are the differences that were stated before.

    Args:
        run: The first run of a pair, which says what is in which group.
        groups: The groups that were compared.
    """
    found, waiting = set[str](), [one.group for one in groups]
    while waiting:
        inside = set(run.groups.get(waiting.pop(), ())) - found
        found |= inside
        waiting += inside
    return frozenset(found)


@dataclass(frozen=True, slots=True, repr=False)
class Comparison:
    """All pairs of some runs, and what they were asked for."""

    runs: tuple[StoredRun, ...]
    pairs: tuple[PairComparison, ...]
    options: CompareOptions
    tests: int
    """Tests that the p-values are corrected for."""
    partners: tuple[Mapping[str, str], ...] = ()
    """Of each run after the first: the name in the first run of its tasks and groups that are called otherwise."""

    def names_in(self, pair: PairComparison) -> Mapping[str, str]:
        """The task of the second run of a pair, by that of the first, where the two are called differently."""
        known = ({}, *self.partners) if self.partners else ({},) * len(self.runs)
        own = {ours: theirs for theirs, ours in known[pair.a].items()}
        other = {ours: theirs for theirs, ours in known[pair.b].items()}
        tasks = {one.task for one in pair.tasks}
        both = {task: (own.get(task, task), other.get(task, task)) for task in tasks}
        return {ours: theirs for ours, theirs in both.values() if ours != theirs}

    def __repr__(self) -> str:
        from proctor.analysis.compare_text import letter, verdict_counts

        lines = [f"{letter(one.b)} against {letter(one.a)}: {verdict_counts(one, self)}" for one in self.pairs]
        names = ", ".join(f"{letter(place)} {run.name}" for place, run in enumerate(self.runs))
        return "\n  ".join((f"<Comparison of {names}>", *lines))

    def to_dict(self) -> dict[str, Any]:
        """All numbers and sentences, as ``proctor compare --json`` prints them."""
        from proctor.analysis.compare_document import comparison_document

        return comparison_document(self)
