"""One document of a task with its prompt, and what the first document decides for all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from proctor.errors import ProctorError
from proctor.types import Doc, Message

NoteError: TypeAlias = Callable[[int, ProctorError], None]
"""Takes the number of a document of which no prompt can be made, and the error."""


@dataclass(frozen=True, slots=True)
class Example:
    """One document, ready to be asked.

    ``contexts``: the turns of its prompt; several where the choices are alternative contexts
    (``multiple_input``). ``text`` and ``target`` are what doc_to_text and doc_to_target gave.
    ``shots``: positions of its few-shot examples in the pool.
    """

    doc_id: int
    doc: Doc
    contexts: tuple[tuple[Message, ...], ...]
    text: Any
    target: Any
    choices: tuple[str, ...] | None
    gen_prefix: str | None
    shots: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskShape:
    """What the first document decides for the whole task (lm-eval).

    ``multiple_input``: doc_to_text gives the gold choice's number and the choices are contexts.
    ``multiple_target``: doc_to_target gives a list of right answers.
    """

    multiple_input: bool
    multiple_target: bool
