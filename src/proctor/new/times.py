"""Texts that a data set would turn into points in time.

Whoever reads JSON lines into a data set, lm-eval and proctor alike, makes a time of every text of a column if all of
them look like one: ``1592-04-13`` is then shown as ``1592-04-13 00:00:00``. It cannot be told not to, so such a column
is not written, or refused where the model is to see it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from proctor.errors import DataError
from proctor.new.documents import NewDocument

_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d(?::?\d\d(?::?\d\d(?:\.\d+)?)?)?)?(?:Z|[+-]\d\d(?::?\d\d)?)?")

Split = Mapping[str, tuple[NewDocument, ...]]


def are_times(texts: Iterable[object]) -> bool:
    """Whether all texts of a column would be read as points in time.

    Args:
        texts: The values of a column; None counts for nothing.
    """
    known = [text for text in texts if text is not None]
    return bool(known) and all(isinstance(text, str) and _TIME.fullmatch(text) for text in known)


def without_times(
    documents: Mapping[str | None, Split], source: str
) -> tuple[Mapping[str | None, Split], tuple[str, ...]]:
    """Documents without the columns that would become times in one of their files, and what is to be said of them.

    Args:
        documents: By subject and split: a file each.
        source: What was read, for the message.

    Raises:
        DataError: All options, questions or passages of a file are such texts.
    """
    files = [many for splits in documents.values() for many in splits.values()]
    for many in files:
        _refuse(many, source)
    columns = dict.fromkeys(name for many in files for name in _names(many) if _is_time(many, name))
    if not columns:
        return {subject: dict(splits) for subject, splits in documents.items()}, ()
    kept = {
        subject: {split: tuple(_without(one, columns) for one in many) for split, many in splits.items()}
        for subject, splits in documents.items()
    }
    listed = ", ".join(map(repr, columns))
    return kept, (f"left out of the data, because all of it is dates, which data sets rewrite: {listed}",)


def _names(documents: Sequence[NewDocument]) -> list[str]:
    return list(dict.fromkeys(name for document in documents for name in document.others))


def _is_time(documents: Sequence[NewDocument], name: str) -> bool:
    return are_times(document.others.get(name) for document in documents)


def _without(document: NewDocument, columns: Mapping[str, None]) -> NewDocument:
    return replace(document, others={name: cell for name, cell in document.others.items() if name not in columns})


def _refuse(documents: Sequence[NewDocument], source: str) -> None:
    shown = {
        "options": [option for document in documents for option in document.options],
        "questions": [document.question for document in documents],
        "passages": [document.context for document in documents],
    }
    for what, texts in shown.items():
        if are_times(texts):
            raise DataError(
                f"{source}: all {what} are dates such as {texts[0]!r}, which data sets rewrite as "
                f"'{texts[0][:10]} 00:00:00'.",
                hint="Write them otherwise in the source, as in '13 April 1592' or '1592년 4월 13일'.",
            )
