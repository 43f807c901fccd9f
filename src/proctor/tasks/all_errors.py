"""Everything that is wrong with a task that could not be bound, though binding stops at the first of it.

A wrong split keeps a task's templates from being rendered at all. So they are rendered on a document
of another split, and whoever mends the split does not meet the template in a second round.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from proctor.errors import Finding, ProctorError, TaskError
from proctor.tasks.bind_spec import bind_filters, bind_metrics
from proctor.tasks.data import Splits, no_split_hint
from proctor.tasks.fields import bind_document_fields
from proctor.tasks.sources.locate import SPLIT_KEYS
from proctor.tasks.spec import TaskSpec


def all_errors(spec: TaskSpec, notes: list[Finding] | None = None) -> tuple[Finding, ...]:
    """The errors of metrics, filters, splits and fields of a task, each once.

    ``notes`` takes how its files were read, which may be why the fields do not fit them.
    """
    splits = Splits(spec)
    findings = [
        finding for step in (bind_metrics, bind_filters) for finding in _errors_of(lambda step=step: step(spec))
    ]
    if not _errors_of(lambda: splits.names):
        findings += split_errors(spec, splits)
        findings += field_errors(spec, splits)
    if notes is not None:
        notes += splits.notes
    return tuple(dict.fromkeys(findings))


def split_errors(spec: TaskSpec, splits: Splits) -> list[Finding]:
    """An error for each key that names a split that the data set does not have."""
    there = splits.names
    named = {key: spec.raw.get(key) for key in SPLIT_KEYS}
    if spec.fewshot.split not in named.values():
        named["fewshot_config"] = spec.fewshot.split
    return [
        spec.error(f"its data set has no split {split!r}.", key, hint=no_split_hint(split, there))
        for key, split in named.items()
        if split is not None and split not in there
    ]


def field_errors(spec: TaskSpec, splits: Splits) -> list[Finding]:
    """What goes wrong in the fields on one document: of the evaluated split, or of another where there is none."""
    # From the split that is meant to any split at all: templates are mostly the same for all of them.
    wanted = [spec.data.eval_split, spec.fewshot.split, *splits.names]
    split = next(name for name in wanted if name in splits.names)
    try:
        documents = splits.documents(split, spec.data.process_docs)
        question = bind_document_fields(spec, documents.columns)
    except ProctorError as error:
        return list(error.errors) if isinstance(error, TaskError) else []
    if not len(documents):
        return []
    getters: tuple[Callable[..., Any] | None, ...] = (question.text, question.choice, question.target)
    doc = documents[0]
    return [
        finding for getter in getters if getter is not None for finding in _errors_of(lambda getter=getter: getter(doc))
    ]


def _errors_of(step: Callable[[], Any]) -> list[Finding]:
    return list(_raised(step))


def _raised(step: Callable[[], Any]) -> Iterator[Finding]:
    try:
        step()
    except TaskError as error:
        yield from error.errors
    except ProctorError as error:
        yield Finding(error.message, hint=error.hint)
