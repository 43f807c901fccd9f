"""Functions of a document, called a second time: do they give what they gave before?

Text, options and target come from functions that are called one after the other. Where they draw by
chance, or change the document that they share, the prompt shows one order of options and the gold
counts in another: a score of chance that looks like a score. So the fields of a few documents are
computed again, each on a copy of its own. Invariant: whatever the calls drew from is put back.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from proctor.check.findings import Findings
from proctor.errors import ProctorError, value_text
from proctor.random_state import random_state_restored
from proctor.refs import Ref
from proctor.tasks.fields import Fields
from proctor.tasks.output_types.base import TargetUse
from proctor.tasks.output_types.table import output_type_of
from proctor.tasks.registered import refs_of
from proctor.tasks.spec import TaskSpec
from proctor.types import Doc

DOCUMENTS = 3
"""Documents of a task that are looked at twice."""

CALLS = 3
"""Further calls of each function for each of them: two options stand in one order by chance half of the time."""

_SEED = (
    "Draw from a generator of the document's own, 'random.Random(doc[\"question\"])', or shuffle once, in process_docs."
)
_COPY = "Make a copy first ('doc = dict(doc)'), or make the change in process_docs."
_LABEL = 3
"""Characters of an option that is a label at most: 'B', '(B)'."""


@dataclass(frozen=True, slots=True)
class FieldValues:
    """What the fields of one document gave. ``choices`` None: there are none."""

    text: Any
    target: Any
    choices: Any


def can_differ(spec: TaskSpec) -> bool:
    """Whether two calls can differ at all: templates draw by chance only where they say so.

    Args:
        spec: The task.
    """
    fields = (spec.prompt.text, spec.prompt.target, spec.prompt.choice)
    return any(isinstance(one, Ref) or callable(one) or (isinstance(one, str) and "random" in one) for one in fields)


def functions_of(spec: TaskSpec) -> Iterator[Any]:
    """The functions that a task names, as far as they can be resolved.

    Args:
        spec: The task.
    """
    for ref in refs_of(spec.raw):
        try:
            yield ref.resolve()
        except ProctorError:
            continue


class RepeatCheck:
    """The fields of one task, looked at twice. ``fields``: of its questions."""

    def __init__(self, spec: TaskSpec, fields: Fields, findings: Findings) -> None:
        self._spec, self._fields, self._findings = spec, fields, findings

    def look(self, number: int, doc: Doc, before: FieldValues) -> None:
        """Look at one document a second time.

        Args:
            number: Its position.
            doc: The document, as it was loaded.
            before: What its fields gave in the run.
        """
        with random_state_restored(functions_of(self._spec)):
            try:
                again = [self._values(number, doc, first=call == 0) for call in range(CALLS)]
                # lm-eval calls all functions on one document, so a change by the first is seen by the others: tried as
                # well.
                shared = self._on_one_copy(doc)
            except Exception:  # noqa: BLE001 - it worked once: whatever fails now depends on more than the document
                self._say(number, "the functions", "fail", "when they are called a second time", warn=True)
                return
        differing = [key for key in ("text", "choices", "target") if self._differs(key, again)]
        if differing:
            self._judge(number, differing, again)
        else:
            # Alike on a copy of the document each: what is otherwise after another call comes of a change of it.
            changed = [
                key
                for key in ("choices", "target")
                if any(not is_same(getattr(values, key), getattr(again[0], key)) for values in (before, shared))
            ]
            for key in changed:
                self._say(number, _field(key), "gives another value", "after another function changed the document")

    def _on_one_copy(self, doc: Doc) -> FieldValues:
        """The fields of one document in lm-eval's order, each given what the one before left."""
        own, fields = copy.deepcopy(doc), self._fields
        text = copy.deepcopy(fields.text(own))
        choices = None if fields.choice is None else copy.deepcopy(fields.choice(own))
        return FieldValues(text, fields.target(own), choices)

    def _values(self, number: int, doc: Doc, *, first: bool) -> FieldValues:
        fields = self._fields
        return FieldValues(
            self._call(number, "doc_to_text", fields.text, doc, first),
            self._call(number, "doc_to_target", fields.target, doc, first),
            None if fields.choice is None else self._call(number, "doc_to_choice", fields.choice, doc, first),
        )

    def _call(self, number: int, key: str, getter: Any, doc: Doc, first: bool) -> Any:
        own = copy.deepcopy(dict(doc) if isinstance(doc, Mapping) else doc)
        value = copy.deepcopy(getter(own))
        if first and isinstance(doc, Mapping) and not is_same(own, dict(doc)):
            keys = [name for name in own if name not in doc or not is_same(own[name], doc[name])]
            message = f"{key} changes the document that it is given ({', '.join(map(repr, keys[:3])) or 'keys'})."
            finding = self._spec.error(message, key, hint=_COPY)
            self._findings.on(number, (key, "changes"), finding, note=True)
        return value

    def _differs(self, key: str, again: list[FieldValues]) -> bool:
        first, *others = (getattr(values, key) for values in again)
        return not all(is_same(first, other) for other in others)

    def _judge(self, number: int, differing: list[str], again: list[FieldValues]) -> None:
        """Say what differs: as an error where prompt and gold can disagree for it."""
        wrong = self._disagrees(differing, again)
        for key in differing:
            self._say(number, _field(key), "gives another value", "each time it is called", warn=not wrong, hint=_SEED)

    def _disagrees(self, differing: list[str], again: list[FieldValues]) -> bool:
        spec = self._spec
        output = output_type_of(spec)
        if spec.predict_only or output.target_use is TargetUse.SCORED:
            return False
        if "choices" in differing and output.has_options:
            # A right answer that is told by its text is found in whatever order.
            # Options in another order are harmless where the gold is a text: it is looked up among those of the same
            # call.
            texts = "target" not in differing and all(isinstance(values.target, str) for values in again)
            return not (texts and all(values.target in values.choices for values in again) and "text" not in differing)
        if "target" in differing:
            return spec.process_results is None
        return _is_label(again[0]) and _is_shuffled([values.text for values in again])

    def _say(self, number: int, what: str, does: str, when: str, *, warn: bool = False, hint: str = _COPY) -> None:
        key = what if what.startswith("doc_to") else "task"
        means = "" if warn else ": prompt and gold disagree"
        finding = self._spec.error(f"{what} {does} {when}{means}.", key, hint=hint)
        self._findings.on(number, (what, does, when), finding, note=warn)


def _field(key: str) -> str:
    return {"text": "doc_to_text", "choices": "doc_to_choice", "target": "doc_to_target"}[key]


def is_same(left: Any, right: Any) -> bool:
    """Whether two values are alike; arrays and what has no ``==`` of its own by how they are written.

    Args:
        left: A value.
        right: Another.
    """
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        left, right = list(left), list(right)
    try:
        if bool(left == right):
            return True
    except Exception:  # noqa: BLE001 - arrays and other values have an == of their own
        pass
    return value_text(left) == value_text(right)


def _is_label(values: FieldValues) -> bool:
    """Whether the gold is a sign that stands for an option which the prompt spells out."""
    if values.choices is not None:
        return all(isinstance(one, str) and len(one.strip()) <= _LABEL for one in values.choices)
    return isinstance(values.target, int) or (isinstance(values.target, str) and len(values.target.strip()) <= _LABEL)


def _is_shuffled(texts: list[Any]) -> bool:
    """Whether the prompts differ in nothing but the order of their letters."""
    return all(isinstance(text, str) for text in texts) and len({"".join(sorted(text)) for text in texts}) == 1
