"""Each two formulations of the same documents: who is right where, and whether that is more than chance."""

# The letter is right in 41 of 72 documents, the text in 36: that says less than that 21 are right by letter only and 16
# as text only, of which neither is more than the other (p = 0.51). Formulations of one model on the same documents are
# always compared document by document.
#
# Where documents belong together, signs of whole clusters are flipped instead (:mod:`~proctor.analysis.paired`): what
# McNemar's test takes for independent documents is then one.
#
# p-values are corrected for the number of pairs (Holm). A difference that is not resolved is given with the difference
# that these documents would have shown.
#
# Source: HONEST section 4; J. Cohen 1960 (kappa); Q. McNemar 1947.

from __future__ import annotations

import random
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import combinations

from proctor.analysis.formulations import Disagreement, disagreement
from proctor.analysis.multiplicity import adjusted
from proctor.analysis.paired import paired_difference
from proctor.analysis.power import ALPHA
from proctor.analysis.wording import p_value, probability
from proctor.plurals import counted

NO_CHOICE = -1
"""The choice of a document where none was made: a NaN, or a written answer that names no option."""


@dataclass(frozen=True, slots=True)
class FormulationAnswers:
    """What one formulation gave on n documents.

    Attributes:
        name: The formulation.
        manner: How a document is right in it, as sentences say: ``by letter``, ``as text``.
        right: 1 where it is right, else 0.
        choice: The position of the option that was chosen; :data:`NO_CHOICE`: none.
    """

    name: str
    manner: str
    right: Sequence[float]
    choice: Sequence[int]


@dataclass(frozen=True, slots=True)
class FormulationPair:
    """Two formulations on the same documents.

    Attributes:
        a: One of them.
        b: The other one.
        table: Who is right where, and how often both choose the same option.
        difference: The score of A minus that of B.
        stderr: Of the difference, paired; None for one document, or one cluster.
        p: Of the test, corrected for the number of pairs.
        detectable: The difference that these documents miss one time in five; None where nothing is known of it.
        pairs: How many pairs p is corrected for.
        own_p: Of the test alone: McNemar's exact one, or sign flips of clusters.
        clusters: How many clusters the documents are of; None: they are independent.
    """

    a: FormulationAnswers
    b: FormulationAnswers
    table: Disagreement
    difference: float
    stderr: float | None
    p: float
    detectable: float | None
    pairs: int
    own_p: float
    clusters: int | None = None

    @property
    def finding(self) -> str:
        """Who is right where, without a test and without a stop at the end."""
        counts, n = self.table.counts, len(self.a.right)
        a, b = (f"{one.name} {sum(one.right) / n:.3f}" for one in (self.a, self.b))
        return (
            f"{a}, {b} (n = {n:,}): {_documents(counts.only_a)} right only {self.a.manner}, {counts.only_b:,} only "
            f"{self.b.manner}"
        )

    @property
    def sentence(self) -> str:
        """What was found, in one line."""
        corrected = "" if self.pairs == 1 else f"; {probability(self.p)} corrected for {self.pairs} pairs"
        by = "" if self.clusters is None else f" by {counted(self.clusters, 'cluster')}"
        line = f"{self.finding} ({p_value(self.own_p)}{by}{corrected}): "
        if self.p <= ALPHA:
            return f"{line}{(self.a if self.difference > 0 else self.b).name} scores more."
        return line + "not resolved" + (f" (MDE {self.detectable:.3f})." if self.detectable is not None else ".")


def formulation_pairs(
    answers: Sequence[FormulationAnswers], source: random.Random, clusters: Sequence[Hashable] | None = None
) -> list[FormulationPair]:
    """Compare each formulation with each other one.

    Args:
        answers: What each gave on the same documents, the task's own first.
        source: Where random signs come from; scores of 0 and 1 need none where documents are independent.
        clusters: What each document belongs to; None: documents are independent.

    Raises:
        AnalysisError: There are no documents, or lengths differ.
    """
    twos = list(combinations(answers, 2))
    tables = [disagreement(a.right, b.right, a.choice, b.choice) for a, b in twos]
    tests = [paired_difference(a.right, b.right, clusters, source=source) for a, b in twos]
    corrected = adjusted([test.p for test in tests])
    return [
        FormulationPair(
            *(a, b, table, test.difference, test.stderr, 0.0 if p is None else p, test.detectable_effect),
            *(len(twos), test.p, test.clusters),
        )
        for (a, b), table, test, p in zip(twos, tables, tests, corrected, strict=True)
    ]


def _documents(count: int) -> str:
    return f"{count:,} document{' is' if count == 1 else 's are'}"
