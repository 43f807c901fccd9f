"""How much of a run is planned, requested and graded at a time."""

from __future__ import annotations

from dataclasses import dataclass

from proctor.tasks.class_task import AnyTask
from proctor.tasks.plan import DocumentPlan


@dataclass(frozen=True, slots=True)
class ChunkLimits:
    """How much a chunk may hold, unless it is one task that cannot be divided.

    Attributes:
        queries: Queries, repeats included.
        characters: Characters of all their texts.
    """

    queries: int = 100_000
    characters: int = 256_000_000

    def divided(self, parts: int) -> ChunkLimits:
        """Limits of chunks of which ``parts`` are in memory at a time."""
        return ChunkLimits(max(1, self.queries // parts), max(1, self.characters // parts))


ROOM = ChunkLimits()


class ChunkSize:
    """Whether what was added is too much for one chunk.

    Args:
        room: How much it may hold.
    """

    def __init__(self, room: ChunkLimits) -> None:
        self._queries, self._characters = room.queries, room.characters

    def add(self, task: AnyTask, planned: DocumentPlan) -> None:
        """Count a document's requests.

        Args:
            task: Its task.
            planned: The document.
        """
        for ask in planned.asks:
            request = ask.request
            self._queries -= task.spec.repeats if request.is_sampled else 1
            self._characters -= sum(map(len, request.texts))

    @property
    def is_over(self) -> bool:
        """Whether it is too much by now."""
        return self._queries < 0 or self._characters < 0
