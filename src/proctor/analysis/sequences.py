"""Differences to a run that stopped early: tests that are valid whenever it stopped, never those of a fixed n."""

# A run that stopped when its answer looked clear has as many documents as its scores wanted it to have. McNemar's test,
# sign flips and Bonett and Price's interval take that number for fixed, and are wrong. Valid is what holds at any time:
#
#   test       0/1: the e-value of discordant documents; other scores, and clusters: what bets on "no difference" won
#   interval   bets without replacement, about all documents of the full run
#
# Bets need the values in the random order in which documents were asked. Samples files have them chunk by chunk, within
# a chunk in the order of the split; but a document's place in the order follows from (seed, task, doc_hash) alone, so
# the order is computed anew. Where there are no hashes there is none, and so no bets.
#
# Clusters need no correction in the interval: it is about these documents, from a random sample of them.
#
# Sources: as of ``e_values`` and ``betting``.

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from proctor.analysis.betting import difference_set, log_wealths
from proctor.analysis.e_values import anytime_p, log_sign_e_value
from proctor.analysis.early_stop import document_order
from proctor.analysis.paired import PairedDifference, paired_counts
from proctor.analysis.pairs import Pairs
from proctor.analysis.statistic import is_binary
from proctor.results.stored_run import EarlyStop, Identity
from proctor.stats.intervals import Interval

ANYTIME = ("e-value", "betting")
"""Tests that are valid whenever a run stopped."""
REASON = "a run stopped early, and its number of documents was not fixed before"


@dataclass(frozen=True, slots=True)
class DifferenceSequence:
    """Differences of two runs, in the random order in which documents were asked.

    Attributes:
        values: A - B of each document of both, within [-1, 1].
        marks: Task and ``doc_hash`` of each.
        documents: N, the documents of the full run.
        seed: Of the order.
        scope: What was stopped as one: the name of a group or task.
    """

    values: tuple[float, ...]
    marks: tuple[tuple[str, str], ...]
    documents: int
    seed: int
    scope: str

    def interval(self, alpha: float = 0.05) -> Interval:
        """The mean differences of the full run that are not excluded.

        Args:
            alpha: The probability that the truth is missed, half of it on either side.
        """
        return difference_set(self.values, self.documents, alpha)

    def p_at_most(self, bound: float) -> float:
        """Small where the mean difference is *above* a bound: the p of "at most this", valid at any time.

        Args:
            bound: A difference.
        """
        return math.exp(-max(0.0, self._logs(bound)[0]))

    def p_at_least(self, bound: float) -> float:
        """Small where the mean difference is *below* a bound.

        Args:
            bound: A difference.
        """
        return math.exp(-max(0.0, self._logs(bound)[1]))

    @property
    def p(self) -> float:
        """Of "no difference", two-sided: what the better of both gamblers won, for half of the stake."""
        return math.exp(-max(0.0, max(self._logs(0.0)) - math.log(2)))

    @property
    def reversed(self) -> DifferenceSequence:
        """B - A."""
        return replace(self, values=tuple([-value for value in self.values]))

    def _logs(self, bound: float) -> tuple[float, float]:
        return log_wealths([(value + 1) / 2 for value in self.values], self.documents, (bound + 1) / 2)


def sequential_difference(
    pairs: Pairs, task: str, stop: EarlyStop, documents: int, *, first: bool, clustered: bool = False
) -> PairedDifference:
    """The difference of two runs, second minus first, one of which stopped early.

    Args:
        pairs: Their documents, scores within [0, 1].
        task: The task.
        stop: How the run stopped.
        documents: N, the documents of the full run.
        first: Whether it is the first run that stopped: its identities say where documents stand.
        clustered: Documents belong together: the e-value, which takes them for independent, is not used.
    """
    keys = pairs.keys if first else pairs.others
    differences = [second - first for first, second in zip(pairs.a, pairs.b, strict=True)]
    sequence = _sequence(differences, keys, task, stop, max(documents, len(differences)))
    binary = is_binary(pairs.a) and is_binary(pairs.b)
    counts = paired_counts(pairs.b, pairs.a) if binary else None
    n, mean = len(differences), math.fsum(differences) / len(differences)
    by_e_value = counts is not None and not clustered
    p = 1.0 if sequence is None else sequence.p
    if counts is not None and by_e_value:
        p = anytime_p([log_sign_e_value(counts.only_a, counts.only_b)])
    return PairedDifference(
        n=n,
        mean_a=math.fsum(pairs.b) / n,
        mean_b=math.fsum(pairs.a) / n,
        difference=mean,
        stderr=None,
        stderr_unpaired=None,
        estimate=None,
        interval=None if sequence is None else sequence.interval(),
        p=p,
        test="e-value" if by_e_value else "betting",
        p_method="exact",
        mid_p=None,
        counts=counts,
        clusters=None,
        variance=math.fsum((one - mean) ** 2 for one in differences) / n,
        design_effect=1.0,
        detectable_effect=None,
        reason=REASON,
        sequence=sequence,
    )


def _sequence(
    differences: Sequence[float], keys: Sequence[Identity], task: str, stop: EarlyStop, documents: int
) -> DifferenceSequence | None:
    marks = [(task, mark) for mark, _ in keys if isinstance(mark, str)]
    if len(marks) < len(keys):
        return None
    order = document_order(marks, stop.seed)
    return DifferenceSequence(
        tuple([differences[place] for place in order]),
        tuple([marks[place] for place in order]),
        documents,
        stop.seed,
        stop.scope,
    )


def joined_sequence(parts: Sequence[PairedDifference]) -> DifferenceSequence | None:
    """The differences of a group's tasks in one order.

    Args:
        parts: The difference of each task.

    Returns:
        None where they were not stopped as one: then their documents are no random sample of all.
    """
    known = [one.sequence for one in parts if one.sequence is not None]
    if not known or len(known) < len(parts) or len({(one.seed, one.scope) for one in known}) > 1:
        return None
    values = [value for one in known for value in one.values]
    marks = [mark for one in known for mark in one.marks]
    order = document_order(marks, known[0].seed)
    total = sum(one.documents for one in known)
    return DifferenceSequence(
        tuple([values[place] for place in order]),
        tuple([marks[place] for place in order]),
        total,
        known[0].seed,
        known[0].scope,
    )


def joined_p(parts: Sequence[PairedDifference], sequence: DifferenceSequence) -> float:
    """The p of a group: of the e-value of all discordant documents, or of bets.

    Args:
        parts: The difference of each task.
        sequence: Of :func:`joined_sequence`.
    """
    if any(one.test != "e-value" for one in parts):
        return sequence.p
    counts = [one.counts for one in parts if one.counts is not None]
    return anytime_p([log_sign_e_value(sum(one.only_a for one in counts), sum(one.only_b for one in counts))])
