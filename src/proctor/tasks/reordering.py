"""A task's documents with their options in other orders, each checked by rendering it."""

# Invariants: the canonical variant is not touched. A document that cannot be shown in another order is an error before
# the model is loaded; but one whose answer names no option is shown in its own order, and counted: nothing is known of
# it that an order could change. A task whose prompt lists no options has one order, its own. How a prompt is compared:
# :mod:`proctor.tasks.listed_options`.

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from proctor.analysis.draws import source_of
from proctor.analysis.option_kinds import ItemKind, item_kind, kept
from proctor.analysis.orders import Order, choice_orders
from proctor.errors import AnalysisError
from proctor.foreign import no_exit
from proctor.records import ItemChoices
from proctor.refs import Ref
from proctor.results.encode import dumps
from proctor.results.hashes import sha256
from proctor.tasks.choice_columns import ChoiceColumns, NoChoicesError
from proctor.tasks.choice_orders import ChoiceOrders
from proctor.tasks.example import identity_order
from proctor.tasks.fields import describe
from proctor.tasks.listed_options import FieldRendering, ListedOptions, OwnPrompt
from proctor.tasks.spec import TaskSpec
from proctor.types import Doc


class Reordering:
    """The orders of a task's documents.

    Args:
        spec: The task.
        rendering: What it makes of a document.
        orders: Which orders are wanted.
        documents: Some of its documents, to find the columns by.

    Attributes:
        columns: Where options and answers are; None: the prompt lists no options, so that there is nothing to reorder.

    Raises:
        TaskError: The prompt lists options whose columns are not found, or are not as declared.
    """

    def __init__(
        self, spec: TaskSpec, rendering: FieldRendering, orders: ChoiceOrders, documents: Sequence[Doc]
    ) -> None:
        self._spec, self._rendering, self._orders = spec, rendering, orders
        self._listed = ListedOptions(spec, rendering, documents, "--choice_orders")
        declared = self._listed.declared
        self._kept: Any = () if declared is None else declared.keep
        if isinstance(self._kept, Ref):
            self._kept = self._kept.resolve()
        self.columns = self._listed.columns

    def of(self, doc_id: int, doc: Doc) -> tuple[ItemChoices, tuple[Order, ...]]:
        """What a document's options are, and the orders in which it is shown, its own first.

        Args:
            doc_id: Its number, for messages.
            doc: The document.

        Raises:
            TaskError: The prompt of an order is not that of the document with its options moved.
        """
        columns, wanted = self.columns, self._orders
        if columns is None:
            raise ValueError("This task has nothing to reorder.")
        try:
            contents = columns.contents(doc)
            kind = self._kind(columns, doc)
            if not columns.names_gold(doc):
                # Shown as it is; without a right option it has no score over orders, which is counted.
                return ItemChoices(contents, (), kind.kind), (identity_order(len(contents)),)
            source = source_of(wanted.seed, self._spec.name, sha256(dumps(dict(doc), indent=2)))
            orders = tuple(choice_orders(kind, len(contents), wanted.mode, source))
            if len(orders) > 1:
                own = self._listed.own(columns, doc)
                for order in orders[1:]:
                    self._listed.check(own, doc, order)
            golds = tuple(self._rendering.golds(doc))
        except NoChoicesError as error:
            raise self._listed.error(
                f"document {doc_id} cannot be shown in another order: {error}", self._listed.hint
            ) from error
        except AnalysisError as error:
            raise self._listed.error(f"document {doc_id}: {error.message.rstrip('.')}", error.hint) from error
        return ItemChoices(contents, golds, kind.kind), orders

    def own_prompt(self, doc: Doc) -> OwnPrompt:
        """The prompt of a document, taken apart around its options.

        Args:
            doc: The document; :meth:`of` has shown that it lists options.
        """
        if self.columns is None:
            raise ValueError("This task lists no options.")
        return self._listed.own(self.columns, doc)

    def reordered(self, doc: Doc, order: Sequence[int]) -> Doc:
        """The document with its options in ``order``, which :meth:`of` gave."""
        return doc if self.columns is None else self.columns.reordered(doc, order)

    def _kind(self, columns: ChoiceColumns, doc: Doc) -> ItemKind:
        contents, own = columns.contents(doc), self._kept
        if isinstance(own, tuple):
            pieces = self._listed.pieces(columns, doc)
            return kept(item_kind(contents, "" if pieces is None else pieces[0]), self._orders.keep | set(own))
        pinned = self._own_positions(own, doc, len(contents))
        if len(contents) - len(pinned) < 2:
            return ItemKind("fixed")
        return ItemKind("pinned", pinned) if pinned else ItemKind("free")

    def _own_positions(self, function: Callable[[Doc], Any], doc: Doc, options: int) -> tuple[int, ...]:
        """The positions whose option stays, as the task's own function gives them."""
        try:
            with no_exit():
                given = function(doc)
        except Exception as error:
            raise self._listed.error(f"metadata.choices.keep {describe(error, doc).rstrip('.')}") from error
        if not isinstance(given, (list, tuple, set)) or not all(
            type(one) is int and 0 <= one < options for one in given
        ):
            raise NoChoicesError(
                f"metadata.choices.keep must give a list of positions from 0 to {options - 1}, not {given!r:.100}"
            )
        return tuple(sorted(set(given)))
