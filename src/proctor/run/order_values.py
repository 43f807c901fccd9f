"""What stays of a task whose documents are shown in several orders: the log-likelihoods of each, by document."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from proctor.analysis.order_scores import OrderedItem, equal_contents
from proctor.records import ItemChoices, Record
from proctor.tasks.example import identity_order


class OrderValues:
    """By filter and document, the orders in which it was shown and what its options got in each.

    A document that could not be graded in one of its orders is left out, and counted: the average over its other orders
    would be another score.
    """

    def __init__(self) -> None:
        self._items: dict[str, dict[int, ItemChoices]] = {}
        self._rows: dict[str, dict[int, list[tuple[tuple[int, ...], tuple[float, ...]]]]] = {}
        self._bad: dict[str, set[int]] = {}

    def __bool__(self) -> bool:
        return bool(self._items)

    def add(self, record: Record) -> None:
        """Take what one order of a document gave; records of documents shown once are passed over."""
        if record.item is None:
            return  # shown once, or put in another formulation
        self._items.setdefault(record.filter, {}).setdefault(record.doc_id, record.item)
        lls = None if record.error is not None else _option_values(record, len(record.item.contents))
        if lls is None:
            self._bad.setdefault(record.filter, set()).add(record.doc_id)
            return
        self._rows.setdefault(record.filter, {}).setdefault(record.doc_id, []).append((record.order, lls))

    @property
    def filters(self) -> Sequence[str]:
        """The filters under which there are orders."""
        return list(self._items)

    def items(self, name: str, clusters: Mapping[int, str] | None = None) -> tuple[list[OrderedItem], list[str]]:
        """The documents of one filter, and the kind of each.

        Args:
            name: The filter.
            clusters: By number of a document, what it belongs to; None: documents are independent.
        """
        items: list[OrderedItem] = []
        kinds: list[str] = []
        for doc_id, item in self._items[name].items():
            if not self._is_whole(name, doc_id):
                continue
            orders, lls = zip(*self._rows[name][doc_id], strict=True)
            cluster = None if clusters is None else clusters[doc_id]
            items.append(OrderedItem(tuple(orders), tuple(lls), item.golds, equal_contents(item.contents), cluster))
            kinds.append(item.kind)
        return items, kinds

    def documents(self, name: str) -> list[int]:
        """The numbers of those documents, in the same order.

        Args:
            name: The filter.
        """
        return [doc_id for doc_id in self._items[name] if self._is_whole(name, doc_id)]

    def kinds(self, name: str) -> Mapping[str, int]:
        """How many documents are of which kind."""
        return dict(sorted(Counter(item.kind for item in self._items[name].values()).items()))

    def left_out(self, name: str) -> int:
        """How many documents have no score over orders."""
        return sum(not self._is_whole(name, doc_id) for doc_id in self._items[name])

    def _is_whole(self, name: str, doc_id: int) -> bool:
        """Whether a document was graded in all its orders, its own first, and has a right option."""
        item, rows = self._items[name][doc_id], self._rows.get(name, {}).get(doc_id)
        if not rows or not item.golds or doc_id in self._bad.get(name, ()):
            return False
        return rows[0][0] == identity_order(len(item.contents))


def _option_values(record: Record, count: int) -> tuple[float, ...] | None:
    """What each position got: its log-likelihood, or 0 for the one that was chosen by label.

    Returns:
        None where the values are not those of options (a filter of the task made others).
    """
    values = record.filtered
    if record.arguments and len(record.arguments[0]) > 1 and isinstance(record.arguments[0][1], Mapping):
        return _chosen_values(values[0], count)
    try:
        lls = tuple([float(value[0]) for value in values])
    except (IndexError, TypeError, ValueError):
        return None
    if len(lls) < count:
        return None
    # What follows is of labels that none of the options has (E of four), or of options without the question.
    contexts = [one[0] if one else None for one in record.arguments]
    others = [ll for ll, context in zip(lls[count:], contexts[count:], strict=False) if context == contexts[0]]
    if others and max(others) > max(lls[:count]):
        return (math.nan,) * count  # never right, and no choice
    return lls[:count]


def _chosen_values(value: Any, count: int) -> tuple[float, ...]:
    """Of a model that chose by label (:class:`proctor.types.Choice`)."""
    picked, _, _, _, _, logprobs, *_ = value
    if logprobs is not None and len(logprobs) == count:
        return tuple(map(float, logprobs))
    if picked is None:
        # No option could be read: never right, and no choice.
        return (math.nan,) * count
    return tuple([0.0 if position == picked else -math.inf for position in range(count)])
