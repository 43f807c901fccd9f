"""Evaluated documents that are few-shot examples as well, in another split: a prompt shows their answers."""

# A document and an example are the same if the task's own fields give them the same text, options and target: numbers
# and names of rows differ between splits. Fields are functions and templates of the task, so that the cost is in calls:
#
#   validate   fields of every evaluated document are computed anyway; those of the pool once more (ExampleLeaks)
#   run        the turns of a prompt are there already: only where the text of an example is that of its question are
#              fields of the pool computed (PromptLeaks)
#
# Where examples come from the evaluated split itself, another warning speaks of it (``may_leak``).

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from proctor.check.findings import Findings
from proctor.errors import ProctorError
from proctor.tasks.example import Example
from proctor.tasks.fewshot import may_leak, pool_name, pool_split, row_in_split
from proctor.tasks.fields import Fields
from proctor.tasks.spec import TaskSpec
from proctor.types import Doc


class ExampleLeaks:
    """Documents of one task that can be examples, found from all documents and the whole pool.

    Args:
        spec: The task.
        findings: Takes notes.
        fields: Those of an evaluated document.
    """

    def __init__(self, spec: TaskSpec, findings: Findings, fields: Fields) -> None:
        self._spec, self._findings, self._fields = spec, findings, fields
        self._is_needed = spec.n_shot > 0 and pool_split(spec) != spec.data.eval_split
        self._numbers: dict[int | None, int] = {}

    def look(self, number: int, text: Any, choices: Any, target: Any) -> None:
        """Remember one evaluated document by its hash.

        Args:
            number: Its position.
            text: What doc_to_text gave.
            choices: What doc_to_choice gave; None: there are none.
            target: What doc_to_target gave.
        """
        if self._is_needed and isinstance(text, str) and text.strip():
            self._numbers.setdefault(_hash(text, choices, target), number)

    def finish(self, pool: Sequence[Doc]) -> None:
        """Look at the examples that can be drawn.

        Args:
            pool: The few-shot examples.
        """
        if not self._numbers:
            return
        for position, doc in enumerate(pool[: self._spec.n_shot] if self._spec.fewshot.sampler == "first_n" else pool):
            number = self._numbers.pop(_hash_of(self._fields, doc), None)
            if number is not None:
                _add(self._spec, self._findings, number, position)


class PromptLeaks:
    """Documents of one task in whose own prompts they stand, answered.

    Args:
        spec: The task.
        findings: Takes notes.
        fields: Those of an evaluated document.
        load: Loads the few-shot examples; called where a text occurs twice in a prompt.
    """

    def __init__(self, spec: TaskSpec, findings: Findings, fields: Fields, load: Callable[[], Sequence[Doc]]) -> None:
        self._spec, self._findings, self._fields, self._load = spec, findings, fields, load
        self._is_needed = spec.n_shot > 0 and not may_leak(spec)
        self._pool: Sequence[Doc] | None = None
        self._hashes: dict[int, int | None] = {}

    def look(self, example: Example) -> None:
        """Look at one document with its prompt.

        Args:
            example: The document and its prompt.
        """
        shown = example.canonical
        if not self._is_needed or not example.shots or len(shown.contexts) != 1 or not isinstance(example.text, str):
            return
        *earlier, own = [turn.content for turn in shown.contexts[0] if turn.role == "user"]
        if own not in earlier:
            return
        wanted = _hash(example.text, shown.options, example.target)
        position = next((one for one in example.shots if self._hash_at(one) == wanted), None)
        if position is not None:
            _add(self._spec, self._findings, example.doc_id, position)

    def _hash_at(self, position: int) -> int | None:
        if self._pool is None:
            self._pool = self._load()
        if position not in self._hashes:
            # A sampler of the task's own may make examples up, which stand in no pool.
            made_up = position >= len(self._pool)
            self._hashes[position] = None if made_up else _hash_of(self._fields, self._pool[position])
        return self._hashes[position]


def _hash_of(fields: Fields, doc: Doc) -> int | None:
    try:
        return _hash(fields.text(doc), None if fields.choice is None else fields.choice(doc), fields.target(doc))
    except ProctorError:  # an example may lack what only evaluated documents need
        return None


def _hash(text: Any, choices: Any, target: Any) -> int:
    return hash((text, repr(None if choices is None else list(choices)), repr(target)))


def _add(spec: TaskSpec, findings: Findings, number: int, position: int) -> None:
    row = row_in_split(spec, position)
    message = f"a few-shot example asks the same and shows the answer: example {row} of {pool_name(spec)}."
    hint = "Take the document out of one of them."
    findings.on(number, "example leaks", spec.error(message, "num_fewshot", hint=hint), note=True)
