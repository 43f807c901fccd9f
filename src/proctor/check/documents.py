"""What can be wrong with a task on its real data: every template and function on every document."""

# The order of checks on data
# ---------------------------
#   metrics and filters by name -> splits -> documents -> columns in braces -> fields on every document
#     -> functions that score, called twice (only where code may run) -> few-shot pool
#
# A step that fails gives FAILED and takes along only what needs its result. A field is computed on every document, also
# when it has failed before: the next document may fail otherwise. FAILED is an object and not None, which is a value.

from __future__ import annotations

import copy
from collections.abc import Callable, Collection
from typing import Any

from proctor.check.braces import unbraced
from proctor.check.cells import CellCheck
from proctor.check.findings import Findings
from proctor.check.leaks import ExampleLeaks
from proctor.check.prompts import PromptCheck
from proctor.check.repeat import FieldValues, RepeatCheck, can_differ
from proctor.check.scoring import imagined_warnings, rows_warning
from proctor.check.targets import TargetCheck, short
from proctor.errors import Finding, ProctorError, TaskError
from proctor.tasks.all_errors import field_errors, split_errors
from proctor.tasks.bind_spec import bind_filters, bind_metrics
from proctor.tasks.data import Documents, Splits
from proctor.tasks.document_turns import shot_turns
from proctor.tasks.example import TaskShape
from proctor.tasks.fewshot import load_pool, make_sampler, may_leak, pool_split
from proctor.tasks.fields import Fields, bind_document_fields, bind_examples, key_or_template
from proctor.tasks.output_types.table import output_type_of
from proctor.tasks.registered import load_registrations
from proctor.tasks.spec import TaskSpec
from proctor.types import Doc

FAILED = object()
"""What a field gave that could not be had."""


def check_data(
    spec: TaskSpec, unusable: Collection[str] = (), *, run_code: bool = False
) -> tuple[list[Finding], list[Finding], int]:
    """Check a task with its data.

    Args:
        spec: The task.
        unusable: Keys that are wrong or must not be used; what hangs on them is not looked at.
        run_code: Names that the task's Python registers may be fetched by loading it.

    Returns:
        Errors, notes, and how many documents were looked at.
    """
    check = _DataCheck(spec, frozenset(unusable), run_code)
    check.run()
    return *check.findings.results(), check.documents


class _DataCheck:
    """One task on its data."""

    def __init__(self, spec: TaskSpec, unusable: frozenset[str], run_code: bool) -> None:
        self.spec = spec
        self.unusable = unusable
        self.run_code = run_code
        self.splits = Splits(spec)
        self.findings = Findings(spec)
        self.documents = 0

    def run(self) -> None:
        """Load, bind, render; what cannot go on because of an error is left out."""
        self._look()
        for note in self.splits.notes:
            self.findings.add_error(note, note=True)

    def _look(self) -> None:
        if self.run_code:
            self._try(lambda: load_registrations(self.spec), "metric_list")
        for key, bind in (("metric_list", bind_metrics), ("filter_list", bind_filters)):
            if key not in self.unusable:
                self._try(lambda bind=bind: bind(self.spec), key)
        if self._try(self._named_splits, "dataset_path") is FAILED or "process_docs" in self.unusable:
            return
        documents = self._try(self._evaluated, "dataset_path")
        if not isinstance(documents, Documents):
            return
        for literal in unbraced(self.spec.raw, documents.columns):
            self.findings.say(literal.message, *map(str, literal.path), hint=literal.hint, note=literal.is_note)
        question = self._try(lambda: bind_document_fields(self.spec, documents.columns), "task")
        shape, leaks = TaskShape(multiple_input=False, multiple_target=False), None
        if isinstance(question, Fields):
            checks = _FieldChecks(self.spec, question, self.findings, self.unusable)
            shape, leaks = checks.run(documents), checks.leaks
        self.documents = len(documents)
        if self.run_code and not self.unusable:
            self._scoring()
        if not self.unusable & {"doc_to_text", "doc_to_target", "doc_to_choice", "fewshot_config"}:
            self._pool(documents, shape, leaks)

    def _try(self, step: Callable[[], Any], key: str, *, note: bool = False) -> Any:
        try:
            return step()
        except ProctorError as error:
            self.findings.add(error, key, note=note)
            return FAILED

    def _scoring(self) -> None:
        """Functions that score, or make the documents, called twice."""
        if not self.findings.results()[0]:
            for warning in imagined_warnings(self.spec):
                self.findings.add_error(warning, note=True)
        rows = self._try(lambda: rows_warning(self.spec, self.splits), "process_docs", note=True)
        if isinstance(rows, Finding):
            self.findings.add_error(rows, note=True)

    def _named_splits(self) -> None:
        for finding in split_errors(self.spec, self.splits):
            self.findings.add_error(finding)

    def _evaluated(self) -> Documents | None:
        split = self.spec.data.eval_split or ""
        if split not in self.splits.names:
            if not self.unusable & {"doc_to_text", "doc_to_target", "doc_to_choice"}:
                for finding in field_errors(self.spec, self.splits):
                    self.findings.add_error(finding)
            return None
        documents = self.splits.documents(split, self.spec.data.process_docs)
        if len(documents) == 0:
            after = " after process_docs" if self.spec.data.process_docs is not None else ""
            key = "process_docs" if after else "test_split" if self.spec.data.test_split else "validation_split"
            self.findings.say(f"the split {split!r} holds no document{after}.", key)
            return None
        return documents

    def _pool(self, documents: Documents, shape: TaskShape, leaks: ExampleLeaks | None) -> None:
        """The few-shot examples: an error where the task uses some, a note where a user could ask for them."""
        spec = self.spec
        if spec.fewshot.n == 0 or not output_type_of(spec).has_prompt:
            return
        split = pool_split(spec)
        if split is not None and split not in self.splits.names:
            return
        optional = spec.n_shot == 0
        # A task without examples: what would go wrong if a user asked for some is of no interest beside real errors.
        if optional and self.findings.results()[0]:
            return
        pool = self._try(lambda: load_pool(spec, self.splits), "fewshot_config", note=optional)
        if pool is FAILED:
            return
        if not optional:
            self._try(lambda: make_sampler(spec, pool, 0), "num_fewshot")
        if may_leak(spec):
            message = (
                f"examples come from {split!r}, which is evaluated too: a question can stand, answered, "
                "among its own examples."
            )
            self.findings.say(message, "num_fewshot", hint="Name another split: fewshot_split.", note=True)
        fields = self._try(lambda: bind_examples(spec, documents.columns), "fewshot_config", note=optional)
        if isinstance(fields, Fields):
            for number, doc in enumerate(pool):
                self._example(fields, shape, number, doc, optional)
        if leaks is not None:
            leaks.finish(pool)

    def _example(self, fields: Fields, shape: TaskShape, number: int, doc: Doc, optional: bool) -> None:
        try:
            shot_turns(self.spec, fields, shape, doc)
        except TaskError as error:
            for finding in error.errors:
                self.findings.on(number, _kind(error, finding), finding, where="example", note=optional)


def _kind(error: TaskError, finding: Finding) -> Any:
    """What makes two errors of documents the same one: key, line, and what the code or template raised."""
    cause = error.__cause__
    undefined = str(cause) if type(cause).__name__ == "UndefinedError" else ""
    return (finding.file, finding.line, finding.message.partition(" ")[0], type(cause).__name__, undefined)


class _FieldChecks:
    """Every field of every evaluated document."""

    def __init__(self, spec: TaskSpec, fields: Fields, findings: Findings, unusable: frozenset[str]) -> None:
        self.spec, self.fields, self.findings, self.unusable = spec, fields, findings, unusable
        self._description = key_or_template(spec, "description", spec.description)
        self._has_prompt = output_type_of(spec).has_prompt
        self._shape: TaskShape | None = None
        self._cells = CellCheck(spec, findings)
        self._prompts = PromptCheck(spec, findings)
        self._targets: TargetCheck | None = None
        self.leaks = ExampleLeaks(spec, findings, fields)
        self._repeat = RepeatCheck(spec, fields, findings)
        self._is_repeated = can_differ(spec) and not unusable & {"doc_to_text", "doc_to_target", "doc_to_choice"}

    def run(self, documents: Documents) -> TaskShape:
        """Look at all documents; what the first one decides comes back."""
        last = len(documents) - 1
        # The first, one in the middle and the last: functions that count or draw show on any; copies of all would cost
        # memory.
        twice = {0, last // 2, last} if self._is_repeated else set()
        for number, doc in enumerate(documents):
            self._document(number, doc, copy.deepcopy(doc) if number in twice else None)
        self._finish()
        return self._shape or TaskShape(multiple_input=False, multiple_target=False)

    def _get(self, key: str, getter: Callable[[Doc], Any] | None, number: int, doc: Doc) -> Any:
        if key in self.unusable:
            return FAILED
        if getter is None:
            return None
        try:
            return getter(doc)
        except TaskError as error:
            for finding in error.errors:
                self.findings.on(number, _kind(error, finding), finding)
            return FAILED

    def _add_on(
        self, number: int, message: str, key: str, kind: str, *, hint: str | None = None, note: bool = False
    ) -> None:
        self.findings.on(number, (key, kind), self.spec.error(message, key, hint=hint), note=note)

    def _document(self, number: int, doc: Doc, fresh: Doc | None = None) -> None:
        target = self._get("doc_to_target", self.fields.target, number, doc)
        if not self._has_prompt:
            if target is not FAILED and not str(target).strip():
                self._add_on(
                    number, "doc_to_target is empty: there is no text to score.", "doc_to_target", "empty", note=True
                )
            return
        text = self._get("doc_to_text", self.fields.text, number, doc)
        choices = self._get("doc_to_choice", self.fields.choice, number, doc)
        self._get("gen_prefix", self.fields.gen_prefix, number, doc)
        self._get("description", self._description, number, doc)
        if self._shape is None:
            inputs = isinstance(text, int) and self.fields.choice is not None
            self._shape = TaskShape(multiple_input=inputs, multiple_target=isinstance(target, list))
        self._text(number, text)
        if choices is not None and choices is not FAILED:
            choices = self._choices(number, choices)
        values = {"doc_to_text": text, "doc_to_choice": choices, "doc_to_target": target}
        self._cells.look(number, doc, values)
        if text is not FAILED and choices is not FAILED:
            self._prompts.look(number, text, choices)
        if not any(value is FAILED for value in (text, target, choices)):
            self._target(number, text, target, choices)
            self.leaks.look(number, text, choices, target)
            if fresh is not None:
                self._repeat.look(number, fresh, FieldValues(text, target, choices))

    def _text(self, number: int, text: Any) -> None:
        if text is FAILED or self._shape is None:
            return
        if self._shape.multiple_input:
            if not isinstance(text, int):
                message = f"doc_to_text gave a number before, but it gave {short(text)}."
                hint = "Digits alone name a choice where there are choices: then every document must give digits."
                self._add_on(number, message, "doc_to_text", "shape", hint=hint)
        elif not isinstance(text, str):
            message = f"doc_to_text must give a text, but it gave {short(text)}."
            hint = "Digits alone name a choice where there are choices." if isinstance(text, int) else None
            self._add_on(number, message, "doc_to_text", "no text", hint=hint)
        elif not text.strip() and self.spec.prompt.text not in ("", None):
            self._add_on(number, "doc_to_text is empty.", "doc_to_text", "empty", note=True)

    def _choices(self, number: int, choices: Any) -> Any:
        """The choices if they can be used, else FAILED."""
        key = "doc_to_choice"
        if not isinstance(choices, (list, tuple)):
            hint = "A template must give a list as Python writes it: '{{[a, b, c]}}'."
            self._add_on(
                number,
                f"doc_to_choice must give a list of texts, but it gave {short(choices)}.",
                key,
                "list",
                hint=hint,
            )
            return FAILED
        if not choices:
            self._add_on(number, "doc_to_choice gave an empty list: there is nothing to choose from.", key, "nothing")
            return FAILED
        wrong = next((choice for choice in choices if not isinstance(choice, str)), None)
        if wrong is not None or None in choices:
            self._add_on(number, f"a choice must be text, but doc_to_choice gave {short(wrong)}.", key, "no text")
            return FAILED
        return choices

    def _target(self, number: int, text: Any, target: Any, choices: Any) -> None:
        assert self._shape is not None
        if self._targets is None:
            self._targets = TargetCheck(self.spec, self.findings, multiple_input=self._shape.multiple_input)
        self._targets.look(number, text if self._shape.multiple_input else target, choices)

    def _finish(self) -> None:
        """What all documents say together."""
        self._cells.finish()
        self._prompts.finish()
        if self._targets is not None:
            self._targets.finish()
