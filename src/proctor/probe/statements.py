"""What a probe lets one say, and what it does not."""

# What can be said
# ----------------
#   no reference           "prefers the published order": authors put options in an order for reasons, and a model may
#                          find it likelier without having seen it
#   with a reference       "probably in its training data", where the published order stands nearer to the first place
#                          than for a model that cannot have seen the exam, beyond chance
#   never                  that a model has not seen an exam; how much of a score is due to it; anything of one document
#
# Two tests of ranks look at one set of documents (many weak traces, few strong ones): Holm over the two. Over several
# tasks the documents of all are one more row, which is the claim; the rows of tasks are corrected for their number.

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from proctor.analysis.contamination import OneSidedTest, OrderCanary, against_reference, one_sided_test, order_canary
from proctor.analysis.multiplicity import adjusted
from proctor.analysis.wording import p_value
from proctor.plurals import counted
from proctor.probe.document import Reference
from proctor.probe.run import ItemResult, ProbeResult

LEVEL = 0.05
FEW = 100
"""Documents below which the absence of a preference says little."""
TOGETHER = "all tasks"


@dataclass(frozen=True, slots=True)
class Row:
    """One task, or all together.

    Attributes:
        name: Its name.
        left_out: Documents whose options cannot be moved freely.
        canary: The published order among others; None: no document can be used.
        p: The smaller of its two p-values, corrected for being two and for the number of tasks; None: no test.
        reference_firsts: First places of the published order for the reference model, on the same documents.
        against: How much nearer to the first place than for the reference, p corrected for the number of tasks; None:
            there is none.
        halves: Questions with a second half.
        greedy: How many second halves greedy decoding writes.
        bits_per_byte: Of the second halves; None: there are none.
        reference_bits: The same of the reference, on the same questions.
        recall: Whether second halves are likelier than for the reference, in nats a byte.
        min_k: The mean of Min-K% over questions; None: not wanted.
        min_k_plus_plus: The mean of Min-K%++ over those that have one.
        reference_min_k: Of the reference, on the same questions.
        reference_min_k_plus_plus: The same.
    """

    name: str
    left_out: int
    canary: OrderCanary | None
    p: float | None
    reference_firsts: int | None = None
    against: OneSidedTest | None = None
    halves: int = 0
    greedy: int = 0
    bits_per_byte: float | None = None
    reference_bits: float | None = None
    recall: OneSidedTest | None = None
    min_k: float | None = None
    min_k_plus_plus: float | None = None
    reference_min_k: float | None = None
    reference_min_k_plus_plus: float | None = None

    @property
    def is_preferred(self) -> bool:
        """Whether the published order is preferred beyond chance."""
        return self.p is not None and self.p <= LEVEL

    @property
    def is_memory(self) -> bool:
        """Whether it is so beyond what the reference shows."""
        p = None if self.against is None else self.against.p
        return self.is_preferred and p is not None and p <= LEVEL


def probe_rows(result: ProbeResult, reference: Reference | None = None) -> list[Row]:
    """A row for each task; for several, all of them together first.

    Args:
        result: The probe.
        reference: Of a model that cannot have seen the exam.
    """
    tasks = [(one.task, [(one.task, item) for item in one.items], one.kinds) for one in result.tasks]
    rows = [_row(name, items, sum(kinds.values()) - kinds["free"], reference) for name, items, kinds in tasks]
    corrected = adjusted([row.p for row in rows])
    against = adjusted([None if row.against is None else row.against.p for row in rows])
    rows = [
        replace(row, p=p, against=None if row.against is None else replace(row.against, p=other))
        for row, p, other in zip(rows, corrected, against, strict=True)
    ]
    if len(rows) < 2:
        return rows
    every = [pair for _, items, _ in tasks for pair in items]
    return [_row(TOGETHER, every, sum(row.left_out for row in rows), reference), *rows]


def _row(name: str, items: Sequence[tuple[str, ItemResult]], left_out: int, reference: Reference | None) -> Row:
    ranked = [(task, item) for task, item in items if len(item.orders) > 1]
    canary = order_canary([item.orders for _, item in ranked]) if ranked else None
    halves = [(task, item) for task, item in items if item.completion is not None and item.length]
    row = Row(
        name,
        left_out,
        canary,
        None if canary is None else min(canary.p_corrected),
        halves=len(halves),
        greedy=sum(item.is_greedy for _, item in halves),
        bits_per_byte=_bits([item for _, item in halves]),
        min_k=_mean([item.min_k for _, item in items]),
        min_k_plus_plus=_mean([item.min_k_plus_plus for _, item in items]),
    )
    if reference is None:
        return row
    others = [reference.items.get((task, item.doc_hash)) for task, item in items if item.min_k is not None]
    row = replace(
        row,
        reference_min_k=_mean([one.min_k for one in others if one]),
        reference_min_k_plus_plus=_mean([one.min_k_plus_plus for one in others if one]),
    )
    return _compared(row, ranked, halves, canary, reference)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if known else None


def _compared(
    row: Row,
    ranked: Sequence[tuple[str, ItemResult]],
    halves: Sequence[tuple[str, ItemResult]],
    canary: OrderCanary | None,
    reference: Reference,
) -> Row:
    pairs = [
        (rank, other)
        for (task, item), rank in zip(ranked, canary.ranks if canary else (), strict=True)
        if (other := reference.items.get((task, item.doc_hash))) is not None and len(other.orders) == len(item.orders)
    ]
    both = [
        (item, other)
        for task, item in halves
        if (other := reference.items.get((task, item.doc_hash))) is not None and other.completion is not None
    ]
    if pairs:
        theirs = order_canary([other.orders for _, other in pairs])
        against = against_reference([rank for rank, _ in pairs], theirs.ranks)
        row = replace(row, reference_firsts=theirs.first_places, against=against)
    if both:
        gains = [((one.completion or 0.0) - (other.completion or 0.0)) / one.length for one, other in both]
        row = replace(row, reference_bits=_bits([other for _, other in both]), recall=one_sided_test(gains))
    return row


def _bits(items: Sequence[ItemResult]) -> float | None:
    size = sum(item.length for item in items)
    return -math.fsum(item.completion or 0.0 for item in items) / size / math.log(2) if size else None


def min_k_sentence(row: Row, share: float, reference: str | None) -> str | None:
    """What the least likely tokens of questions are; never a test, for such scores tell little.

    Args:
        row: The row.
        share: The share of tokens.
        reference: The name of the reference model; None: there is none.

    Returns:
        None where they were not wanted, or no question has a number.
    """
    if row.min_k is None:
        return None
    text = f"The least likely {100 * share:g} % of the tokens of a question have a log-probability of "
    text += f"{row.min_k:.2f} on average (Min-K%)"
    if row.min_k_plus_plus is not None:
        text += f", which is {row.min_k_plus_plus:.2f} when standardized by the model's own distribution (Min-K%++)"
    known = [value for value in (row.reference_min_k, row.reference_min_k_plus_plus) if value is not None]
    if reference is not None and known:
        text += f"; {reference}: {' and '.join(f'{value:.2f}' for value in known)}"
    return f"{text}. Such scores hardly tell what was trained on from what was not, and have no test."


def probe_sentences(row: Row, reference: str | None) -> list[str]:
    """What a row lets one say.

    Args:
        row: The row.
        reference: The name of the reference model; None: there is none.
    """
    canary = row.canary
    if canary is None:
        return [f"No document has options that can be moved freely ({row.left_out:,} have not): nothing can be said."]
    n, expected = len(canary.ranks), canary.first_expected * len(canary.ranks)
    chance = f"{expected:.0f}" if expected >= 1 else f"{expected:.1f}"
    places = f"{canary.first_places:,} of {counted(n, 'movable document')} ({chance} expected; {p_value(row.p)})"
    if not row.is_preferred:
        return [
            f"No preference for the published order is seen: it is the likeliest on {places}.",
            "That does not show that the model has not seen the exam: training on paraphrases, or with options in "
            f"other orders, leaves no such trace{'' if n >= FEW else f', and {n:,} documents are few'}.",
        ]
    return _preference(row, f"Prefers the published order of options on {places}", reference)


def _preference(row: Row, first: str, reference: str | None) -> list[str]:
    """What a preference says: memory against a reference alone."""
    if row.against is None or reference is None:
        return [
            f"{first}.",
            "Without a model that cannot have seen the exam (--reference) this is a preference, and not yet memory: an "
            "order may be likelier for other reasons.",
        ]
    first += f"; {reference}: {row.reference_firsts:,}."
    mean, test = row.against.mean, row.against.reason or p_value(row.against.p)
    where = f"{-mean:.1f} places farther from" if mean < 0 else f"{mean:.1f} places nearer to"
    ranks = f"its rank is {where} the first ({test})"
    if not row.is_memory:
        return [first, f"Not more than the reference does, beyond chance: {ranks}. Nothing is said of memory."]
    return [
        first,
        f"Against the reference {ranks}: this order was probably in its training data. It does not say how much of the "
        "score is due to it.",
    ]
