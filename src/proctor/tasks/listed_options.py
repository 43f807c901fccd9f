"""Where a task's prompts list options: their columns, declared or found by trial, and what stands around them."""

# How listed options are found
# ----------------------------
#   prompt with marks as options        "Q?\nA. <0>\nB. <1>\nAnswer:"   ->  pieces "Q?\nA. ", "\nB. ", "\nAnswer:"
#   prompt of the document              "Q?\nA. red\nB. blue\nAnswer:"  must be the pieces with "red", "blue" between
#   prompt in the order (1, 0)          "Q?\nA. blue\nB. red\nAnswer:"  must be the pieces with "blue", "red" between
#   right option in the order (1, 0)    must be the one that was right before
#
# Why the whole prompt is compared, and not only whether the options stand in the new order: a template may number its
# options, repeat one in the question, or take the first as an example. Whatever else changes with an order would be
# counted as an effect of the order.
#
# Why marks: an option such as "2" or "A" stands in many places of a prompt; a mark stands where its option is put and
# nowhere else.
#
# Invariant: columns that are found reorder a document as rendering shows; a task whose prompt lists options of which no
# columns are found is an error and not a task without options.

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from proctor.analysis.orders import Order
from proctor.errors import ProctorError, TaskError
from proctor.tasks.choice_columns import ChoiceColumns, NoChoicesError
from proctor.tasks.choice_search import candidates, declared_choices, option_lists
from proctor.tasks.choose import labelled_question, put_labels
from proctor.tasks.example import canonical_variant
from proctor.tasks.fields import Fields
from proctor.tasks.output_types.base import OutputType
from proctor.tasks.prompt_pieces import joined, pieces_around, texts_between
from proctor.tasks.spec import TaskSpec
from proctor.types import Doc

LOOKED_AT = 20
"""Documents on which columns are tried."""

HINT = (
    "Name them in the task file: metadata: {choices: {options: COLUMN, answer: COLUMN, answer_form: index}}. Where no "
    "column holds a list of options or a number of the answer, process_docs can make one that doc_to_text uses."
)


class _NoLabelsError(NoChoicesError):
    """Columns that are found by their names are no options: what the model chooses from does not belong to them."""


@dataclass(frozen=True, slots=True)
class OwnPrompt:
    """The prompt of a document taken apart, its options in their own order.

    Attributes:
        columns: Where the options and the answer are.
        contents: The options as the columns hold them.
        pieces: What stands before, between and after them in the prompt.
        shown: The options as the prompt shows them.
        choices: What doc_to_choice gave.
        golds: Positions of the right ones among ``choices``.
    """

    columns: ChoiceColumns
    contents: tuple[str, ...]
    pieces: tuple[str, ...]
    shown: Sequence[str]
    choices: tuple[str, ...]
    golds: tuple[int, ...]


class FieldRendering:
    """What a task makes of a document.

    Args:
        fields: Its document fields.
        output: Its output type, which knows what a gold names.
        chooses: Whether a model chooses by label, so that prompts show labelled options.
    """

    def __init__(self, fields: Fields, output: OutputType, *, chooses: bool) -> None:
        self._fields, self._output, self._chooses = fields, output, chooses

    def text(self, doc: Doc) -> Any:
        """doc_to_text, with labelled options where a model chooses by label."""
        text = self._fields.text(doc)
        return labelled_question(text, self.choices(doc)).text if self._chooses and isinstance(text, str) else text

    def choices(self, doc: Doc) -> Sequence[str]:
        """doc_to_choice."""
        return () if self._fields.choice is None else self._fields.choice(doc)

    def gen_prefix(self, doc: Doc) -> str | None:
        """How the response begins; None: as the model likes."""
        return self._fields.gen_prefix(doc)

    def golds(self, doc: Doc) -> Sequence[int]:
        """Positions of the right options among ``choices``."""
        return self._output.golds(canonical_variant((), tuple(self.choices(doc)), self._fields.target(doc)))


class ListedOptions:
    """The options that a task's prompts list.

    Args:
        spec: The task.
        rendering: What it makes of a document.
        documents: Some of its documents, to find the columns by.
        flag: What needs them, for messages.

    Attributes:
        declared: What the task declares of them; None: nothing.
        columns: Where options and answers are; None: the prompt lists no options.
        hint: What to do where a document does not fit; None where the columns are declared.

    Raises:
        TaskError: The prompt lists options whose columns are not found, or are not as declared.
    """

    def __init__(self, spec: TaskSpec, rendering: FieldRendering, documents: Sequence[Doc], flag: str) -> None:
        self._spec, self._rendering, self._flag = spec, rendering, flag
        self.declared = declared_choices(spec)
        self.hint = HINT if self.declared is None else None
        self.columns = (
            self._found(documents) if self.declared is None else self._of_declared(self.declared.columns, documents)
        )

    def _of_declared(self, columns: ChoiceColumns, documents: Sequence[Doc]) -> ChoiceColumns | None:
        try:
            listed = [self.pieces(columns, doc) is not None for doc in documents]
        except NoChoicesError as error:
            raise self.error(f"a document does not fit metadata.choices: {error}") from error
        if not any(listed):
            return None
        if not any(map(columns.names_gold, documents)):
            try:
                columns.golds(documents[0])
            except NoChoicesError as error:
                raise self.error(f"no document fits metadata.choices: {error}") from error
        return columns

    def _found(self, documents: Sequence[Doc]) -> ChoiceColumns | None:
        why: NoChoicesError | None = None
        for columns in candidates(documents):
            try:
                if all(self.pieces(columns, doc) is None for doc in documents):
                    # Digits stand in prompts for many reasons.
                    telling = [doc for doc in documents if any(map(_has_letter, columns.contents(doc)))]
                    if telling and all(self._lists(columns, doc) for doc in telling):
                        raise NoChoicesError("its prompt lists options that do not come from those columns")
                    continue
                for doc in filter(columns.names_gold, documents):
                    self.check(self.own(columns, doc), doc, tuple(reversed(range(len(columns.contents(doc))))))
            except (NoChoicesError, ProctorError) as error:
                if why is None and isinstance(error, NoChoicesError) and not isinstance(error, _NoLabelsError):
                    why = error  # of the likeliest columns
                continue
            return columns
        why = why or self._unnamed_options(documents)
        if why is not None:
            raise self.error(f"the columns of its options and answer were not found ({why})", HINT)
        return None

    def _unnamed_options(self, documents: Sequence[Doc]) -> NoChoicesError | None:
        """Why options that prompts list cannot be moved, though no columns of options and answer were found."""
        for name in option_lists(documents):
            try:
                if all(self.pieces(ChoiceColumns(name, "", "index"), doc) for doc in documents):
                    return NoChoicesError(f"its prompt lists those of {name!r}, and no column names the right one")
            except (NoChoicesError, ProctorError):
                continue
        if documents and all(self._shows_labels(doc) for doc in documents):
            return NoChoicesError("its prompt lists options, and no column holds them")
        return None

    def _shows_labels(self, doc: Doc) -> bool:
        text, choices = self._rendering.text(doc), self._rendering.choices(doc)
        return isinstance(text, str) and len(choices) > 1 and labelled_question(text, choices).has_own_labels

    def pieces(self, columns: ChoiceColumns, doc: Doc) -> tuple[str, ...] | None:
        """What stands around the options of a prompt; None: it lists none of them."""
        count = len(columns.contents(doc))
        return pieces_around(count, lambda texts: self._rendering.text(columns.replaced(doc, texts)))

    def _lists(self, columns: ChoiceColumns, doc: Doc) -> bool:
        """Whether the options stand in the prompt, one behind the other, wherever they come from."""
        rest = self._rendering.text(doc)
        for content in columns.contents(doc):
            _, found, rest = str(rest).partition(content.strip())
            if not found or not content.strip():
                return False
        return True

    def own(self, columns: ChoiceColumns, doc: Doc) -> OwnPrompt:
        """The prompt of a document, taken apart.

        Raises:
            NoChoicesError: It does not list the options of the columns.
        """
        contents, pieces = columns.contents(doc), self.pieces(columns, doc)
        if pieces is None:
            raise NoChoicesError("its prompt lists no options, and those of other documents do")
        shown = texts_between(pieces, self._rendering.text(doc), contents)
        if shown is None:
            raise NoChoicesError("what its prompt shows around the options depends on what they are")
        golds = tuple(self._rendering.golds(doc))
        return OwnPrompt(columns, contents, pieces, shown, tuple(self._rendering.choices(doc)), golds)

    def check(self, own: OwnPrompt, doc: Doc, order: Order) -> None:
        """Raise :class:`NoChoicesError` unless prompt, options and right option of an order are the moved ones."""
        columns, contents = own.columns, own.contents
        other, spelled = columns.reordered(doc, order), " ".join(map(str, order))
        if self._rendering.text(other) != joined(own.pieces, [own.shown[number] for number in order]):
            raise NoChoicesError(f"its prompt in the order {spelled} differs in more than the order")
        before, after = own.choices, tuple(self._rendering.choices(other))
        if not _are_labels(before, after, own.pieces, columns) and not _are_moved(before, after, contents, order):
            wrong = NoChoicesError if isinstance(columns.options, str) else _NoLabelsError
            raise wrong(
                f"in the order {spelled} doc_to_choice gives neither labels that its prompt shows beside its options "
                f"nor the moved options: {after!r:.100}"
            )
        golds, moved = own.golds, self._rendering.golds(other)
        if any(number >= len(contents) for number in (*golds, *moved)):
            raise NoChoicesError(f"its right option is number {max(*golds, *moved) + 1} of {len(contents)}")
        golds, moved = {contents[number] for number in golds}, {contents[order[position]] for position in moved}
        if golds != moved:
            raise NoChoicesError(f"in the order {spelled} its right option is {_shown(moved)}, not {_shown(golds)}")

    def error(self, what: str, hint: str | None = None) -> TaskError:
        """The error of the task, with the flag that needs its options."""
        return TaskError(self._spec.error(f"{self._flag}: {what}.", "metadata", hint=hint))


def _are_labels(before: Sequence[str], after: Sequence[str], pieces: Sequence[str], columns: ChoiceColumns) -> bool:
    """Whether options are labels: the same in every order, and each shown before its text, or each behind it.

    Texts of a column that was not moved along are the same in every order too, and so are "True" and "False" of a
    prompt with the columns ``sentence1`` and ``sentence2``, which are no options. A list is one; its prompt may leave
    letters and numbers out.
    """
    if before != after:
        return False
    numbers = tuple([str(number + 1) for number in range(len(before))])
    if isinstance(columns.options, str) and before in (put_labels(len(before)), numbers):
        return True
    shown, labels = [_plain(piece) for piece in pieces], [_plain(label).strip(" ()[].:번") for label in before]
    return any(all(map(_stands_in, labels, places)) for places in (shown[:-1], shown[1:]))


def _plain(text: str) -> str:
    """Without case, and with 1 for ①."""
    return unicodedata.normalize("NFKC", text).casefold()


def _stands_in(label: str, text: str) -> bool:
    return bool(label) and re.search(rf"(?<![a-z0-9]){re.escape(label)}(?![a-z0-9])", text) is not None


def _has_letter(text: str) -> bool:
    return any(map(str.isalpha, text))


def _are_moved(before: Sequence[str], after: Sequence[str], contents: Sequence[str], order: Order) -> bool:
    """Whether options are the texts that the prompt shows, in the order in which it shows them."""
    own = [text.strip() for text in contents]
    return [text.strip() for text in before] == own and [text.strip() for text in after] == [own[k] for k in order]


def _shown(texts: set[str]) -> str:
    return ", ".join(sorted(map(repr, texts))) or "none"
