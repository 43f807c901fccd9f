"""The right options of all rows, from answers in one form for the whole file."""

# Why one form for the file: "2" is the second option where the file counts from 1, the third where it counts from 0,
# and the option "2" where the options are numbers. One row decides nothing; the first form that reads every row does,
# and where two forms read every row and disagree on one, a flag does.
#
# Numbers: a 0 in the file says that it counts from 0, the number of options says that it counts from 1. Neither says
# nothing, and then nothing is guessed. Options that the file itself numbers ("1. 서울 2. 부산") say it as well.
#
# Circled numbers and numbers with a counter ("②" and "1번") may be mixed: ① is the first, and so is 1번 beside it.
# A bare "1" beside ② is not read, as it may count from 0.

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal, TypeAlias

from proctor.new.answer_texts import answer_parts, bare_answer, folded, several_labels
from proctor.new.labels import LETTERS, LabelForm, read_label, split_label
from proctor.new.option_cells import RowOptions
from proctor.new.table import AmbiguityError, cell_text, is_blank

Form: TypeAlias = Literal["label", "letter", "circled", "korean", "roman", "number", "text"]
FORMS: tuple[Form, ...] = ("label", "letter", "circled", "korean", "roman", "number", "text")
Several: TypeAlias = Literal["any", "all"]

Golds: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Answers:
    """How the answers of a file are read.

    Attributes:
        form: The form of all of them.
        base: Where numbers count from; None for other forms.
        golds: The right options of each row, from 0; None where the answer cannot be read.
        why: For rows that cannot be read, by their number: why, as a clause.
    """

    form: Form
    base: int | None
    golds: tuple[Golds | None, ...]
    why: Mapping[int, str]

    @property
    def has_several(self) -> bool:
        """Whether a row has more than one right option."""
        return any(golds is not None and len(golds) > 1 for golds in self.golds)


@dataclass(frozen=True, slots=True)
class _Reading:
    form: Form
    base: int | None
    golds: tuple[Golds | None, ...]

    @property
    def count(self) -> int:
        return sum(golds is not None for golds in self.golds)


def read_answers(
    values: Sequence[Any],
    options: Sequence[RowOptions],
    *,
    form: Form | None = None,
    base: int | None = None,
    places: Sequence[str] = (),
) -> Answers:
    """The right options of all rows.

    Args:
        values: The answer of each row as it stands in the file.
        options: The options of each.
        form: The form that the user names; None: the first that reads every row.
        base: Where the user says that numbers count from.
        places: Where each row stands, for messages.

    Raises:
        AmbiguityError: Two forms read every row and disagree, or numbers may count from 0 and from 1.
    """
    readings = [
        reading
        for one in FORMS
        if form in (None, one)
        for reading in _readings(one, values, options, base, is_chosen=form is not None)
    ]
    whole = [reading for reading in readings if reading.count == len(values)]
    if whole:
        _check_agreement(whole, values, options, places)
        best = whole[0]
    else:
        best = max(readings, key=lambda reading: reading.count)
        _check_base([reading for reading in readings if reading.form == best.form and reading.count == best.count])
    others = best.form if best.count else None  # where none is read, no form is that of the others
    why = {
        number: why_unread(values[number], options[number], form or others)
        for number, golds in enumerate(best.golds)
        if golds is None
    }
    return Answers(best.form, best.base, best.golds, why)


def _base_of_labels(options: Sequence[RowOptions]) -> int | None:
    """Where numbers count from if every row's options are numbered in the file; None: they are not, or not alike."""
    for base in (1, 0):
        if options and all(
            set(row.labels or ()) == {str(at + base) for at in range(len(row.texts))} for row in options
        ):
            return base
    return None


def _readings(
    form: Form, values: Sequence[Any], options: Sequence[RowOptions], base: int | None, *, is_chosen: bool
) -> list[_Reading]:
    if form != "number":
        found = [_row_golds(value, of, form) for value, of in zip(values, options, strict=True)]
        if form == "circled" and base != 0 and (is_chosen or any(found)):
            found = [golds or _by_counter(*row) for golds, *row in zip(found, values, options, strict=True)]
        return [_Reading(form, None, tuple(found))]
    bases = (base,) if base is not None else (1, 0)
    made = [
        _Reading(
            form, one, tuple([_row_golds(value, of, form, one) for value, of in zip(values, options, strict=True)])
        )
        for one in bases
    ]
    most = max(reading.count for reading in made)
    likely = [reading for reading in made if reading.count == most]
    shown = _base_of_labels(options)
    return [reading for reading in likely if shown in (None, reading.base)] or likely


_COUNTED = re.compile(r"\W*[0-9０-９]{1,2}\s*번")


def _by_counter(value: Any, options: RowOptions) -> Golds | None:
    """The right options of a row, written as ``2번`` among circled numbers; None where another reading disagrees."""
    if not isinstance(value, str) or not _COUNTED.match(bare_answer(value)):
        return None
    golds = _row_golds(value, options, "number", 1)
    return golds if all(_row_golds(value, options, form) in (None, golds) for form in ("label", "text")) else None


def _check_agreement(
    whole: Sequence[_Reading], values: Sequence[Any], options: Sequence[RowOptions], places: Sequence[str]
) -> None:
    """Raise :class:`AmbiguityError` unless all readings give the same golds."""
    first = whole[0]
    other = next((reading for reading in whole if reading.golds != first.golds), None)
    if other is None:
        return
    if {first.form, other.form} == {"number"}:
        _check_base(whole)
    row = next(at for at, golds in enumerate(first.golds) if golds != other.golds[at])
    meanings = " or ".join(f"{_meaning(reading, options[row], row)} ({reading.form})" for reading in (first, other))
    forms = tuple(dict.fromkeys(reading.form for reading in whole))
    where = f"{places[row]}, " if places else ""
    raise AmbiguityError(
        f"The answers can be read in two ways: {where}{cell_text(values[row])!r} is the option {meanings}.",
        "answer_form",
        forms,
    )


def _meaning(reading: _Reading, options: RowOptions, row: int) -> str:
    return ", ".join(repr(options.texts[gold]) for gold in reading.golds[row] or ())


def _check_base(readings: Sequence[_Reading]) -> None:
    numbers = [reading for reading in readings if reading.form == "number"]
    if len({reading.base for reading in numbers}) < 2:
        return
    unread = {tuple(golds is None for golds in reading.golds) for reading in numbers}
    why = "neither 0 nor the number of options occurs among them"
    if len(unread) > 1:
        why = "both 0 and the number of options occur among them"
    message = f"The answers are numbers, and {why}: they may count from 0 or from 1."
    raise AmbiguityError(message, "answer_base", ("0", "1"))


def _row_golds(value: Any, options: RowOptions, form: Form, base: int | None = None) -> Golds | None:
    if is_blank(value):
        return None
    if isinstance(value, str) and (one := _gold(value, options, form, base)) is not None:
        return (one,)
    parts = _parts(value, form)
    golds = [_gold(part, options, form, base) for part in parts]
    if not golds or None in golds or len(set(golds)) < len(golds) or _is_marks(value, options):
        return None
    return tuple(sorted(gold for gold in golds if gold is not None))


def _is_marks(value: Any, options: RowOptions) -> bool:
    """Whether an answer is a mark for each option, as in ``[0, 1, 0, 0]``, and names none."""
    value = _as_list(value)
    return (
        isinstance(value, (list, tuple))
        and len(value) == len(options.texts)
        and all(cell_text(one).strip().casefold() in ("0", "1", "true", "false") for one in value)
    )


def _as_list(value: Any) -> Any:
    if isinstance(value, str) and value.strip().startswith("["):
        with contextlib.suppress(ValueError, RecursionError):
            return json.loads(value)
    return value


def _parts(value: Any, form: Form) -> list[str]:
    """What stands for one option each in an answer."""
    value = _as_list(value)
    if isinstance(value, (list, tuple)):
        return [cell_text(one) for one in value]
    if not isinstance(value, str):
        return [cell_text(value)]
    return several_labels(value, form) or answer_parts(value)


def _gold(text: str, options: RowOptions, form: Form, base: int | None) -> int | None:
    """The option that one answer names in a form; None: it names none."""
    if form == "text":
        return _by_text(text, options)
    if form == "label":
        labels = options.labels or ()
        return labels.index(text.strip()) if text.strip() in labels else None
    found = _place(bare_answer(text), form, base)
    if found is None and (parts := split_label(bare_answer(text))) is not None:
        # "B. 서울": a label and the option's text, which must agree.
        found = _at_place(_place(parts[0], form, base), options)
        return found if found == _by_text(parts[1], options) else None
    return _at_place(found, options)


def _at_place(place: int | None, options: RowOptions) -> int | None:
    """Where the option is shown that the file counts as ``place``."""
    places = options.places or range(len(options.texts))
    return places.index(place) if place is not None and place in places else None


def _place(label: str, form: LabelForm, base: int | None) -> int | None:
    number = read_label(label, form)
    return number if number is None or form != "number" else number - (base or 0)


def _by_text(text: str, options: RowOptions) -> int | None:
    texts = [folded(one) for one in options.texts]
    wanted = folded(text) if folded(text) in texts else folded(bare_answer(text))
    if wanted not in texts and _WHOLE.fullmatch(wanted):  # "2.0" of a column of floats is the option "2"
        texts, wanted = [_whole(one) for one in texts], _whole(wanted)
    return texts.index(wanted) if texts.count(wanted) == 1 else None


_WHOLE = re.compile(r"(-?\d+)(?:\.0+)?")


def _whole(text: str) -> str:
    match = _WHOLE.fullmatch(text)
    return match[1] if match else text


def why_unread(value: Any, options: RowOptions, form: Form | None) -> str:
    """Why an answer names no option, as a clause.

    Args:
        value: The answer.
        options: The options of its row.
        form: How the other rows are read; None: none of them is.
    """
    if is_blank(value):
        return "it is empty"
    text = cell_text(value)
    if _is_marks(value, options):
        return f"{_short(text)} has a mark for each option: write the letter or the number of the right one"
    wanted, texts = folded(text), [folded(one) for one in options.texts]
    if texts.count(wanted) > 1:
        places = " and ".join(LETTERS[at] for at, one in enumerate(texts) if one == wanted and at < len(LETTERS))
        return f"{_short(text)} is the text of two options, {places}"
    parts = split_label(bare_answer(text))
    if parts is not None and texts.count(folded(parts[1])) == 1:
        at = texts.index(folded(parts[1]))
        return f"{_short(text)} contradicts itself: {parts[1]!r} is option {at + 1} of {len(texts)}"
    if form == "text":
        close = get_close_matches(wanted, texts, n=1, cutoff=0.4)
        nearest = f"; the nearest is {_short(options.texts[texts.index(close[0])])}" if close else ""
        return f"{_short(text)} is none of {len(texts)} options{nearest}"
    read = "" if form is None else f" (the other answers are read by {_SHOWN.get(form, form)})"
    return f"{_short(text)} names none of {len(texts)} options{read}"


_SHOWN: Mapping[Form, str] = {
    "korean": "Korean letter",
    "circled": "circled number",
    "roman": "Roman numeral",
    "label": "the labels of the options",
}
"""Forms by the words of a message."""


def _short(text: str) -> str:
    shown = repr(text)
    return shown if len(shown) <= 60 else f"{shown[:57]}...'"
