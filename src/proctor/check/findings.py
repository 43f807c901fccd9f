"""What a check of one task finds.

A fault that many documents have is told once, with the first of them and their number.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from proctor.errors import Finding, ProctorError, TaskError
from proctor.tasks.spec import TaskSpec

OTHERS = 2
"""Values that are named beside the first of their kind."""


@dataclass(slots=True)
class _FindingKey:
    fault: Finding
    first: int
    where: str
    count: int = 1
    is_note: bool = False
    values: list[str] = field(default_factory=list)


class Findings:
    """Faults and notes of one task; those of documents once per kind."""

    def __init__(self, spec: TaskSpec) -> None:
        self.spec = spec
        self._plain: list[tuple[Finding, bool]] = []
        self._seen: dict[Any, _FindingKey] = {}

    def add(self, error: ProctorError, key: str, *, note: bool = False) -> None:
        """Add an error that concerns the task as a whole; ``key`` is its place if it has none."""
        if isinstance(error, TaskError):
            self._plain += [(fault, note) for fault in error.faults]
        else:
            message = error.message.replace(f" of task '{self.spec.name}'", "")
            message = message.removeprefix(f"Task '{self.spec.name}': ")
            self._plain.append((self.spec.fault(message, key, hint=error.hint), note))

    def say(self, message: str, *path: str, hint: str | None = None, note: bool = False) -> None:
        """Add a fault of the task as a whole."""
        self._plain.append((self.spec.fault(message, *path, hint=hint), note))

    def say_fault(self, fault: Finding, *, note: bool = False) -> None:
        """Add a fault that has its place."""
        self._plain.append((fault, note))

    def on(
        self,
        doc: int,
        kind: Any,
        fault: Finding,
        *,
        where: str = "document",
        note: bool = False,
        value: str | None = None,
    ) -> None:
        """Add a fault of one document; the first of its ``kind`` stands for all.

        ``value``: what the document has; up to two others than the first are named.
        """
        seen = self._seen.get(kind)
        if seen is None:
            self._seen[kind] = seen = _FindingKey(fault, doc, where, is_note=note)
        elif seen.where == where:
            seen.count += 1
        if value is not None and len(seen.values) < OTHERS + 1 and value not in seen.values:
            seen.values.append(value)

    def make_fault(self, kind: Any) -> None:
        """What was a note of single documents is a fault of the task."""
        if kind in self._seen:
            self._seen[kind].is_note = False

    def results(self) -> tuple[list[Finding], list[Finding]]:
        """All faults, all notes."""
        told = [*self._plain, *((_counted(seen), seen.is_note) for seen in self._seen.values())]
        return [fault for fault, note in told if not note], [fault for fault, note in told if note]


def _counted(seen: _FindingKey) -> Finding:
    more = seen.count - 1
    rest = "" if not more else f" and {more:,} more documents" if more > 1 else " and 1 more document"
    others = f"; also {', '.join(seen.values[1:])}" if len(seen.values) > 1 else ""
    return replace(seen.fault, message=f"{seen.fault.message.rstrip('.')} ({seen.where} {seen.first}{rest}{others}).")
