"""The errors and notes of one task or group, collected while its files are checked."""

from __future__ import annotations

from proctor.errors import Finding
from proctor.tasks.select import GroupNode, TaskNode
from proctor.tasks.source_map import error_at


class Report:
    """Collects the errors and the notes of one task or group."""

    def __init__(self, kind: str, node: TaskNode | GroupNode) -> None:
        self.kind, self.node = kind, node
        self.errors: list[Finding] = []
        self.notes: list[Finding] = []
        self.keys: set[str] = set()

    def error(self, message: str, *path: str | int, hint: str | None = None) -> None:
        """Add an error at the line of a key; its top-level key counts as unusable.

        Args:
            message: What is wrong.
            *path: The key, from the top down.
            hint: What to do.
        """
        self.keys.update(str(key) for key in path[:1])
        self.errors.append(error_at(self.kind, self.node, message, path, hint))

    def note(self, message: str, *path: str | int, hint: str | None = None) -> None:
        """Add a note: something to look at that may be meant.

        Args:
            message: What is worth knowing.
            *path: The key, from the top down.
            hint: What to do.
        """
        self.notes.append(error_at(self.kind, self.node, message, path, hint))
