"""What is looked at in a task while its prompts are built: the same for ``run``, ``preview`` and ``regrade``.

``validate`` looks at every document with the same checks (:mod:`proctor.check.documents`). Here each
finding is an error, which stops the run before the model is loaded, or one warning with a count.
An error is what gives a score that means nothing: no target that can be read, and functions that
do not agree with themselves. ``--strict_lm_eval`` makes warnings of both.
"""

# Why three collections of findings
# ---------------------------------
#   _of_prompts  cells, prompts, braces                    always warnings
#   _of_targets  targets against options                   an error only if no target at all can be read
#   _of_calls    functions that do not repeat themselves   errors; warnings under --strict_lm_eval
#
# The verdict on targets is known at the end of the task alone, and then decides over all of them together.

from __future__ import annotations

import copy
import logging
from collections.abc import Iterator, Sequence
from typing import Any

from proctor.check.braces import unbraced, unrendered
from proctor.check.cells import CellCheck
from proctor.check.findings import Findings
from proctor.check.leaks import PromptLeaks
from proctor.check.prompts import PromptCheck
from proctor.check.repeat import FieldValues, RepeatCheck, can_differ
from proctor.check.targets import TargetCheck
from proctor.errors import Finding, ProctorError
from proctor.tasks.example import Example
from proctor.tasks.fewshot import load_pool
from proctor.tasks.prompt import PLAIN, PromptStyle
from proctor.tasks.task import Task

log = logging.getLogger("proctor")

FURTHER = 1000
"""Documents that are looked at beyond those of the run, where none of these has a target that can be read."""


class TaskChecks:
    """One task of a run.

    Args:
        task: The task.
        positions: The documents that are evaluated.
        style: How their prompts are rendered.
    """

    def __init__(self, task: Task, positions: Sequence[int], style: PromptStyle = PLAIN) -> None:
        self._task = task
        spec = task.spec
        self._of_prompts, self._of_targets, self._of_calls = (Findings(spec) for _ in range(3))
        self._targets = self._target_check(self._of_targets)
        self._cells = CellCheck(spec, self._of_prompts)
        self._prompts = PromptCheck(spec, self._of_prompts, style)
        self._leaks = PromptLeaks(spec, self._of_prompts, task.question, lambda: load_pool(spec, task.splits))
        self._repeat = RepeatCheck(spec, task.question, self._of_calls)
        # A byte for each document: the numbers of millions would take a hundred.
        self._looked = bytearray(len(task.documents))
        self._fresh: dict[int, Any] = {}
        if can_differ(spec) and positions:
            # Copied now: a function that changes its document has changed it by the time that the example is looked at.
            few = {positions[0], positions[len(positions) // 2], positions[-1]}
            self._fresh = {position: _copied(task.documents[position]) for position in few}

    def look(self, example: Example) -> None:
        """Look at one document with its prompt.

        Args:
            example: The document, its prompt, options and target.
        """
        self._looked[example.doc_id] = True
        shown = example.canonical
        self._targets.look(example.doc_id, shown.gold, shown.options)
        values = {"doc_to_text": example.text, "doc_to_choice": shown.options, "doc_to_target": example.target}
        self._cells.look(example.doc_id, example.doc, values)
        self._prompts.look(example.doc_id, example.text, shown.options)
        self._leaks.look(example)
        fresh = self._fresh.pop(example.doc_id, None) if self._fresh else None
        if fresh is not None:
            self._repeat.look(example.doc_id, fresh, FieldValues(example.text, example.target, shown.options))

    def finish(self) -> tuple[list[Finding], list[Finding]]:
        """Errors and warnings."""
        self._braces()
        self._targets.finish()
        self._cells.finish()
        self._prompts.finish()
        errors: list[Finding] = []
        warnings: list[Finding] = []
        if self._is_hopeless() and not self._task.spec.strict:
            errors += [self._summary(), *self._of_targets.results()[0]]
        else:
            warnings += _all(self._of_targets)
        findings, notes = self._of_calls.results()
        (warnings if self._task.spec.strict else errors).extend(findings)
        return errors, [*warnings, *notes, *_all(self._of_prompts)]

    def _target_check(self, findings: Findings) -> TargetCheck:
        return TargetCheck(self._task.spec, findings, multiple_input=self._task.shape.multiple_input)

    def _gold(self, text: Any, target: Any) -> Any:
        return text if self._task.shape.multiple_input else target

    def _braces(self) -> None:
        spec = self._task.spec
        for literal in (*unrendered(spec.raw), *unbraced(spec.raw, self._task.documents.columns)):
            path = [str(key) for key in literal.path]
            self._of_prompts.say(literal.message, *path, hint=literal.hint, note=literal.is_note)

    def _is_hopeless(self) -> bool:
        """Whether no target can be read, of the run's documents nor of others: a limit may leave out the good ones."""
        if not self._targets.is_unreadable:
            return False
        for gold, choices in self._others():
            scratch = self._target_check(Findings(self._task.spec))
            scratch.look(0, gold, choices)
            if not scratch.is_unreadable:
                return False
        return True

    def _others(self) -> Iterator[tuple[Any, Any]]:
        task = self._task
        others = [number for number in range(len(task.documents)) if not self._looked[number]][:FURTHER]
        for doc in task.documents.rows(others):
            try:
                choices = None if task.question.choice is None else task.question.choice(doc)
                text = task.question.text(doc) if task.shape.multiple_input else None
                yield self._gold(text, task.question.target(doc)), choices
            except ProctorError:
                continue

    def _summary(self) -> Finding:
        count = f"its {self._targets.total:,} documents" if self._targets.total > 1 else "its document"
        message = f"no target of {count} can be read: every answer would count as wrong."
        hint = "'proctor preview' shows a document; --predict_only asks without scoring."
        return self._task.spec.error(message, "doc_to_target", hint=hint)


def warn(warnings: Sequence[Finding]) -> list[str]:
    """Log each warning as one line.

    Args:
        warnings: The warnings.

    Returns:
        The lines.
    """
    lines = [" ".join(str(finding).split("\n  ")) for finding in warnings]
    for line in lines:
        log.warning("%s", line)
    return lines


def _all(findings: Findings) -> list[Finding]:
    errors, notes = findings.results()
    return [*errors, *notes]


def _copied(doc: Any) -> Any:
    try:
        return copy.deepcopy(doc)
    except Exception:  # noqa: BLE001 - a class may give documents of any kind
        return None
