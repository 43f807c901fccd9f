"""A task's documents in other formulations: by letter, as text, both, written; and without the question."""

# From a document to its formulations
# -----------------------------------
#   document -- rendered --> parts (stem, block, tail), texts, labels, golds -- put together --> prompt, continuations
#
#                 prompt                                   continuations    few-shot examples end in
#   letter        stem, block, tail                        labels           the label
#   hybrid        stem, block, tail                        texts            the text
#   text          stem, tail                               texts            the text
#   generate      stem, block, tail                        (none)           the label
#   choices only  the same without the stem
#
# Where the task's own prompt has what a formulation needs, that very prompt is taken: what differs between two
# formulations is then the formulation and nothing else. The formulation that is the task's own is not requested again.
#
# Few-shot examples are put like the document, since their answers teach the form of an answer.
#
# Invariants: the canonical variant keeps its requests. Options, labels and golds are the same in all formulations of a
# document, in the same order, so that a position means one option everywhere. A document that cannot be put in a
# formulation is an error before the model is loaded.

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from proctor.errors import TaskError
from proctor.messages import Message
from proctor.tasks.choice_columns import NoChoicesError
from proctor.tasks.example import Formulation, Variant, canonical_variant
from proctor.tasks.fields import Fields, bind_text
from proctor.tasks.formulations import LISTING, TASK, FormulationName, Formulations, choices_only_name
from proctor.tasks.listed_options import FieldRendering, ListedOptions
from proctor.tasks.output_types.base import OutputType
from proctor.tasks.prompt import turns
from proctor.tasks.prompt_pieces import pieces_around, texts_between
from proctor.tasks.question_parts import QuestionParts, listed_parts, unlisted_parts, with_options
from proctor.tasks.spec import TaskSpec
from proctor.types import Doc

NO_STEM = (
    "Name the question without its options in the task file: metadata: {choices: {options: COLUMN, answer: COLUMN, "
    "question: '{{question}}'}}."
)


class _NoStemError(NoChoicesError):
    """The question of a document cannot be told from the rest of its prompt."""


@dataclass(frozen=True, slots=True)
class _Item:
    """A document with all that its formulations are put together of."""

    doc: Doc
    parts: QuestionParts
    texts: tuple[str, ...]
    golds: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _OtherForm:
    """One formulation that is requested."""

    name: str
    form: FormulationName
    with_question: bool


class Formulator:
    """The formulations of a task's documents.

    Args:
        spec: The task.
        output: Its output type, which knows what a gold names.
        question: The fields of its documents.
        shots: The fields of its few-shot examples.
        documents: Some documents, to find the columns of options by.
        columns: The columns of its documents.
        wanted: Which formulations are wanted.

    Attributes:
        own: Which one the task's own formulation is.

    Raises:
        TaskError: The task's prompt lists options whose columns are not found, or are not as declared.
    """

    def __init__(
        self,
        spec: TaskSpec,
        output: OutputType,
        question: Fields,
        shots: Fields,
        documents: Sequence[Doc],
        columns: Sequence[str],
        wanted: Formulations,
    ) -> None:
        self._spec, self._wanted = spec, wanted
        self._question, self._shots = (FieldRendering(one, output, chooses=False) for one in (question, shots))
        self._listed = ListedOptions(spec, self._question, documents, wanted.flag)
        declared = self._listed.declared
        self._stem: Callable[[Doc], Any] | None = None
        if declared is not None and declared.question is not None:
            self._stem = bind_text(spec, ("metadata", "choices", "question"), declared.question, columns)
        self.own: FormulationName = self._own_form(documents)
        self._others = self._other_forms()
        self._turns: dict[tuple[str, int], tuple[Message, ...]] = {}

    def _own_form(self, documents: Sequence[Doc]) -> FormulationName:
        columns = self._listed.columns
        if columns is None:
            return "text"
        first = documents[0]
        contents = [text.strip() for text in columns.contents(first)]
        return "hybrid" if [text.strip() for text in self._question.choices(first)] == contents else "letter"

    def _other_forms(self) -> tuple[_OtherForm, ...]:
        others: list[_OtherForm] = []
        for form in self._wanted.names:
            # Of a task that scores texts after the question, what is left to request are the texts without it.
            if form != self.own or form == "text":
                others.append(_OtherForm(form, form, with_question=True))
        if self._wanted.choices_only:
            others.append(_OtherForm(choices_only_name(TASK), self.own, with_question=False))
            others += [
                _OtherForm(choices_only_name(form), form, with_question=False)
                for form in self._wanted.names
                if form not in (self.own, "generate")
            ]
        return tuple(others)

    def variants(
        self,
        doc_id: int,
        doc: Doc,
        canonical: Variant,
        system: tuple[Message, ...],
        shots: Sequence[tuple[int, Doc]],
        prefix: str | None,
    ) -> tuple[Variant, ...]:
        """A document's own variant, marked as such, and its variants in the other formulations.

        Args:
            doc_id: Its number, for messages.
            doc: The document.
            canonical: It as its task shows it.
            system: The turns before all examples.
            shots: Its few-shot examples, each with its position in the pool.
            prefix: How the response begins.

        Raises:
            TaskError: The document, or an example, cannot be put so.
        """
        try:
            item = self._item(self._question, doc)
            if canonical.options is not None and tuple(self._question.choices(doc)) != canonical.options:
                raise NoChoicesError("doc_to_choice gives other options from one call to the next")
            if len(item.texts) < 2:
                raise NoChoicesError("it has one option, so that there is nothing to choose")
            self._check_question(item)
            others = [self._variant(other, item, system, shots, prefix) for other in self._others]
        except NoChoicesError as error:
            raise self._error(f"document {doc_id}", error) from error
        return replace(canonical, formulation=self._mark(TASK, item)), *others

    def _error(self, which: str, error: NoChoicesError) -> TaskError:
        hint = NO_STEM if isinstance(error, _NoStemError) else None
        return self._listed.error(f"{which} cannot be put in another formulation: {error}", hint)

    def _mark(self, name: str, item: _Item) -> Formulation:
        return Formulation(name, self.own, item.parts.labels, item.texts, item.golds)

    def _variant(
        self,
        other: _OtherForm,
        item: _Item,
        system: tuple[Message, ...],
        shots: Sequence[tuple[int, Doc]],
        prefix: str | None,
    ) -> Variant:
        before = system + tuple([turn for position, doc in shots for turn in self._shot(other, position, doc)])
        opened = turns(self._prompt(other, item), None, prefix, self._spec.prompt.target_delimiter, "")
        options = item.parts.labels if other.form in ("letter", "generate") else item.texts
        variant = canonical_variant(((*before, *opened),), options, list(item.golds))
        return replace(variant, formulation=self._mark(other.name, item))

    def _shot(self, other: _OtherForm, position: int, doc: Doc) -> tuple[Message, ...]:
        known = self._turns.get((other.name, position))
        if known is not None:
            return known
        prompt = self._spec.fewshot.prompt
        try:
            item = self._item(self._shots, doc)
            if not item.golds:
                raise NoChoicesError("its answer is none of its options")
            answers = item.parts.labels if other.form in ("letter", "generate") else item.texts
            made = turns(
                self._prompt(other, item), answers[item.golds[0]], self._shots.gen_prefix(doc),
                prompt.target_delimiter, prompt.fewshot_delimiter,
            )  # fmt: skip
        except NoChoicesError as error:
            raise self._error(f"few-shot example {position}", error) from error
        self._turns[other.name, position] = made
        return made

    def _item(self, rendering: FieldRendering, doc: Doc) -> _Item:
        text, choices = rendering.text(doc), tuple(rendering.choices(doc))
        if not isinstance(text, str):
            raise NoChoicesError(f"doc_to_text gave {text!r:.100}, which is no text")
        golds, columns = tuple(rendering.golds(doc)), self._listed.columns
        if columns is None:
            return _Item(doc, unlisted_parts(text, len(choices)), choices, golds)
        contents = columns.contents(doc)
        golds = golds or columns.golds(doc)
        if any(gold >= len(contents) for gold in golds):
            raise NoChoicesError(f"its right option is number {max(golds) + 1} of {len(contents)}")
        labels = choices if self.own == "letter" else None
        if labels is not None and len(labels) < len(contents):
            raise NoChoicesError(f"it has {len(contents)} options and {len(labels)} labels")
        pieces = pieces_around(len(contents), lambda texts: rendering.text(columns.replaced(doc, texts)))
        shown = None if pieces is None else texts_between(pieces, text, contents)
        if pieces is None or shown is None:
            raise NoChoicesError("its prompt does not list its options as those of other documents do")
        return _Item(doc, listed_parts(text, pieces, labels), tuple([one.strip() for one in shown]), golds)

    def _prompt(self, other: _OtherForm, item: _Item) -> str:
        parts = item.parts
        if other.form in LISTING:
            if parts.block is not None:
                return parts.text if other.with_question else parts.block + parts.tail
            return with_options(self._question_of(other, item), parts.tail, parts.labels, item.texts)
        if not other.with_question:
            return parts.tail.lstrip("\n")
        return parts.text if self.own == "text" else self._question_of(other, item) + parts.tail

    def _check_question(self, item: _Item) -> None:
        """Refuse to leave out a question that is not there: the score without it would be the score with it."""
        if not self._wanted.choices_only:
            return
        stem = item.parts.stem if self._stem is None else self._stem(item.doc)
        if isinstance(stem, str) and not stem.strip():
            raise NoChoicesError("its question is empty already, so that --choices_only leaves nothing out")

    def _question_of(self, other: _OtherForm, item: _Item) -> str:
        if not other.with_question:
            return ""
        stem = item.parts.stem if self._stem is None else self._stem(item.doc)
        if stem is None:
            raise _NoStemError(f"its prompt does not show where its question ends ({item.parts.why})")
        if not isinstance(stem, str):
            raise NoChoicesError(f"metadata.choices.question gave {stem!r:.100}, which is no text")
        if not stem.strip():
            raise NoChoicesError("its question is empty")
        return stem.rstrip()
