"""What a preview has shown, and what all documents would come to at the same rate."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Totals:
    """What was shown, and what all documents would come to at the same rate."""

    tasks: int = 0
    documents: int = 0
    requests: int = 0
    characters: int = 0
    tokens: int = 0
    cut: int = 0
    all_documents: int = 0
    all_requests: float = 0.0
    all_tokens: float = 0.0

    def add(self, other: Totals, of: int) -> None:
        """Add a task's sum; the task has ``of`` documents."""
        for name in ("tasks", "documents", "requests", "characters", "tokens", "cut"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        # By task, since tasks differ in the length of their documents far more than documents of one task do.
        factor = of / max(other.documents, 1)
        self.all_documents += of
        self.all_requests += other.requests * factor
        self.all_tokens += other.tokens * factor
