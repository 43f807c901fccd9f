"""The few-shot examples of one pass over a task's documents: drawn for each, rendered once."""

from __future__ import annotations

from collections.abc import Sequence

from proctor.messages import Message
from proctor.tasks.document_turns import shot_turns
from proctor.tasks.example import TaskShape
from proctor.tasks.fewshot import Sampler, TooFewError, too_few_error
from proctor.tasks.fields import Fields
from proctor.tasks.spec import TaskSpec
from proctor.types import Doc


class Shots:
    """The turns of drawn examples.

    Args:
        spec: The task.
        fields: What gives the parts of an example.
        shape: What the task's first document decided.
        pool: The documents that examples are.
        sampler: Draws their positions in the pool.
        labelled: Whether their options are shown with labels, and their answers are labels.
    """

    def __init__(
        self,
        spec: TaskSpec,
        fields: Fields,
        shape: TaskShape,
        pool: Sequence[Doc],
        sampler: Sampler,
        *,
        labelled: bool = False,
    ) -> None:
        self._spec, self._fields, self._shape = spec, fields, shape
        self._pool, self._sampler, self._labelled = pool, sampler, labelled
        self._rendered: dict[int, tuple[Message, ...]] = {}

    def positions(self, doc: Doc) -> tuple[int, ...]:
        """Draw the examples of a document: their positions in the pool.

        Raises:
            TaskError: The pool does not have as many.
        """
        try:
            return tuple(self._sampler.draw(doc))
        except TooFewError as error:
            there = error.there
            raise too_few_error(self._spec, error.wanted, there, exclude=True, most=there) from error

    def documents(self, positions: Sequence[int]) -> list[tuple[int, Doc]]:
        """The examples at some positions, with these."""
        return [(position, self._pool[position]) for position in positions]

    def messages(self, positions: Sequence[int]) -> tuple[Message, ...]:
        """The turns of the examples at some positions."""
        return tuple(message for position in positions for message in self._turns(position))

    def _turns(self, position: int) -> tuple[Message, ...]:
        if position not in self._rendered:
            doc = self._pool[position]
            made = shot_turns(self._spec, self._fields, self._shape, doc, labelled=self._labelled)
            self._rendered[position] = made
        return self._rendered[position]
