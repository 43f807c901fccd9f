"""The documents that two runs have in common, side by side."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from proctor.analysis.task_scores import Document, Metric, TaskScores, check_identities
from proctor.results.stored_run import Identity


@dataclass(frozen=True, slots=True)
class Pairs:
    """The scores of two runs on the documents of both, in the order of the first run's file.

    Attributes:
        keys: What the documents are identified by in the first run.
        others: What they are identified by in the second run.
        a: Scores in the first run.
        b: Scores in the second run.
        clusters: The cluster of each document; None where documents are independent, as far as is known.
        only_a: Documents that only the first run has a score for.
        only_b: Documents that only the second run has a score for.
        not_finite: Scores that are NaN or infinite, of either run: their documents are left out.
        prompts_differ: Equal documents with different prompts; None where a file does not say.
        documents_differ: Pairs of different documents, of a pairing by number; None where a file does not say.
        by_number: Whether documents were paired by their numbers.
        guessed: What documents of a cluster have in common, where nobody named it.
        cells: What each document has in the column by which differences are divided; None where nobody asks, or the
            task has no such column.
    """

    keys: Sequence[Identity]
    others: Sequence[Identity]
    a: Sequence[float]
    b: Sequence[float]
    clusters: Sequence[Hashable] | None
    only_a: int
    only_b: int
    not_finite: int
    prompts_differ: int | None
    by_number: bool
    cells: Sequence[str | None] | None = None
    guessed: str | None = None
    documents_differ: int | None = 0


def pair(a: TaskScores, b: TaskScores, metric: Metric, *, by_number: bool = False) -> Pairs:
    """Pair a task's documents of two runs.

    Args:
        a: The task in the first run.
        b: The same task in the second one.
        metric: The metric and filter to compare.
        by_number: Pair by ``doc_id``, whatever the documents hold.

    Raises:
        DataError: The runs were asked different documents under one number, and ``by_number`` is not given.
    """
    by_number = by_number or not (a.hashed and b.hashed)
    if not by_number:
        check_identities(a, b)
    first, second = a.scores.get(metric, {}), b.scores.get(metric, {})
    partner = {key: key for key in second}
    if by_number:
        # Numbers of the second run's documents; both runs may identify documents in different ways.
        numbers = {b.documents[key].doc_id: key for key in second}
        partner = {key: numbers[document.doc_id] for key, document in a.documents.items() if document.doc_id in numbers}
    keys = [key for key in first if key in partner]
    others = [partner[key] for key in keys]
    hashed = a.hashed and b.hashed
    equal = [(one, two) for one, two in zip(keys, others, strict=True) if not hashed or one[0] == two[0]]
    clusters, guessed = (_clusters(a, keys), a.guessed) if a.clustered else (None, b.guessed)
    if clusters is None and guessed:
        clusters = _clusters(b, others)
    if clusters and guessed and len(set(clusters)) == len(clusters):
        clusters = None  # of these documents, none has its passage in common with another one
    return Pairs(
        keys,
        others,
        [first[key] for key in keys],
        [second[key] for key in others],
        clusters,
        len(first) - len(keys),
        len(second) - len(keys),
        a.not_finite.get(metric, 0) + b.not_finite.get(metric, 0),
        _different([a.documents[key] for key, _ in equal], [b.documents[key] for _, key in equal]),
        by_number,
        [a.documents[key].cell for key in keys] if a.divided else None,
        guessed if clusters else None,
        len(keys) - len(equal) if hashed else None,
    )


def _clusters(run: TaskScores, keys: Sequence[Identity]) -> Sequence[Hashable] | None:
    return [run.documents[key].cluster for key in keys] if run.clustered else None


def _different(a: Sequence[Document], b: Sequence[Document]) -> int | None:
    prompts = [(one.prompt, other.prompt) for one, other in zip(a, b, strict=True)]
    if any(None in both for both in prompts):
        return None
    return sum(one != other for one, other in prompts)
