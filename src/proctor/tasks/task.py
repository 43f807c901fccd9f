"""A task bound to its data and functions: documents in, examples out, answers measured.

A task never sees a model: it yields prompts as turns, and scores from responses.
"""

# What binding a task does, in this order
# ---------------------------------------
#   1. the Python of the task is loaded if it may register names  (before metrics and filters are looked up)
#   2. metrics and filters by name                                (cheap: a wrong name is found before data are loaded)
#   3. documents of the evaluated split, through process_docs
#   4. fields, by the columns of that split
#   5. the first document is rendered: it decides the shape       (lm-eval decides it so, for all documents)
#
# Afterwards the task is read only, but for two values that grow as documents are worked on: the rendered few-shot
# examples, and the metrics that a metric function names itself (``derived``).

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from proctor.errors import DataError, ProctorError, TaskError, value_text
from proctor.foreign import no_exit
from proctor.messages import Message, Prompt
from proctor.metrics.base import MetricUse
from proctor.records import FormulationOutcome
from proctor.tasks.bind_spec import bind_filters, bind_metrics
from proctor.tasks.check_utf8 import check_utf8
from proctor.tasks.choosable import check_choosable, choice_ask
from proctor.tasks.choose import labelled_question
from proctor.tasks.data import Documents, Selection, Splits, positions
from proctor.tasks.document_turns import open_turns, system_turns
from proctor.tasks.dump import dump_config
from proctor.tasks.example import Ask, AskResult, Example, NoteError, TaskShape, Variant, canonical_variant
from proctor.tasks.fewshot import draws_by_seed, load_pool, make_sampler
from proctor.tasks.fields import bind, bind_document_fields, bind_examples, describe, key_or_template
from proctor.tasks.formulation_asks import formulation_asks, formulation_outcome
from proctor.tasks.formulations import Formulations, Unformulated, generation_of
from proctor.tasks.formulator import Formulator
from proctor.tasks.listed_options import LOOKED_AT, FieldRendering
from proctor.tasks.output_types.base import TaskContext
from proctor.tasks.output_types.table import output_type_of
from proctor.tasks.prompt import PromptStyle, chat_messages, render
from proctor.tasks.registered import load_registrations
from proctor.tasks.reordering import Reordering
from proctor.tasks.shots import Shots
from proctor.tasks.spec import TaskSpec
from proctor.types import Doc


class Task:
    """One task, ready to be asked. Building it loads its data and renders its first document."""

    def __init__(self, spec: TaskSpec) -> None:
        self.spec = spec
        self.output = output_type_of(spec)
        load_registrations(spec)
        self.uses = bind_metrics(spec)
        self.pipelines = bind_filters(spec)
        self.process_results = bind(spec.process_results)
        self.splits = Splits(spec)
        self.documents = self._eval_documents()
        columns = self.documents.columns
        self.question = bind_document_fields(spec, columns)
        self.shots = bind_examples(spec, columns)
        self._description = key_or_template(spec, "description", spec.description)
        self.context = TaskContext.of(spec, self._shape(), self.uses, {})
        self._reorderings: dict[Any, Reordering] = {}
        self._formulators: list[tuple[Formulations, Formulator]] = []

    def __repr__(self) -> str:
        return f"<Task {self.spec.name!r}: {len(self.documents):,} documents>"

    @property
    def shape(self) -> TaskShape:
        """What its first document decided."""
        return self.context.shape

    @property
    def derived(self) -> dict[str, MetricUse]:
        """The metrics that its metric functions named themselves, so far."""
        return self.context.derived

    def _eval_documents(self) -> Documents:
        split = self.spec.data.eval_split or ""
        documents = self.splits.documents(split, self.spec.data.process_docs)
        if len(documents) == 0:
            after = " after process_docs" if self.spec.data.process_docs is not None else ""
            raise DataError(f"Task '{self.spec.name}': the split {split!r} holds no document{after}.")
        return documents

    def _shape(self) -> TaskShape:
        first = self.documents[0]
        target = self.question.target(first)
        if self.question.choice is None or not self.output.has_prompt:
            return TaskShape(multiple_input=False, multiple_target=isinstance(target, list))
        # For its errors: options that cannot be had are found on the first document, before any request.
        self._choices(first, 0)
        text = self.question.text(first)
        return TaskShape(multiple_input=isinstance(text, int), multiple_target=isinstance(target, list))

    def _choices(self, doc: Doc, doc_id: int) -> tuple[str, ...] | None:
        if self.question.choice is None:
            return None
        choices = self.question.choice(doc)
        if type(choices) is list and set(map(type, choices)) == {str}:  # nearly always
            return tuple(choices)
        if not isinstance(choices, (list, tuple)) or not all(isinstance(choice, str) for choice in choices):
            raise self._error(
                f"doc_to_choice must give a list of texts, but on document {doc_id} it gave {value_text(choices)}."
            )
        if not choices:
            raise self._error(
                f"doc_to_choice gave an empty list on document {doc_id}: there is nothing to choose from."
            )
        return tuple(choices)

    def _error(self, message: str, key: str = "doc_to_choice") -> TaskError:
        return TaskError(self.spec.error(message, key))

    def positions(self, selection: Selection) -> Sequence[int]:
        """Which documents are evaluated: see :func:`proctor.tasks.data.positions`."""
        return positions(self.spec.name, self.documents, selection)

    def examples(
        self, positions: Sequence[int], style: PromptStyle, seed: int | None, note: NoteError | None = None
    ) -> Iterator[Example]:
        """The documents at ``positions`` with their prompts, in order; one few-shot draw for each.

        ``note`` is told of a document of which no prompt can be made, which is then left out;
        None: it raises.
        """
        draws = self._drawers(seed, style)
        for doc_id, doc in zip(positions, self.documents.rows(positions), strict=True):
            try:
                example = self._example(doc_id, doc, draws, style)
            except ProctorError as error:
                if note is None:
                    raise
                note(doc_id, error)
            else:
                yield example

    def chooses(self, style: PromptStyle) -> bool:
        """Whether a model is asked which option it chooses, instead of for log-likelihoods.

        Raises:
            TaskError: It is, and the task cannot be put so.
        """
        if style.choose is None or not self.output.has_options:
            return False
        check_choosable(self.context)
        return True

    def draws_examples(self) -> bool:
        """Whether another seed gives its documents other few-shot examples."""
        return self.spec.n_shot > 0 and self.output.has_prompt and draws_by_seed(self.spec)

    def _drawers(self, seed: int | None, style: PromptStyle) -> list[Shots]:
        """What draws few-shot examples: by the run's seed, and where several draws are wanted by those after it."""
        if self.spec.n_shot == 0 or not self.output.has_prompt:
            return []
        made: list[Shots] = []
        for number in range(style.draws if self.draws_examples() else 1):
            # Each has a generator of its own, so that the first draws what it draws alone.
            pool = load_pool(self.spec, self.splits)
            sampler = make_sampler(self.spec, pool, seed if not number else (seed or 0) + number)
            made.append(Shots(self.spec, self.shots, self.shape, pool, sampler, labelled=self.chooses(style)))
        return made

    def _example(self, doc_id: int, doc: Doc, draws: Sequence[Shots], style: PromptStyle) -> Example:
        target = self.question.target(doc)
        choices = self._choices(doc, doc_id)
        if not self.output.has_prompt:
            return Example(doc_id, doc, (canonical_variant((), choices, target),), None, target, None)
        text, prefix = self.question.text(doc), self.question.gen_prefix(doc)
        system = before = system_turns(self.spec, style, self._description(doc))
        draw, shots = (draws[0], draws[0].positions(doc)) if draws else (None, ())
        if draw is not None:
            before = system + draw.messages(shots)

        item, variants = None, (self._variant(doc_id, (text, choices, target), before, prefix, style),)
        for other in draws[1:]:
            turns = system + other.messages(other.positions(doc))
            variants += (self._variant(doc_id, (text, choices, target), turns, prefix, style),)
        reordering = self.reordering(style)
        if reordering is not None:
            # Few-shot examples keep their order: their answers teach the form of an answer, and moving them would be
            # another experiment.
            item, orders = reordering.of(doc_id, doc)
            reordered = [self._fields(reordering.reordered(doc, order), doc_id) for order in orders[1:]]
            others = [self._variant(doc_id, fields, before, prefix, style) for fields in reordered]
            shown = [replace(other, order=order) for other, order in zip(others, orders[1:], strict=True)]
            variants = (replace(variants[0], order=orders[0]), *shown)
        formulator = self._formulator(style)
        if formulator is not None:
            pool = [] if draw is None else draw.documents(shots)
            own, *formulated = formulator.variants(doc_id, doc, variants[0], system, pool, prefix)
            variants = (own, *variants[1:], *formulated)
        return Example(doc_id, doc, variants, text, target, prefix, shots, item)

    def _fields(self, doc: Doc, doc_id: int) -> tuple[Any, tuple[str, ...] | None, Any]:
        return self.question.text(doc), self._choices(doc, doc_id), self.question.target(doc)

    def _variant(
        self,
        doc_id: int,
        fields: tuple[Any, tuple[str, ...] | None, Any],
        before: tuple[Message, ...],
        prefix: str | None,
        style: PromptStyle,
    ) -> Variant:
        text, choices, target = fields
        labelled = None
        if style.choose is not None and self.chooses(style) and isinstance(text, str) and choices:
            labelled = labelled_question(text, choices)
        shown = text if labelled is None else labelled.text
        contexts = open_turns(self.spec, self.shape, before, shown, choices, prefix, doc_id=doc_id)
        # Where options are contexts, doc_to_text gives the number of the right one and doc_to_target what follows each.
        return canonical_variant(contexts, choices, text if self.shape.multiple_input else target, labelled)

    def lists_options(self, style: PromptStyle) -> bool:
        """Whether its prompts list options that other orders can be shown of; asked where other orders are wanted."""
        return self.reordering(style) is not None

    def reordering(self, style: PromptStyle) -> Reordering | None:
        """How its documents are shown in other orders; None: they are shown in one."""
        if style.orders is None:
            return None
        known = self._reorderings.get((style.orders, style.choose))
        if known is None:
            some = self.documents.rows(range(min(LOOKED_AT, len(self.documents))))
            movable = self.output.has_options and not self.shape.multiple_input
            rendering = FieldRendering(self.question, self.output, chooses=self.chooses(style))
            known = Reordering(self.spec, rendering, style.orders, list(some) if movable else [])
            self._reorderings[style.orders, style.choose] = known
        return known if known.columns is not None else None

    @property
    def unformulated(self) -> Unformulated | None:
        """Why its documents are put as the task's files say alone; None: they can be put in other formulations."""
        if not self.output.has_options:
            return "no options"
        if self.shape.multiple_input:
            return "contexts"
        return "own scores" if self.process_results else None

    def _formulator(self, style: PromptStyle) -> Formulator | None:
        """How its documents are put in other formulations; None: they are put in one."""
        wanted = style.formulations
        if wanted is None or self.unformulated:
            return None
        known = next((one for setting, one in self._formulators if setting == wanted), None)
        if known is None:
            some = list(self.documents.rows(range(min(LOOKED_AT, len(self.documents)))))
            columns = self.documents.columns
            known = Formulator(self.spec, self.output, self.question, self.shots, some, columns, wanted)
            self._formulators.append((wanted, known))
        return known

    def asks(self, example: Example, style: PromptStyle) -> tuple[Ask, ...]:
        """The requests of one document, variant by variant."""
        asks: list[Ask] = []
        for number, variant in enumerate(example.variants):
            mark = variant.formulation
            writes = mark is not None and mark.name == "generate"
            contexts = [self._prompt(turns, example, style, writes=writes) for turns in variant.contexts]
            if mark is not None and number and style.formulations is not None:
                chat = style.chat is not None
                generation = generation_of(style.formulations, self.spec.prompt.fewshot_delimiter, chat=chat)
                asks += formulation_asks(self.context, number, variant, contexts[0], generation, chat=chat)
            elif variant.labelled is not None and style.choose is not None:
                asks.append(choice_ask(number, contexts[0], variant.labelled, style.choose))
            else:
                asks += self.output.asks(self.context, example, number, contexts, chat=style.chat is not None)
        check_utf8(self.spec, example.doc_id, [ask.request for ask in asks], "doc_to_text")
        return tuple(asks)

    def _prompt(self, turns: Sequence[Message], example: Example, style: PromptStyle, *, writes: bool) -> Prompt:
        # A log-likelihood is that of a text after a text: only what a model writes can follow messages.
        writes = writes or self.output.generates or (style.choose is not None and self.output.has_options)
        if style.messages and style.chat is not None and writes:
            return chat_messages(turns, style.multiturn)
        return render(turns, style, gen_prefix=example.gen_prefix)

    def dump(self) -> Mapping[str, Any]:
        """The whole configuration, for the results file."""
        return dump_config(self.spec)

    def measure(self, example: Example, variant: int, results: Sequence[AskResult]) -> Mapping[str, Any]:
        """The metrics of one variant of a document from what filters left of its responses."""
        if not callable(self.process_results):
            try:
                return self.output.measure(self.context, example, variant, results)
            except DataError as error:
                where = f"Task '{self.spec.name}', document {example.doc_id}: "
                raise DataError(where + error.message, hint=error.hint) from error
        try:
            with no_exit():
                # lm-eval: process_results is given the flat list of filtered values, without what each was requested
                # for.
                measured = self.process_results(
                    self._shown_doc(example, variant), [value for one in results for value in one.values]
                )
        except Exception as error:
            message = f"process_results {describe(error, example.doc)}"
            raise TaskError(self.spec.error(message, "process_results")) from error
        if not isinstance(measured, Mapping):
            raise TaskError(
                self.spec.error(
                    f"process_results must return a mapping, but it returned {measured!r}.", "process_results"
                )
            )
        return measured

    def outcome(
        self, example: Example, variant: int, results: Sequence[AskResult], tokens: Sequence[int] = ()
    ) -> FormulationOutcome | None:
        """What one variant gave as a formulation, where the document is put in several."""
        mark = example.variants[variant].formulation
        return None if mark is None else formulation_outcome(mark, results, tokens)

    def _shown_doc(self, example: Example, variant: int) -> Doc:
        """The document as a variant shows it, for Python that reads its columns."""
        order = example.variants[variant].order
        for reordering in self._reorderings.values() if variant else ():
            return reordering.reordered(example.doc, order)
        return example.doc
