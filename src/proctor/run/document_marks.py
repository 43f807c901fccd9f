"""What is known of documents beside what metrics gave for them: which are excluded, which belong together."""

# From a setting to a mark
# ------------------------
#   --exclude FILE      hashes by task  ->  each graded document is hashed  ->  numbers of excluded documents
#   --cluster COLUMN,   column          ->  each graded document is read    ->  number -> value of the column
#   metadata.cluster
#
# Both are read as records pass by, since documents are not held. What can be wrong with them is found before the model
# is opened: the file is read, and the column is looked for in the first document of each task. A later document without
# the column takes the clusters of its task away, with a warning, and no score.
#
# Invariant: marks change no score. Scores without excluded documents and errors by clusters are added (added_scores).

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from proctor.analysis.clusters import column_value, declared_cluster
from proctor.errors import UsageError
from proctor.plurals import counted
from proctor.records import Record
from proctor.results.exclusions import Exclusions, read_exclusions
from proctor.results.hashes import doc_hash
from proctor.settings.config import RunConfig
from proctor.tasks.class_task import AnyTask

log = logging.getLogger("proctor")

SHOWN = 3
"""Tasks that a warning names."""


class DocumentMarks:
    """The marks of one task's documents.

    Args:
        task: Its name.
        hashes: The hashes of documents to exclude; None: nobody wants a score without some.
        cluster: The column of which equal values belong together, or a template; None: documents are independent.

    Attributes:
        excluded: Numbers of documents that are excluded; None: nobody wants a score without some.
        clusters: The cluster of each document by its number; None: documents are independent, or the column is missing.
    """

    def __init__(self, task: str, hashes: frozenset[str] | None = None, cluster: str | None = None) -> None:
        self.task, self.column = task, cluster
        self._hashes = hashes
        self._met: set[str] = set()
        self._seen: set[int] = set()
        self.excluded: set[int] | None = None if hashes is None else set()
        self.clusters: dict[int, str] | None = None if cluster is None else {}

    def __bool__(self) -> bool:
        return self._hashes is not None or self.column is not None

    def add(self, record: Record) -> None:
        """Look at a document when it is met for the first time."""
        if record.doc_id in self._seen:
            return
        self._seen.add(record.doc_id)
        if self._hashes and self.excluded is not None:
            name = doc_hash(record.doc)
            if name in self._hashes:
                self._met.add(name)
                self.excluded.add(record.doc_id)
        if self.clusters is not None and self.column is not None:
            try:
                self.clusters[record.doc_id] = column_value(record.doc, self.column, record.task)
            except UsageError as error:
                self.clusters = None
                log.warning("Task '%s' has no errors by clusters: %s", record.task, error.message)

    @property
    def unknown(self) -> int:
        """How many of the documents to exclude were not met."""
        return len((self._hashes or frozenset()) - self._met)


def marks_of(tasks: Sequence[AnyTask], config: RunConfig) -> Mapping[str, DocumentMarks]:
    """The marks of all tasks, before any document is graded.

    Args:
        tasks: The tasks, bound to their data.
        config: The settings.

    Raises:
        UsageError: The file of excluded documents is wrong, or no task has the column of clusters.
    """
    exclusions = None if config.exclude is None else read_exclusions(config.exclude)
    columns = _columns(tasks, config)
    if exclusions is not None:
        _warn_of_other_tasks(exclusions, [task.spec.name for task in tasks])
    return {
        name: DocumentMarks(
            name, None if exclusions is None else exclusions.hashes.get(name, frozenset()), columns.get(name)
        )
        for name in (task.spec.name for task in tasks)
    }


def _warn_of_other_tasks(exclusions: Exclusions, names: Sequence[str]) -> None:
    others = sorted(set(exclusions.hashes) - set(names))
    if others:
        count = sum(len(exclusions.hashes[name]) for name in others)
        log.warning(
            "%s of %s documents in %s are of tasks that are not evaluated (%s%s).",
            f"{count:,}", f"{exclusions.documents:,}", exclusions.file, ", ".join(others[:SHOWN]),
            ", ..." if len(others) > SHOWN else "",
        )  # fmt: skip


def _columns(tasks: Sequence[AnyTask], config: RunConfig) -> Mapping[str, str]:
    """The column of clusters of each task that has one: the setting's before the task's own."""
    found: dict[str, str] = {}
    lacking: list[str] = []
    errors: list[UsageError] = []
    for task in tasks:
        # lm-eval's own figures are wanted: what a task file says of clusters is not among them.
        own = None if config.strict_lm_eval else declared_cluster(task.spec.metadata)
        column = config.cluster or own
        if column is None or not len(task.documents):
            continue
        try:
            column_value(
                task.documents[0], column, task.spec.name, "metadata.cluster" if not config.cluster else "--cluster"
            )
        except UsageError as error:
            lacking.append(task.spec.name)
            errors.append(error)
        else:
            found[task.spec.name] = column
    if config.cluster and errors and not found:
        raise errors[0]
    if lacking:
        log.warning(
            "%d of %s have no errors by clusters, for their documents lack the column (%s%s).",
            len(lacking), counted(len(tasks), "task"), ", ".join(lacking[:SHOWN]),
            ", ..." if len(lacking) > SHOWN else "",
        )  # fmt: skip
    return found


def mark_facts(marks: Iterable[DocumentMarks], config: RunConfig) -> dict[str, Any]:
    """What the results file says of excluded documents and of clusters; what was not met is said in the log.

    Lists, not mappings by name: what stands under a name that looks like a secret's is hidden.

    Args:
        marks: Of all tasks, which have met their documents.
        config: The settings.
    """
    every = list(marks)
    facts: dict[str, Any] = {}
    if config.exclude is not None:
        unknown = sum(one.unknown for one in every)
        if unknown:
            log.warning(
                "%s in %s not among this run's (another version of the data, or --limit).",
                counted(unknown, "document"), config.exclude,
            )  # fmt: skip
        rows = [{"task": one.task, "documents": len(one.excluded or ()), "unknown": one.unknown} for one in every]
        facts["exclude"] = {"file": config.exclude, "unknown": unknown, "tasks": rows}
    clustered = [one for one in every if one.clusters]
    if clustered:
        facts["clusters"] = [
            {"task": one.task, "column": one.column, "clusters": len(set((one.clusters or {}).values()))}
            for one in clustered
        ]
    return facts
