"""Which column is what: by the user's flags, then by names, then by what the cells hold."""

# The order matters: a name is read before a cell, because a column "난이도" of numbers from 1 to 5 would do for the
# answers as far as its cells go. Cells decide where no name does, and only where they leave one possibility.

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from proctor.errors import DataError, UsageError, did_you_mean
from proctor.new.answers import Form, read_answers
from proctor.new.option_cells import read_options
from proctor.new.roles import Role, option_families, plain_name, rank, role_of
from proctor.new.table import AmbiguityError, Table, cell_text, column_list, is_blank


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the user says about columns. None: it is to be found."""

    question: str | None = None
    choices: tuple[str, ...] = ()
    answer: str | None = None
    context: str | None = None
    group: str | None = None
    id: str | None = None
    split: str | None = None
    answer_form: Form | None = None
    answer_base: int | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a table by what they hold. ``by``: for each role, how that was found."""

    question: str
    choices: tuple[str, ...]
    answer: str
    context: str | None = None
    group: str | None = None
    id: str | None = None
    split: str | None = None
    by: Mapping[str, str] = field(default_factory=dict)

    @property
    def used(self) -> frozenset[str]:
        """The columns that become keys of their own in a document."""
        return frozenset(
            name for name in (self.question, *self.choices, self.answer, self.context, self.id) if name is not None
        )


def find_layout(table: Table, chosen: Chosen) -> Layout:
    """Which column is what.

    Args:
        table: The table.
        chosen: What the user says.

    Raises:
        UsageError: The user names a column that is not there, or a column cannot be found.
        AmbiguityError: Two columns would do.
    """
    _check_names(table, chosen)
    by: dict[str, str] = {}
    choices = chosen.choices or _options_by_name(table, chosen, by)
    question = chosen.question or _by_name(table, "question", choices, by)
    if choices:
        answer = chosen.answer or _answer_by_name(table, choices, chosen, by)
        answer = answer or _answer_by_content(table, choices, question, chosen, by)
    else:
        question, choices, answer = _by_position(table, question, chosen, by)
    question = question or _longest(table, (*choices, answer), by)
    _check_different(question, choices, answer)
    layout = Layout(question, choices, answer)
    for role in ("context", "group", "id", "split"):
        found = getattr(chosen, role) or (None if role == "split" else _by_name(table, role, layout.used, by))
        if found is None and role == "context" and len(layout.choices) > 1:
            found = _box(table, layout, by)
        if found is not None and (found not in layout.used or getattr(chosen, role)):
            layout = replace(layout, **{role: found})
    return replace(layout, by={**dict.fromkeys(_given(chosen), "by flag"), **by})


def _box(table: Table, layout: Layout, by: dict[str, str]) -> str | None:
    """The box that Korean questions have between question and options: a column ``보기`` beside ``선택지1``, ..."""
    named = [name for name in table.columns if role_of(name) == "choices" and name not in layout.used]
    named = [name for name in named if any(not is_blank(value) for value in table.values(name))]
    if named:
        by["context"] = "by name, as the options have columns of their own"
    return named[0] if named else None


def _given(chosen: Chosen) -> list[str]:
    return [
        role for role in ("question", "choices", "answer", "context", "group", "id", "split") if getattr(chosen, role)
    ]


def _check_names(table: Table, chosen: Chosen) -> None:
    for role in _given(chosen):
        given = getattr(chosen, role)
        for name in (given,) if isinstance(given, str) else given:
            if name not in table.columns:
                hint = did_you_mean(name, table.columns) or f"It has: {column_list(table.columns)}."
                raise UsageError(f"--{role} {name}: {table.source} has no such column.", hint=hint)


def _check_different(question: str, choices: Sequence[str], answer: str) -> None:
    if question in choices or answer in choices or question == answer:
        raise UsageError(f"One column cannot be two things: question {question!r}, choices {', '.join(choices)}, "
                         f"answer {answer!r}.", hint="Say --question, --choices and --answer.")  # fmt: skip


def _by_name(table: Table, role: Role, taken: Sequence[str] | frozenset[str], by: dict[str, str]) -> str | None:
    named = [name for name in table.columns if role_of(name) == role and name not in taken]
    named = [name for name in named if not all(is_blank(value) for value in table.values(name))]
    if not named:
        return None
    by[role] = "by name"
    return min(named, key=lambda name: rank(role, name))


def _options_by_name(table: Table, chosen: Chosen, by: dict[str, str]) -> tuple[str, ...]:
    taken = {chosen.question, chosen.answer, chosen.context, chosen.id, chosen.group}
    columns = [name for name in table.columns if name not in taken]
    lists = [name for name in columns if role_of(name) == "choices"]
    families = option_families([name for name in columns if role_of(name) != "choices"])
    families = [family for family in families if not _is_blank(table, family[:2])]
    if len(families) > 1 and len(families[0]) == len(families[1]):
        shown = ", ".join(f"{family[0]} ... {family[-1]}" for family in families[:2])
        raise AmbiguityError(f"{table.source} has two sets of columns that may be the options: {shown}.", "choices")
    by["choices"] = "by name"
    if families:
        return families[0]
    return tuple(sorted(lists, key=lambda name: rank("choices", name))[:1])


def _is_blank(table: Table, columns: Sequence[str]) -> bool:
    return any(all(is_blank(value) for value in table.values(name)) for name in columns)


def _answer_by_name(table: Table, choices: Sequence[str], chosen: Chosen, by: dict[str, str]) -> str | None:
    """The answers' column by name; of several, those that read in every row must agree."""
    named = [name for name in table.columns if role_of(name) == "answer" and name not in choices]
    # The second of two columns "answer" is called "answer 2".
    named += [name for name in table.columns if name not in named and _is_second(name, named)]
    named.sort(key=lambda name: rank("answer", name))
    by["answer"] = "by name"
    if len(named) < 2:
        return named[0] if named else None
    read = {name: golds for name in named if (golds := _golds(table, choices, name, chosen)) is not None}
    _check_partly_read(table, choices, chosen, named, read)
    if len(set(read.values())) > 1:
        one, other = list(read)[:2]
        message = f"{table.source} has two columns of answers that contradict each other: {one!r} and {other!r}."
        raise AmbiguityError(message, "answer", tuple(read))
    return next(iter(read), named[0])


def _is_second(name: str, named: Sequence[str]) -> bool:
    stem, _, number = name.rpartition(" ")
    return stem in named and number.isdecimal()


def _check_partly_read(
    table: Table, choices: Sequence[str], chosen: Chosen, named: Sequence[str], read: Mapping[str, tuple[Any, ...]]
) -> None:
    """Refuse to prefer a column that reads in every row to a likelier one with a mistake, where they contradict.

    ``label`` with 0 and 1 for something else reads in every row; one wrong letter in ``answer`` must not choose it.
    """
    other = next(iter(read), None)
    if other is None or named[0] in read:
        return
    partly = _partial_golds(table, choices, named[0], chosen)
    known = [(one, gold) for one, gold in zip(partly, read[other], strict=False) if one is not None]
    if 2 * len(known) >= len(table.rows) and any(one != gold for one, gold in known):
        raise AmbiguityError(
            f"{table.source} has two columns of answers that contradict each other: {named[0]!r}, which cannot be read "
            f"in {len(partly) - len(known):,} of {len(partly):,} rows, and {other!r}.",
            "answer",
            (named[0], other),
        )


def _partial_golds(table: Table, choices: Sequence[str], answer: str, chosen: Chosen) -> tuple[Any, ...]:
    """The golds of a column of answers; None for each row that cannot be read."""
    options = read_options(table, choices).rows
    good = [(value, row) for value, row in zip(table.values(answer), options, strict=True) if row is not None]
    try:
        return read_answers([value for value, _ in good], [row for _, row in good],
                            form=chosen.answer_form, base=chosen.answer_base).golds  # fmt: skip
    except AmbiguityError:
        return ()


def _golds(table: Table, choices: Sequence[str], answer: str, chosen: Chosen) -> tuple[Any, ...] | None:
    """The golds of all rows by a column of answers; None unless every row can be read."""
    options = read_options(table, choices).rows
    good = [(value, row) for value, row in zip(table.values(answer), options, strict=True) if row is not None]
    if not good:
        return None
    try:
        found = read_answers([value for value, _ in good], [row for _, row in good],
                             form=chosen.answer_form, base=chosen.answer_base)  # fmt: skip
    except AmbiguityError:
        return ()  # it can be read, and in more than one way: which one is asked later
    return None if found.why else found.golds


def _answer_by_content(
    table: Table, choices: Sequence[str], question: str | None, chosen: Chosen, by: dict[str, str]
) -> str:
    columns = [name for name in table.columns if name not in choices and name != question and role_of(name) != "id"]
    read = [name for name in columns if _golds(table, choices, name, chosen) is not None]
    by["answer"] = "by what it holds"
    if len(read) == 1:
        return read[0]
    _refuse_one_hot(table, choices, columns)
    _refuse_row_per_option(table, question or _longest(table, choices, {}))
    if read:
        raise AmbiguityError(f"{table.source}: the answers may be in {' or '.join(map(repr, read))}.", "answer", read)
    raise UsageError(
        f"{table.source}: no column names the right option of every row. It has: {column_list(table.columns)}.",
        hint="Name the column of the answers with --answer.",
    )


_YES = frozenset({"1", "0", "true", "false", "o", "x", "y", "n", "yes", "no", "", "✓", "정답", "오답"})


def _refuse_one_hot(table: Table, choices: Sequence[str], columns: Sequence[str]) -> None:
    """Refuse a column of truth values for each option: it names no option in one cell."""
    hot = [name for name in columns if {cell_text(value).strip().casefold() for value in table.values(name)} <= _YES]
    if len(hot) >= len(choices) > 1:
        raise DataError(
            f"{table.source} has a column of marks for each option ({', '.join(hot[: len(choices)])}): not read.",
            hint="Write one column 'answer' with the letter or the number of the marked option.",
        )


def _by_position(
    table: Table, question: str | None, chosen: Chosen, by: dict[str, str]
) -> tuple[str | None, tuple[str, ...], str]:
    """Question, options and answer of a table whose names do not say where the options are.

    Between the question and the answer, or behind both, stand the options; the answers must read in every row.
    """
    columns = [
        name for name in table.columns if role_of(name) not in ("id", "group", "split", "context", "explanation")
    ]
    question = question or _longest(table, (), {}, columns)
    _refuse_row_per_option(table, question)
    answers = [chosen.answer] if chosen.answer else [name for name in columns if name != question]
    for answer in sorted(answers, key=lambda name: (role_of(name) != "answer", -columns.index(name))):
        choices = _between(columns, question, answer)
        if len(choices) > 1 and _golds(table, choices, answer, chosen) is not None:
            by |= {
                "question": by.get("question", "by what it holds"),
                "choices": "by position",
                "answer": "by what it holds",
            }
            return question, choices, answer
    _refuse_right_apart(table)
    raise UsageError(
        f"{table.source}: no columns of options were found. It has: {column_list(table.columns)}.",
        hint="Name them: --choices A B C D, or --choices COLUMN for a column that holds all options. Options behind "
        "the question in its own cell are read if every row has them so.",
    )


_WRONG = ("distractor", "incorrect", "wrong", "오답")


def _refuse_right_apart(table: Table) -> None:
    """Refuse a table that has the right option in one column and wrong ones in others: there is no order to show."""
    wrong = [name for name in table.columns if plain_name(name).startswith(_WRONG)]
    if wrong:
        raise DataError(
            f"{table.source} has the wrong options in columns of their own ({', '.join(wrong)}), apart from the right "
            "one: not read, because nothing says in which order they are shown.",
            hint="Write all options into columns A, B, C, D in a shuffled order, and the right letter into 'answer'.",
        )


def _between(columns: Sequence[str], question: str, answer: str) -> tuple[str, ...]:
    first, last = sorted((columns.index(question), columns.index(answer)))
    inner = tuple(columns[first + 1 : last])
    return inner or tuple(columns[last + 1 :])


def _refuse_row_per_option(table: Table, question: str) -> None:
    """Refuse a table with a row for each option: the same question stands in several rows one behind the other."""
    values = [cell_text(value).strip() for value in table.values(question)]
    repeats = sum(one == other for one, other in itertools.pairwise(values))
    if len(values) > 3 and 2 * repeats >= len(values):
        raise DataError(
            f"{table.source} seems to have a row for each option: {question!r} is often the same from one row to the "
            "next. Such tables are not read.",
            hint="Write a row for each question, with its options in columns A, B, C, D and an answer.",
        )


def _longest(table: Table, taken: Sequence[str], by: dict[str, str], columns: Sequence[str] | None = None) -> str:
    """The column of the longest texts."""
    free = [
        name
        for name in columns or table.columns
        if name not in taken and role_of(name) not in ("context", "explanation")
    ]
    free = free or [name for name in table.columns if name not in taken and role_of(name) == "context"]
    if not free:
        raise UsageError(f"{table.source}: no column is left for the question.", hint="Name it with --question.")
    by["question"] = "by its length"
    return max(free, key=lambda name: sum(len(cell_text(value)) for value in table.values(name)))
