"""Queries and records, frozen: which request is of which document, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from proctor.types import Doc, Request


@dataclass(frozen=True, slots=True)
class Query:
    """One request of one document: what the store keys and the model answers.

    ``index`` counts the document's requests, ``repeat`` the repetitions of a sampled one.
    """

    task: str
    doc_id: int
    index: int
    repeat: int
    request: Request


@dataclass(frozen=True, slots=True)
class ItemChoices:
    """The options of a document that is shown in several orders.

    Attributes:
        contents: Their texts, in the document's own order.
        golds: The numbers of the right ones there.
        kind: ``free``, ``sorted``, ``pinned`` or ``fixed``: see :mod:`proctor.analysis.option_kinds`.
    """

    contents: tuple[str, ...]
    golds: tuple[int, ...]
    kind: str


@dataclass(frozen=True, slots=True)
class FormulationOutcome:
    """What one formulation of a document gave.

    Attributes:
        name: The formulation; ``task``: the task's own.
        own: Which one the task's own is.
        labels: The label of each option.
        texts: The text of each option.
        golds: Positions of the right options.
        chosen: The position that was chosen; None: none, and the document is wrong.
        lls: The log-likelihood of each option, in nats; empty where nothing was scored.
        greedy: Whether each option is what greedy decoding writes.
        unconditional: The log-likelihood of each option without a prompt; empty where it was not requested.
        neutral: The same after a prompt that says nothing of the document.
        tokens: Of each option, its tokens as they were scored; empty where they are not known.
    """

    name: str
    own: str
    labels: tuple[str, ...]
    texts: tuple[str, ...]
    golds: tuple[int, ...]
    chosen: int | None = None
    lls: tuple[float, ...] = ()
    greedy: tuple[bool, ...] = ()
    unconditional: tuple[float, ...] = ()
    neutral: tuple[float, ...] = ()
    tokens: tuple[int, ...] = ()

    @property
    def right(self) -> float:
        """1 where the chosen option is right."""
        return float(self.chosen in self.golds)


@dataclass(frozen=True, slots=True)
class Record:
    """One document under one filter pipeline: what a line of the samples file says.

    ``arguments``: per request the tuple of its arguments as lm-eval counts them (one per
    continuation). ``responses``: per such request the list of its repeats' raw values.
    ``error``: why it has no metrics, where grading it failed; it is left out of its task's scores.
    ``variant``: which variant of the document it is, 0 the task's own. Scores of the task are those of variant 0 alone.
    ``item``: its options, where it is shown in several orders; ``order``: the order of this variant, the option at
    ``position`` being number ``order[position]`` of the document's own.
    ``formulation``: which one this variant is, where the document is put in several (``task``: the task's own);
    ``outcome``: what it gave as such.
    """

    task: str
    doc_id: int
    doc: Doc
    target: Any
    arguments: tuple[tuple[Any, ...], ...]
    responses: tuple[tuple[Any, ...], ...]
    filtered: tuple[Any, ...]
    filter: str
    metrics: Mapping[str, Any]
    error: str | None = None
    variant: int = 0
    item: ItemChoices | None = None
    order: tuple[int, ...] = ()
    formulation: str | None = None
    outcome: FormulationOutcome | None = None

    def __repr__(self) -> str:
        scores = ", ".join(f"{name} {str(value)[:20]}" for name, value in self.metrics.items())
        return f"<Record {self.task} {self.doc_id}: {self.error or scores or 'no scores'}>"


@dataclass(frozen=True, slots=True)
class DocumentError:
    """A document that could not be graded under one filter pipeline, and why (one line).

    ``doc_id`` None: no single document; a metric of the whole task could not be aggregated.
    """

    task: str
    doc_id: int | None
    filter: str
    why: str


@dataclass(frozen=True, slots=True)
class UngradedDocuments:
    """What a task could not grade: ``documents`` of ``requested``, and the first errors."""

    task: str
    documents: int
    requested: int
    first: tuple[DocumentError, ...]
