"""Options as a reader knows them: their words without what stands around them, and the texts that bare labels mean."""

# Options that are bare labels (A, (B), 3., ④) say nothing of what is chosen. The document has their texts: in a list of
# that length, in columns called like the labels, or in columns that are numbered. They are shown beside the labels, and
# lengths are taken from them.

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

_SERIES = ("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz", "0123456789", "123456789", "①②③④⑤⑥⑦⑧⑨⑩",
           "㉠㉡㉢㉣㉤㉥㉦㉧㉨㉩", "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊ", "가나다라마바사아자차")  # fmt: skip
"""What labels count with: options are labels only if they are the beginning of a series, in its order."""
_LIST_COLUMNS = ("choices", "options", "endings", "answers", "candidates", "선택지", "보기")
_NUMBERED = ("option", "choice", "ending", "ending_", "sol", "alternative_", "distractor", "answer", "보기")
_TEXT_OR_NUMBER = (str, int, float)


def are_labels(options: Sequence[str]) -> bool:
    """Whether options are bare labels (A, B, C or (1), (2)) and no texts; ``24``, ``23`` are answers.

    Args:
        options: Their texts.
    """
    # Most options are texts, and the first of them says so.
    if not options or len(options[0].strip(" ().:")) != 1:
        return False
    return _is_series(tuple(options))


@lru_cache(64)  # of bare labels: all documents of a task have the same ones
def _is_series(options: tuple[str, ...]) -> bool:
    bare = "".join([option.strip(" ().:") for option in options])
    return len(bare) == len(options) > 1 and any(series.startswith(bare) for series in _SERIES)


@lru_cache(64)
def without_delimiter(continuations: tuple[str, ...], delimiter: str) -> tuple[str, ...]:
    """Continuations as options.

    Args:
        continuations: What was scored.
        delimiter: What the task puts between context and continuation.
    """
    if delimiter and all(one.startswith(delimiter) for one in continuations):
        return tuple(one[len(delimiter) :] for one in continuations)
    return tuple(one.lstrip() for one in continuations)


def differing_words(texts: Sequence[str]) -> tuple[str, ...]:
    """The words by which texts differ: what they share at the beginning and at the end is taken off.

    Args:
        texts: The texts.
    """
    # Whole words: "Sarah" and "Sam" differ in "rah" and "m".
    words = [re.split(r"(\s+)", text) for text in texts]
    start = _shared(words)
    rests = [one[start:] for one in words]
    end = _shared([one[::-1] for one in rests])
    return tuple("".join(one[: len(one) - end]).strip() for one in rests)


def _shared(lists: Sequence[Sequence[str]]) -> int:
    """How many items lists share at the beginning."""
    count = 0
    for items in zip(*lists, strict=False):
        if len(set(items)) > 1:
            break
        count += 1
    return count


def texts_of_labels(labels: tuple[str, ...], doc: Any) -> tuple[str, ...]:
    """What labels stand for in the document; the labels themselves where nothing fits.

    Args:
        labels: The labels.
        doc: The document as its file has it.
    """
    if not isinstance(doc, dict):
        return labels
    for names in (_LIST_COLUMNS, doc):
        for name in names:
            found = _listed(doc.get(name), len(labels))
            if found is not None and not are_labels(found):
                return found
    named = [doc.get(label) for label in labels]
    if all(isinstance(text, str) for text in named):
        return tuple(map(str, named))
    for stem in _NUMBERED:
        for first in (0, 1):
            numbered = [doc.get(f"{stem}{place + first}") for place in range(len(labels))]
            if all(isinstance(text, str) for text in numbered):
                return tuple(map(str, numbered))
    return labels


def _listed(value: Any, count: int) -> tuple[str, ...] | None:
    """A list of that many texts; also as ``{"text": [...], "label": [...]}``, and as a list of numbers."""
    if isinstance(value, dict):
        value = value.get("text")
    if not isinstance(value, list) or len(value) != count:
        return None
    if [*map(type, value)].count(str) == count:
        # Nearly always; and this is looked at for every sample.
        return tuple(value)
    return tuple([str(one) for one in value]) if all(isinstance(one, _TEXT_OR_NUMBER) for one in value) else None
