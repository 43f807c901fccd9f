"""Prompts and options that are valid each, and together give a score that measures something else.

An empty option costs a model nothing and wins; of two equal options the first wins; where every document
has one prompt and one list of options, the model is asked the same thing each time; a second space before an
option is a token that the model seldom saw there. All of these give a plausible score. The same looks at the
documents of ``validate``, ``run`` and ``preview``.

Prompts of published benchmarks are asked as they were published: nothing is said of those.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from proctor.check.findings import Findings
from proctor.check.targets import short
from proctor.stock.location import stock_roots
from proctor.tasks.index import BUNDLED
from proctor.tasks.output_types.table import output_type_of
from proctor.tasks.prompt import PLAIN, PromptStyle
from proctor.tasks.spec import TaskSpec

_SEVERAL_SPACES = "Of the spaces before an answer only one is meant: take the other away."


class PromptCheck:
    """The prompts and options of one task.

    Args:
        spec: The task.
        findings: Takes errors and notes.
        style: How prompts are rendered: in a chat, turns and not delimiters stand between prompts and answers.
    """

    def __init__(self, spec: TaskSpec, findings: Findings, style: PromptStyle = PLAIN) -> None:
        self._spec, self._findings = spec, findings
        self._output = output_type_of(spec)
        self._is_chat, self._has_turns = style.chat is not None, style.chat is not None and style.multiturn
        self._delimiter = self._delimiter_of_options(spec)
        self._count = 0
        self._first: tuple[Any, Any] = (None, None)
        self._is_one_prompt = self._is_one_list = True
        self._is_published = _is_published(spec)

    def look(self, number: int, text: Any, choices: Sequence[str] | None) -> None:
        """Look at one document.

        Args:
            number: Its position.
            text: What doc_to_text gave.
            choices: Its options; None: there are none.
        """
        if not self._output.has_prompt:
            return
        seen = (text, None if choices is None else tuple(choices))
        if self._count == 0:
            self._first = seen
        else:
            self._is_one_prompt = self._is_one_prompt and text == self._first[0]
            self._is_one_list = self._is_one_list and seen[1] == self._first[1]
        self._count += 1
        if choices:
            self._options(number, choices, are_contexts=isinstance(text, int))
        if not self._is_published:
            self._end_of_text(number, text, choices)

    def finish(self) -> None:
        """Add what all documents say together."""
        text, choices = self._first
        # One document has one prompt; that says nothing.
        if self._count < 2 or not self._is_one_prompt:
            return
        # Options that differ can hold all there is to know, after no prompt or in the place of one.
        if (not text or isinstance(text, int) or self._is_published) and (choices is None or not self._is_one_list):
            return
        what = "prompt" if choices is None else "prompt and the same options" if self._is_one_list else "prompt"
        means = "" if choices is None or self._is_one_list else "; only their options differ"
        message = f"all {self._count:,} documents have the same {what}: {short(text)}{means}."
        hint = "doc_to_text names no column that differs: '{{ question }}' writes one."
        self._findings.say(message, "doc_to_text", hint=hint, note=True)

    def _delimiter_of_options(self, spec: TaskSpec) -> str:
        """What stands between a prompt and an option.

        lm-eval: nothing in a chat, where the option begins a turn, unless it goes on with a gen_prefix.
        """
        prefix = spec.prompt.gen_prefix
        if self._is_chat and (not prefix or (isinstance(prefix, str) and prefix[-1:].isspace())):
            return ""
        return spec.prompt.target_delimiter

    def _end_of_text(self, number: int, text: Any, choices: Sequence[str] | None) -> None:
        """A prompt that ends with a space before an answer that begins with one.

        lm-eval: target_delimiter stands before each option, before the answers of few-shot examples, and
        before a gen_prefix only where no white space is there already.
        """
        spec, prefix = self._spec, self._spec.prompt.gen_prefix
        is_scored = self._output.has_options
        if self._is_chat and not prefix and (is_scored or self._has_turns):
            return  # the end of a turn stands between
        delimiter = self._delimiter if is_scored else spec.prompt.target_delimiter
        key, ending = ("gen_prefix", prefix) if isinstance(prefix, str) and prefix else ("doc_to_text", text)
        if isinstance(text, int) and choices:
            key, ending = "doc_to_choice", next((one for one in choices if one[-1:] == " "), "")
            choices = None
        if not isinstance(ending, str) or ending[-1:] != " ":
            return
        if is_scored:
            is_doubled = delimiter[:1] == " " or (not delimiter and any(one[:1] == " " for one in choices or ()))
            where = "before a choice" if choices else "before the continuation"
        else:
            is_doubled = spec.n_shot > 0 and key == "doc_to_text" and delimiter[:1] == " "
            where = "before the answer of a few-shot example"
        # "A: " and " Paris" make two spaces. Most tokenizers have a token for them, which seldom stands before an
        # answer.
        if is_doubled:
            other = "target_delimiter's" if delimiter else "the choice's own"
            message = f"two spaces stand {where}: the last of {key}, {short(ending[-40:])}, and {other}."
            self._on(number, message, f"two spaces after {key}", hint=_SEVERAL_SPACES, key=key)

    def _options(self, number: int, choices: Sequence[str], *, are_contexts: bool) -> None:
        if len(set(choices)) < len(choices):
            twice = next(choice for choice in choices if list(choices).count(choice) > 1)
            self._on(number, f"two choices are the same: {short(twice)}.", "same")
        if are_contexts:
            return
        delimiter = self._delimiter
        if "" in choices:
            means = ": there is nothing to score" if not delimiter else "; it costs a model next to nothing, and wins"
            self._on(number, f"a choice is empty{means}.", "empty", note=bool(delimiter))
        if delimiter[-1:] != " ":
            return
        for spaced in choices:
            if spaced[:1] == " ":
                message = f"two spaces stand before a choice: target_delimiter's, and that of {short(spaced)}."
                self._on(number, message, "two spaces", hint="Write the choices without it, or target_delimiter: ''.")
                return

    def _on(
        self,
        number: int,
        message: str,
        kind: str,
        *,
        hint: str | None = None,
        note: bool = True,
        key: str = "doc_to_choice",
    ) -> None:
        finding = self._spec.error(message, key, hint=hint)
        self._findings.on(number, ("doc_to_choice", kind), finding, note=note)


def _is_published(spec: TaskSpec) -> bool:
    """Whether the task's prompt is of a file that ships with proctor or with lm-eval."""
    file = spec.error("", "doc_to_text").file
    folders = (BUNDLED, *(root.path for root in stock_roots()))
    return file is not None and any(Path(file).is_relative_to(folder) for folder in folders)
