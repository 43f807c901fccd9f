"""The values of one metric, document by document: in a byte each where they are 0 or 1, else in little more than 8."""

# Rows as runs
# ------------
# Documents are graded in the order of their split, so their numbers are seldom more than "from 0 to 13,999":
#
#   rows     doc_id   0 1 2 3 5 6 0 1        runs    first  stop  variant
#            variant  0 0 0 0 0 0 1 1                0      4     0
#                                                    5      7     0
#                                                    0      2     1
#
# What stays of a document is then one value for each metric. The 0.0 and 1.0 of accuracies are a byte each, until
# another value comes; from then on all are references, and other numbers objects of 24 bytes. Lists of numbers took 28
# bytes for the number of each document and 8 for each place in each of three lists, which for a run of ten million
# documents is a gigabyte.
#
# Weighed: an array of float64 (8 bytes as well, and 1, True and -0.0 would come out as another value than went in).
#
# Invariant: rows and values have one length, and come out as they were added, in their type too, and in that order.

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from itertools import chain, repeat
from math import copysign
from typing import Any

_FLAGS = (0.0, 1.0)


class ValueColumn:
    """One metric's values under one filter, with the document and the variant of each."""

    __slots__ = ("_first", "_firsts", "_flags", "_next", "_others", "_stops", "_variant", "_variants")

    def __init__(self) -> None:
        self._firsts, self._stops, self._variants = array("q"), array("q"), array("q")
        # The run that grows.
        self._first = self._next = self._variant = 0
        # The values: as positions in _FLAGS, or where one is none of these, all as they are.
        self._flags = bytearray()
        self._others: list[Any] | None = None

    def __len__(self) -> int:
        return len(self._flags if self._others is None else self._others)

    @property
    def values(self) -> Sequence[Any]:
        """One for each row."""
        return [_FLAGS[flag] for flag in self._flags] if self._others is None else self._others

    def add(self, doc_id: int, variant: int, value: Any) -> None:
        """Add a row.

        Args:
            doc_id: The number of the document in its split.
            variant: Which of its variants it is.
            value: What the metric gave.
        """
        if doc_id == self._next and variant == self._variant:
            self._next += 1
        else:
            self._end_run()
            self._first, self._next, self._variant = doc_id, doc_id + 1, variant
        if self._others is None:
            if _is_flag(value):
                self._flags.append(value == 1.0)
                return
            self._others = list(self.values)
            self._flags.clear()
        self._others.append(value)

    def _end_run(self) -> None:
        if self._next > self._first:
            self._firsts.append(self._first)
            self._stops.append(self._next)
            self._variants.append(self._variant)

    def _runs(self) -> Iterator[tuple[range, int]]:
        for first, stop, variant in zip(self._firsts, self._stops, self._variants, strict=True):
            yield range(first, stop), variant
        if self._next > self._first:
            yield range(self._first, self._next), self._variant

    @property
    def doc_ids(self) -> Sequence[int]:
        """The document of each row; a range where there is one run."""
        runs = [run for run, _ in self._runs()]
        return runs[0] if len(runs) == 1 else list(chain.from_iterable(runs))

    @property
    def variants(self) -> Sequence[int]:
        """The variant of each row."""
        return list(chain.from_iterable(repeat(variant, len(run)) for run, variant in self._runs()))

    def sort(self) -> ValueColumn:
        """The same rows in the order of documents, and of variants within a document."""
        column, values = ValueColumn(), self.values
        for doc_id, variant, place in sorted(zip(self.doc_ids, self.variants, range(len(self)), strict=True)):
            column.add(doc_id, variant, values[place])
        return column


def _is_flag(value: Any) -> bool:
    return type(value) is float and (value == 1.0 or (value == 0.0 and copysign(1.0, value) > 0.0))
