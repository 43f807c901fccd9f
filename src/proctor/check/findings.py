"""What a check of one task finds.

An error that many documents have is told once, with the first of them and their number.
"""

# Errors, warnings, notes
# -----------------------
#   error   a score would be wrong, meaningless or impossible    ``validate``: exit code 1;  ``run``: no model is loaded
#   note    something that may be meant                          ``validate``: shown;        ``run``: one warning
#
# A finding of a document has a *kind*: what it has in common with the same finding of other documents, such as the key
# and the class of the exception. The first of a kind is shown in full, the others are counted, so that a task of ten
# thousand documents with one wrong template gives one line:
#
#   doc_to_target is empty: any answer counts as wrong (document 3 and 9,996 more documents).
#
# A kind may change from note to error at the end (``make_error``): one empty target may be meant, all of them cannot.
# Memory is bounded by the number of kinds, which is that of checks times keys, and not by the number of documents.

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from proctor.errors import Finding, ProctorError, TaskError
from proctor.tasks.spec import TaskSpec

OTHERS = 2
"""Values that are named beside the first of their kind."""


@dataclass(slots=True)
class _FindingKey:
    error: Finding
    first: int
    where: str
    count: int = 1
    is_note: bool = False
    values: list[str] = field(default_factory=list)


class Findings:
    """Errors and notes of one task; those of documents once per kind."""

    def __init__(self, spec: TaskSpec) -> None:
        self.spec = spec
        self._plain: list[tuple[Finding, bool]] = []
        self._seen: dict[Any, _FindingKey] = {}

    def add(self, error: ProctorError, key: str, *, note: bool = False) -> None:
        """Add an error that concerns the task as a whole.

        Args:
            error: The error.
            key: Its place if it has none.
            note: It is a note.
        """
        if isinstance(error, TaskError):
            self._plain += [(finding, note) for finding in error.errors]
        else:
            message = error.message.replace(f" of task '{self.spec.name}'", "")
            message = message.removeprefix(f"Task '{self.spec.name}': ")
            self._plain.append((self.spec.error(message, key, hint=error.hint), note))

    def say(self, message: str, *path: str, hint: str | None = None, note: bool = False) -> None:
        """Add an error of the task as a whole.

        Args:
            message: What is wrong.
            *path: The key, from the top down.
            hint: What to do.
            note: It is a note.
        """
        self._plain.append((self.spec.error(message, *path, hint=hint), note))

    def add_error(self, finding: Finding, *, note: bool = False) -> None:
        """Add an error that has its place.

        Args:
            finding: The error.
            note: It is a note.
        """
        self._plain.append((finding, note))

    def on(
        self,
        doc: int,
        kind: Any,
        finding: Finding,
        *,
        where: str = "document",
        note: bool = False,
        value: str | None = None,
    ) -> None:
        """Add an error of one document; the first of its ``kind`` stands for all.

        Args:
            doc: The document's position.
            kind: What errors of equal kind have in common.
            finding: The error.
            where: What a document is called in the message.
            note: It is a note.
            value: What the document has; up to two others than the first are named.
        """
        seen = self._seen.get(kind)
        if seen is None:
            self._seen[kind] = seen = _FindingKey(finding, doc, where, is_note=note)
        # A document and a few-shot example are numbered apart: examples do not add to a count of documents.
        elif seen.where == where:
            seen.count += 1
        if value is not None and len(seen.values) < OTHERS + 1 and value not in seen.values:
            seen.values.append(value)

    def make_error(self, kind: Any) -> None:
        """What was a note of single documents becomes an error of the task.

        Args:
            kind: The kind of the note.
        """
        if kind in self._seen:
            self._seen[kind].is_note = False

    def results(self) -> tuple[list[Finding], list[Finding]]:
        """All errors, all notes."""
        findings = [*self._plain, *((_counted(seen), seen.is_note) for seen in self._seen.values())]
        return [finding for finding, note in findings if not note], [finding for finding, note in findings if note]


def _counted(seen: _FindingKey) -> Finding:
    more = seen.count - 1
    rest = "" if not more else f" and {more:,} more documents" if more > 1 else " and 1 more document"
    others = f"; also {', '.join(seen.values[1:])}" if len(seen.values) > 1 else ""
    return replace(seen.error, message=f"{seen.error.message.rstrip('.')} ({seen.where} {seen.first}{rest}{others}).")
