"""What stays of a task whose documents are put in several formulations: what each gave, by document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from proctor.records import FormulationOutcome, Record
from proctor.tasks.formulations import TASK


class FormulationValues:
    """By document, what its formulations gave.

    A document that could not be graded in one of its formulations is left out, and counted: two formulations are
    compared on the same documents.
    """

    def __init__(self) -> None:
        self._outcomes: dict[int, dict[str, FormulationOutcome | None]] = {}
        self._names: dict[str, None] = {}
        self._right: dict[int, float] = {}
        self._filter: str | None = None

    def __bool__(self) -> bool:
        return len(self._names) > 1

    def add(self, record: Record) -> None:
        """Take what one formulation of a document gave; others are passed over, and filters but the first."""
        name = record.formulation
        if name is None:
            return
        self._filter = self._filter or record.filter
        if record.filter != self._filter:
            return
        self._names.setdefault(name)
        self._outcomes.setdefault(record.doc_id, {})[name] = None if record.error is not None else record.outcome
        acc = record.metrics.get("acc")
        if name == TASK and acc in (0, 1):
            self._right[record.doc_id] = float(acc)

    @property
    def filter(self) -> str:
        """The filter under which the task's own formulation is compared: its first."""
        return self._filter or ""

    @property
    def names(self) -> Sequence[str]:
        """The formulations, the task's own first."""
        return list(self._names)

    @property
    def left_out(self) -> int:
        """How many documents were not graded in all formulations."""
        return sum(not self._is_whole(found) for found in self._outcomes.values())

    def outcomes(self) -> Mapping[str, Sequence[FormulationOutcome]]:
        """By formulation, what it gave for each document that has all of them, in the same order.

        A text formulation that is the task's own has requested what follows no question alone: its options are those
        of the task.
        """
        whole = [self._joined(self._outcomes[doc]) for doc in self.documents()]
        return {name: [found[name] for found in whole] for name in self._names}

    def documents(self) -> Sequence[int]:
        """The numbers of the documents that have all of them, in that order."""
        return [doc for doc, found in sorted(self._outcomes.items()) if self._is_whole(found)]

    def right(self) -> Sequence[float]:
        """``acc`` of the task's own formulation for those documents; where it has none, whether the choice is right."""
        whole = [(doc, found[TASK]) for doc, found in sorted(self._outcomes.items()) if self._is_whole(found)]
        return [self._right.get(doc, outcome.right) for doc, outcome in whole if outcome is not None]

    def _is_whole(self, found: Mapping[str, FormulationOutcome | None]) -> bool:
        return all(found.get(name) is not None for name in self._names)

    def _joined(self, found: Mapping[str, FormulationOutcome | None]) -> dict[str, FormulationOutcome]:
        known = {name: outcome for name, outcome in found.items() if outcome is not None}
        own, text = known[TASK], known.get("text")
        if text is not None and own.own == "text":
            bare = text.unconditional or own.unconditional
            known["text"] = replace(own, name="text", unconditional=bare, neutral=text.neutral)
        return known
