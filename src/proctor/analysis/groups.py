"""A group of tasks: its score, the difference of two models over it, and whether its tasks agree on the difference."""

# Two questions have two standard errors. Other *documents* of the same tasks: the errors of the tasks, weighted. Other
# *tasks*: the spread of the tasks' scores. On 28 exams a difference of 28.5 points had an error of 0.5 by the first
# and 1.0 by the second.
#
# Sources: variance of a weighted sum of independent variables, https://en.wikipedia.org/wiki/Variance#Propagation; W.
# G. Cochran, "The combination of estimates from different experiments", 1954 (Q).

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from proctor.analysis.distributions import chi_square_tail, normal_tail
from proctor.analysis.paired import Estimate
from proctor.analysis.statistic import check_finite, check_same_length, check_some
from proctor.errors import AnalysisError
from proctor.stats.standard_errors import mean_stderr, pooled_stderr, unweighted_stderr


@dataclass(frozen=True, slots=True)
class GroupMean:
    """The score of a group of tasks, weighted by size (micro) and by task (macro)."""

    micro: float
    micro_stderr: float | None
    """``sqrt(sum((n_t/N)² SE_t²))``."""
    micro_stderr_lm_eval: float | None
    """lm-eval's pooled formula, which differs in the fifth digit."""
    macro: float
    macro_stderr: float | None
    """``sqrt(sum(SE_t²)) / k``: other documents of the same tasks."""
    macro_stderr_new_tasks: float | None
    """Standard deviation of the scores / sqrt(k): what *other* tasks might give. None for one task."""
    reason: str | None
    """Why the standard errors are None: a task has none."""


def group_mean(sizes: Sequence[int], scores: Sequence[float], stderrs: Sequence[float | None]) -> GroupMean:
    """The mean of a group of independent tasks.

    Source: variance of a weighted sum of independent variables, https://en.wikipedia.org/wiki/Variance#Propagation.

    Args:
        sizes: Documents of each of k tasks, at least one task.
        scores: The score of each.
        stderrs: The standard error of each; None where it has none.

    Raises:
        AnalysisError: The three differ in length, are empty, or a score is not finite.
    """
    check_some(sizes, "tasks")
    check_same_length(sizes, scores, "sizes and scores")
    check_same_length(sizes, stderrs, "sizes and standard errors")
    check_finite(scores, "score")
    total, known = sum(sizes), [stderr for stderr in stderrs if stderr is not None]
    micro = math.fsum(size * score for size, score in zip(sizes, scores, strict=True)) / total
    macro, between = math.fsum(scores) / len(scores), mean_stderr(scores)
    if len(known) < len(stderrs):
        return GroupMean(micro, None, None, macro, None, between, "a task of the group has no standard error")
    weighted = math.sqrt(math.fsum((size / total * stderr) ** 2 for size, stderr in zip(sizes, known, strict=True)))
    pooled, unweighted = pooled_stderr(stderrs, sizes), unweighted_stderr(stderrs)
    return GroupMean(micro, weighted, pooled, macro, unweighted, between, None)


@dataclass(frozen=True, slots=True)
class Agreement:
    """Cochran's test of whether tasks agree on a difference."""

    q: float
    freedom: int
    """Tasks - 1."""
    p: float
    """A small p: the difference itself differs between tasks."""


@dataclass(frozen=True, slots=True)
class GroupDifference:
    """A - B over a group of independent tasks."""

    micro: float
    """Weighted by documents."""
    micro_stderr: float | None
    macro: float
    """The plain mean over tasks."""
    macro_stderr: float | None
    macro_stderr_new_tasks: float | None
    """What another choice of tasks might give; None for one task."""
    z: float | None
    """micro / micro_stderr: one test, stated before, so not corrected; None where a standard error is missing or all
    are 0."""
    p: float | None
    agreement: Agreement | None
    """None where a standard error is missing or 0, or there is one task."""
    reason: str | None
    """Why standard errors or the agreement are None."""

    @property
    def estimate(self) -> Estimate | None:
        """The micro difference as intervals and gates take it; None without a standard error above 0."""
        return Estimate(self.micro, self.micro_stderr, None) if self.micro_stderr else None


def group_difference(
    sizes: Sequence[int], differences: Sequence[float], stderrs: Sequence[float | None]
) -> GroupDifference:
    """The difference of two models over a group: ``sum(w_t d_t)``, ``sqrt(sum(w_t² SE_t²))``, w_t the share of
    documents.

    Args:
        sizes: Documents of each of k tasks, at least one task.
        differences: A - B of each task.
        stderrs: The paired standard error of each; None where it has none.

    Raises:
        AnalysisError: The three differ in length, are empty, or a difference is not finite.
    """
    group = group_mean(sizes, differences, stderrs)
    z = group.micro / group.micro_stderr if group.micro_stderr else None
    reason, agreement = group.reason, None
    if reason is None and len(sizes) < 2:
        reason = "one task agrees with itself"
    elif reason is None and not all(stderrs):
        reason = "the standard error of a task is 0: it would outweigh all others"
    elif reason is None:
        agreement = cochran_q(differences, [stderr for stderr in stderrs if stderr is not None])
    return GroupDifference(
        group.micro,
        group.micro_stderr,
        group.macro,
        group.macro_stderr,
        group.macro_stderr_new_tasks,
        z,
        None if z is None else 2 * normal_tail(abs(z)),
        agreement,
        reason,
    )


def cochran_q(differences: Sequence[float], stderrs: Sequence[float]) -> Agreement:
    """Cochran's Q: squared deviations from the mean weighted by precision, chi-square with k - 1 degrees of freedom.

    Args:
        differences: Of k tasks, at least two.
        stderrs: Their standard errors, all above 0.

    Raises:
        AnalysisError: Fewer than two tasks, different lengths, or a standard error that is not above 0.
    """
    check_same_length(differences, stderrs, "differences and standard errors")
    if len(differences) < 2 or not all(stderr > 0 for stderr in stderrs):
        raise AnalysisError("Whether tasks agree takes at least two tasks, each with a standard error above 0.")
    weights = [stderr**-2 for stderr in stderrs]
    center = math.fsum(w * d for w, d in zip(weights, differences, strict=True)) / math.fsum(weights)
    q = math.fsum(w * (d - center) ** 2 for w, d in zip(weights, differences, strict=True))
    return Agreement(q, len(differences) - 1, chi_square_tail(q, len(differences) - 1))
