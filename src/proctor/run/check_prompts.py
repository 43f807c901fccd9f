"""Prompts and options that are valid each, and together give a score that measures something else.

An empty option costs a model nothing and wins; of two equal options the first wins; where every document
has one prompt and one list of options, the model is asked the same thing each time. All of these give a
plausible score. The same looks at the documents of ``validate``, ``run`` and ``preview``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from proctor.run.check_targets import short
from proctor.run.findings import Findings
from proctor.tasks.spec import TaskSpec


class PromptCheck:
    """The prompts and options of one task."""

    def __init__(self, spec: TaskSpec, found: Findings) -> None:
        self._spec, self._found = spec, found
        self._count = 0
        self._first: tuple[Any, Any] = (None, None)
        self._is_one = True

    def look(self, number: int, text: Any, choices: Sequence[str] | None) -> None:
        """Look at one document; ``choices`` None: there are none."""
        if self._spec.output == "loglikelihood_rolling":
            return
        seen = (text, None if choices is None else tuple(choices))
        if self._count == 0:
            self._first = seen
        elif self._is_one:
            self._is_one = seen == self._first
        self._count += 1
        if choices:
            self._options(number, choices, are_contexts=isinstance(text, int))

    def finish(self) -> None:
        """Add what all documents say together."""
        text, choices = self._first
        if self._count < 2 or not self._is_one or (not text and choices is None):
            return
        what = "prompt" if choices is None else "prompt and the same options"
        message = f"all {self._count:,} documents have the same {what}: {short(text)}."
        hint = "doc_to_text names no column that differs: '{{ question }}' writes one."
        self._found.say(message, "doc_to_text", hint=hint, note=True)

    def _options(self, number: int, choices: Sequence[str], *, are_contexts: bool) -> None:
        if len(set(choices)) < len(choices):
            twice = next(choice for choice in choices if list(choices).count(choice) > 1)
            self._on(number, f"two choices are the same: {short(twice)}.", "same")
        if are_contexts:
            return
        delimiter = self._spec.prompt.target_delimiter
        if "" in choices:
            means = ": there is nothing to score" if not delimiter else "; it costs a model next to nothing, and wins"
            self._on(number, f"a choice is empty{means}.", "empty", note=bool(delimiter))
        spaced = next((choice for choice in choices if choice[:1] == " "), None)
        if spaced is not None and delimiter[-1:] == " ":
            message = f"two spaces stand before a choice: target_delimiter's, and that of {short(spaced)}."
            self._on(number, message, "two spaces", hint="Write the choices without it, or target_delimiter: ''.")

    def _on(self, number: int, message: str, kind: str, *, hint: str | None = None, note: bool = True) -> None:
        fault = self._spec.fault(message, "doc_to_choice", hint=hint)
        self._found.on(number, ("doc_to_choice", kind), fault, note=note)
