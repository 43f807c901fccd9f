"""What a new task will be: everything that is known of it before a file is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from proctor.errors import DataError, UsageError
from proctor.new.answers import Answers, read_answers
from proctor.new.checks import Remark, check_documents, check_examples, repeated
from proctor.new.columns import Chosen, Layout, find_layout
from proctor.new.documents import NewDocument, Reading, read_documents
from proctor.new.inline_options import OPTIONS, with_options_apart
from proctor.new.option_cells import RowOptions, read_options
from proctor.new.request import NewTaskRequest
from proctor.new.sources import SPLITS, Source, read_file, read_source
from proctor.new.styles import ALPHABET, STYLES, Language, Shape, Style, language_of, shape_of
from proctor.new.table import BadRow, Table, is_blank, rows_error, source_named
from proctor.new.times import without_times
from proctor.plurals import counted


@dataclass(frozen=True, slots=True)
class TaskPlan:
    """A task before it is written.

    Attributes:
        request: What the user wants.
        source: What was read.
        layout: Which column is what, in the first table.
        answers: How the answers of the first table are written.
        documents: By subject (None where there are no subjects) and split (``test``, ``dev``, ``validation``).
        styles: How documents are put.
        language: That of the words around a question.
        shape: What the documents have in common.
        remarks: What is worth knowing about them.
        bad: Rows that are left out.
        notes: What is worth knowing about how they were read.
    """

    request: NewTaskRequest
    source: Source
    layout: Layout
    answers: Answers
    documents: Mapping[str | None, Mapping[str, tuple[NewDocument, ...]]]
    styles: tuple[Style, ...]
    language: Language
    shape: Shape
    remarks: tuple[Remark, ...]
    bad: tuple[BadRow, ...]
    notes: tuple[str, ...]

    @property
    def evaluated(self) -> tuple[NewDocument, ...]:
        """All documents but few-shot examples."""
        every = [item for splits in self.documents.values() for item in splits.items()]
        return tuple(document for split, documents in every if split != "dev" for document in documents)

    @property
    def examples(self) -> int:
        """Few-shot examples of the subject that has fewest of them."""
        return min((len(splits.get("dev", ())) for splits in self.documents.values()), default=0)


def plan_task(request: NewTaskRequest) -> TaskPlan:
    """Read the source of a request and decide everything about the task.

    Args:
        request: What is wanted.

    Raises:
        AmbiguityError: Two readings are possible; it names the flag that decides.
        UsageError: A flag cannot be meant so.
        DataError: The source, or a row of it, cannot be read.
    """
    source = read_source(request)
    found = [_laid_out(table, request.columns) for table in source.tables]
    source, layouts = replace(source, tables=tuple(table for table, _ in found)), [layout for _, layout in found]
    chosen = _with_common_form(request.columns, source.tables, layouts)
    readings = [_read(table, layout, chosen, request) for table, layout in zip(source.tables, layouts, strict=True)]
    _check_rows(source.tables, readings, request.skip_bad)
    documents = [
        document if len(readings) == 1 else replace(document, place=f"{table.label}, {document.place}")
        for table, reading in zip(source.tables, readings, strict=True)
        for document in reading.documents
    ]
    if not documents:
        raise DataError(f"{request.source} holds no row that can be read.")
    by_subject = _by_subject(documents, grouped=_is_grouped(request, source.tables))
    unused = len(documents) - sum(len(many) for splits in by_subject.values() for many in splits.values())
    by_subject, times = without_times(_with_examples(by_subject, _informed(request, readings[0])), request.source)
    language = request.language or language_of(documents)
    shape = shape_of(documents, language, request.several)
    _check_shape(shape, request)
    plan = TaskPlan(
        request,
        source,
        layouts[0],
        readings[0].answers,
        by_subject,
        _styles(request, shape),
        language,
        shape,
        (),
        tuple(row for reading in readings for row in reading.bad),
        (*_notes(source.tables, layouts, readings), *times, *_unused(unused)),
    )
    return replace(plan, remarks=(*check_documents(plan.evaluated), *_examples_evaluated(plan)))


def _read(table: Table, layout: Layout, chosen: Chosen, request: NewTaskRequest) -> Reading:
    with source_named(table.source):
        return read_documents(table, layout, chosen, request.several)


def _laid_out(table: Table, chosen: Chosen) -> tuple[Table, Layout]:
    """A table and its columns; where the options stand in the questions, the table with the options apart."""
    try:
        with source_named(table.source):
            return table, find_layout(table, chosen)
    except (DataError, UsageError):
        known = chosen.question is None or chosen.question in table.columns
        apart = with_options_apart(table, chosen.question) if known and not chosen.choices else None
        if apart is None:
            raise
        layout = find_layout(apart, replace(chosen, choices=(OPTIONS,)))
        return apart, replace(layout, by={**layout.by, "choices": "in the question's text"})


def _with_common_form(chosen: Chosen, tables: Sequence[Table], layouts: Sequence[Layout]) -> Chosen:
    """What the user says, with the form of the answers of all tables together, if one form reads all of them.

    A file of five few-shot examples alone seldom shows where its numbers count from.
    """
    if len(tables) < 2 or (chosen.answer_form is not None and chosen.answer_base is not None):
        return chosen
    values, options, places = list[Any](), list[RowOptions](), list[str]()
    for table, layout in zip(tables, layouts, strict=True):
        cells = read_options(table, layout.choices).rows
        for row, found, value in zip(table.rows, cells, table.values(layout.answer), strict=True):
            if found is not None and not is_blank(value):
                values.append(value)
                options.append(found)
                places.append(f"{table.label}, {table.place(row, layout.answer)}")
    if not values:
        return chosen
    found = read_answers(values, options, form=chosen.answer_form, base=chosen.answer_base, places=places)
    return chosen if found.why else replace(chosen, answer_form=found.form, answer_base=found.base)


def _informed(request: NewTaskRequest, reading: Reading) -> NewTaskRequest:
    """The request with the form of the answers as they were read, in which a file of few-shot examples is read too."""
    answers = reading.answers
    return replace(request, chosen=replace(request.chosen, answer_form=answers.form, answer_base=answers.base))


def _is_grouped(request: NewTaskRequest, tables: Sequence[Table]) -> bool:
    """Whether the task has subjects: a column of them, or a file for each."""
    return request.chosen.group is not None or len({table.subject for table in tables}) > 1


def _check_rows(tables: Sequence[Table], readings: Sequence[Reading], skip_bad: bool) -> None:
    for table, reading in zip(tables, readings, strict=True):
        if reading.bad and not skip_bad:
            raise rows_error(table.source, reading.bad, len(table.rows) + len(table.bad))


def _notes(tables: Sequence[Table], layouts: Sequence[Layout], readings: Sequence[Reading]) -> list[str]:
    notes = [note for table in tables for note in table.notes] + [
        note for reading in readings for note in reading.notes
    ]
    forms = {(reading.answers.form, reading.answers.base) for reading in readings}
    if len(forms) > 1:
        notes.append("the files write their answers differently")
    if any((one.question, one.choices, one.answer) != (layouts[0].question, layouts[0].choices, layouts[0].answer)
           for one in layouts):  # fmt: skip
        notes.append("the files name their columns differently; shown are those of the first")
    return list(dict.fromkeys(notes))


def _unused(count: int) -> tuple[str, ...]:
    """The note on a train split beside a dev split: few-shot examples are those of dev alone."""
    return (
        (f"left out: {counted(count, 'document')} of the train split, as dev has the few-shot examples",)
        if count
        else ()
    )


def _by_subject(
    documents: Sequence[NewDocument], *, grouped: bool
) -> dict[str | None, dict[str, tuple[NewDocument, ...]]]:
    made: dict[str | None, dict[str, list[NewDocument]]] = {}
    for document in documents:
        subject = (document.group or "none") if grouped else None
        split = _split_of(document)
        made.setdefault(subject, {}).setdefault(split, []).append(document)
    return {subject: _evaluated_first(splits) for subject, splits in made.items()}


def _split_of(document: NewDocument) -> str:
    if document.split is None or not document.split.strip():
        return "test"
    split = SPLITS.get(document.split.strip().lower())
    if split is None:
        known = ", ".join(dict.fromkeys(SPLITS.values()))
        raise UsageError(f"{document.place}: {document.split!r} is no split.", hint=f"Splits are {known}.")
    return split


def _evaluated_first(splits: Mapping[str, Sequence[NewDocument]]) -> dict[str, tuple[NewDocument, ...]]:
    """Splits as a task has them: what is evaluated is ``test`` or ``validation``; ``dev`` holds few-shot examples."""
    made = {split: tuple(many) for split, many in splits.items()}
    if "test" not in made and "validation" not in made:
        evaluated = made.pop("train", None) or made.pop("dev")
        return {"test": evaluated, **made}
    if "train" in made:
        train = made.pop("train")
        made.setdefault("dev", train)
    return {split: made[split] for split in ("test", "validation", "dev") if split in made}


def _with_examples(
    by_subject: dict[str | None, dict[str, tuple[NewDocument, ...]]], request: NewTaskRequest
) -> dict[str | None, dict[str, tuple[NewDocument, ...]]]:
    """The documents with their few-shot examples apart, as ``--shots`` says."""
    if request.shots is None:
        return by_subject
    if isinstance(request.shots, int):
        return {subject: _first_as_examples(subject, splits, request.shots) for subject, splits in by_subject.items()}
    examples = _examples_of(request.shots, request)
    by_group = _by_subject(examples, grouped=None not in by_subject)
    made: dict[str | None, dict[str, tuple[NewDocument, ...]]] = {}
    for subject, splits in by_subject.items():
        given = by_group.get(subject) or ({"test": tuple(examples)} if None in by_group or len(by_group) == 1 else None)
        if given is None:
            raise UsageError(f"--shots {request.shots}: it has no row of the subject {subject!r}.")
        made[subject] = {**splits, "dev": tuple(one for many in given.values() for one in many)}
    return made


def _first_as_examples(
    subject: str | None, splits: Mapping[str, tuple[NewDocument, ...]], count: int
) -> dict[str, tuple[NewDocument, ...]]:
    """The documents of a subject with ``count`` of them as examples; of none there is no split, as no file is empty."""
    if count == 0:
        return {split: many for split, many in splits.items() if split != "dev"}
    if "dev" in splits:
        return {**splits, "dev": splits["dev"][:count]}
    split = next(iter(splits))
    if len(splits[split]) <= count:
        of = f" of the subject {subject!r}" if subject else ""
        raise UsageError(f"--shots {count}: {len(splits[split])} documents{of} leave none to evaluate.")
    documents = _once_first(splits[split], count)
    return {**splits, split: documents[count:], "dev": documents[:count]}


def _once_first(documents: tuple[NewDocument, ...], count: int) -> tuple[NewDocument, ...]:
    """Documents with the first ``count`` that occur once before all others: a copy of an example would be evaluated."""
    twice = repeated(documents)
    examples = [at for at in range(len(documents)) if at not in twice][:count]
    if len(examples) < count:
        return documents
    first = set(examples)
    rest = [at for at in range(len(documents)) if at not in first]
    return tuple(documents[at] for at in (*examples, *rest))


def _examples_evaluated(plan: TaskPlan) -> list[Remark]:
    return [
        remark
        for splits in plan.documents.values()
        for split, documents in splits.items()
        if split != "dev"
        for remark in check_examples(splits.get("dev", ()), documents)
    ]


def _examples_of(path: str, request: NewTaskRequest) -> list[NewDocument]:
    documents = list[NewDocument]()
    for table in read_file(path, request):
        table, layout = _laid_out(table, request.columns)
        reading = read_documents(table, layout, request.columns, request.several)
        _check_rows([table], [reading], request.skip_bad)
        documents += [replace(one, place=f"{path}, {one.place}") for one in reading.documents]
    return documents


def _styles(request: NewTaskRequest, shape: Shape) -> tuple[Style, ...]:
    if request.style != "all":
        return (request.style,)
    return ("chat",) if shape.several == "all" else STYLES


def _check_shape(shape: Shape, request: NewTaskRequest) -> None:
    if shape.most > len(ALPHABET):
        raise DataError(f"{request.source}: a row has {shape.most} options, and there are letters for {len(ALPHABET)}.")
    if shape.several == "all" and request.style not in ("chat", "all"):
        raise UsageError(
            f"--several all --style {request.style}: a set of options has no log-likelihood; only a chat can give one.",
            hint="Take --style chat, or --several any, where one of them is enough.",
        )
