"""Clusters that nobody named and that are certain all the same: questions about one passage."""

# What is certain
# ---------------
#   MMLU's passages     a text that begins with "This question refers to the following": all but its last line is the
#                       passage, which two to six questions share
#   a passage column    long texts, equal in several documents, that the prompt shows before another column of the
#                       document, which is no option: passage, then question
#
# Everything else is left to --cluster and metadata.cluster. A wrong guess is worse than none: equal instructions would
# make a whole exam a handful of clusters. Hence the limits: a column with a value for more than thirty documents on
# average is no passage, and one that hardly any two documents share is not worth it.
#
# Samples are read once more only where a column may be one, since prompts are not held.

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from proctor.results.stored_run import Identity, Sample, StoredRun

PASSAGE = "This question refers to the following"
_LEAST_CHARACTERS = 60
"""Of a passage; questions such as "Which of these is right?" are repeated as well."""
_MOST_DOCUMENTS = 30
"""On average for a passage."""
_LEAST_SHARED = 0.1
"""Share of documents that have their passage in common with another one."""
_LEAST_QUESTION = 8
"""Characters of the column after the passage."""


@dataclass(frozen=True, slots=True)
class GuessedClusters:
    """Which documents belong together.

    Attributes:
        by: What they have in common, as it reads after "by".
        clusters: The cluster of every document.
    """

    by: str
    clusters: Mapping[Identity, Hashable]


class ClusterGuess:
    """Takes the samples of one task, each document once, and then says which belong together."""

    def __init__(self) -> None:
        self._documents: list[Identity] = []
        self._columns: dict[str, list[int]] = {}
        self._passages: dict[Identity, Hashable] = {}

    def add(self, sample: Sample) -> None:
        """Look at a document."""
        doc = sample.line.get("doc")
        if not isinstance(doc, dict):
            return
        self._documents.append(sample.identity)
        for name, value in doc.items():
            if type(value) is str and len(value) >= _LEAST_CHARACTERS:
                self._columns.setdefault(name, []).append(hash(value))
                if value.startswith(PASSAGE):
                    self._passages[sample.identity] = hash(" ".join(value.rstrip().rpartition("\n")[0].split()))

    def found(self, run: StoredRun, task: str, options: Callable[[Sample], Sequence[str]]) -> GuessedClusters | None:
        """The clusters, if there are any that are certain.

        Args:
            run: The run, whose samples are read again where a column may hold passages.
            task: The task.
            options: The texts of a document's options: an option is no question after a passage.
        """
        if self._passages:
            clusters = {identity: self._passages.get(identity, identity) for identity in self._documents}
            if len(set(clusters.values())) < len(clusters):
                return GuessedClusters("passage", clusters)
        for column, values in self._columns.items():
            if self._may_be_passages(values):
                clusters = self._read_again(run, task, column, options)
                if clusters is not None:
                    return GuessedClusters(column, clusters)
        return None

    def _may_be_passages(self, values: Sequence[int]) -> bool:
        n, distinct = len(values), len(set(values))
        if n < len(self._documents) or not 1 < distinct < n or n > distinct * _MOST_DOCUMENTS:
            return False
        seen: dict[int, int] = {}
        for value in values:
            seen[value] = seen.get(value, 0) + 1
        return sum(count for count in seen.values() if count > 1) >= _LEAST_SHARED * n

    def _read_again(
        self, run: StoredRun, task: str, column: str, options: Callable[[Sample], Sequence[str]]
    ) -> dict[Identity, Hashable] | None:
        """The clusters by a column; None where some prompt does not show it before another one."""
        clusters: dict[Identity, Hashable] = {}
        after: set[str] | None = None
        pairs: dict[str, set[int]] = {}
        for sample in run.samples(task):
            if sample.identity in clusters:
                continue
            doc, prompt = sample.line["doc"], sample.prompt
            start = prompt.rfind(doc[column])
            if start < 0:
                return None
            end, texts = start + len(doc[column]), options(sample)
            names = {name for name, value in doc.items() if _is_question(value, texts) and prompt.find(value, end) >= 0}
            after = names if after is None else after & names
            if not after:
                return None
            clusters[sample.identity] = value = hash(doc[column])
            for name in after:
                pairs.setdefault(name, set()).add(hash((value, doc[name])))
        # What follows must tell documents of one passage apart, as questions do.
        return clusters if any(len(pairs[name]) > 0.9 * len(clusters) for name in after or ()) else None


def _is_question(value: Any, options: Sequence[str]) -> bool:
    return isinstance(value, str) and len(value) >= _LEAST_QUESTION and value not in options
