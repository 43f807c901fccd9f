"""Items that are the same: duplicates, contradictions, near duplicates, examples that are test items, equal options."""

# Questions are compared by letters and digits alone (NFKC, lower case). That drops operators and brackets, so equal
# normalized texts are *candidates*; texts that are equal but for spaces are duplicates. Equal items with other golds
# are a contradiction: at least one is wrong.
#
# Near duplicates share at least 80 % of their three-word shingles (Jaccard). They are found exactly, without MinHash's
# chance: two sets of a similarity of 0.8 share one of the rarest shingles of each, so that only few pairs are
# compared, however many items there are.
#
# Sources: A. Z. Broder, "On the resemblance and containment of documents", 1997; S. Chaudhuri et al., "A primitive
# operator for similarity joins in data cleaning", 2006 (prefix filter).

from __future__ import annotations

import itertools
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from proctor.analysis.statistic import check_same_length, check_share

WORDS, SIMILAR = 3, 0.8
_WORD = re.compile(r"\w+")

Shingles: TypeAlias = frozenset[tuple[str, ...]]
"""Runs of consecutive words."""


def normalized(text: str) -> str:
    """NFKC, lower case, letters and digits only.

    Args:
        text: Of a question or an option.
    """
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).lower()))


def clusters(keys: Iterable[Hashable]) -> list[list[int]]:
    """Positions with equal keys, where there are at least two, by first appearance.

    Args:
        keys: Of each item, what makes it the same as another.
    """
    found: dict[Hashable, list[int]] = {}
    for position, key in enumerate(keys):
        found.setdefault(key, []).append(position)
    return [positions for positions in found.values() if len(positions) > 1]


@dataclass(frozen=True, slots=True)
class Item:
    """An item as it is compared."""

    question: str
    choices: tuple[str, ...]
    gold: str
    """The text of the right option."""


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Items with equal normalized question and options."""

    items: tuple[int, ...]
    """Their positions."""
    certain: bool
    """Whether they are equal but for spaces; else a candidate, to be looked at."""
    contradiction: bool
    """Whether their golds have different texts."""


def duplicate_groups(items: Sequence[Item]) -> list[DuplicateGroup]:
    """Items that ask the same and offer the same options, in whatever order.

    Args:
        items: Of one exam.
    """
    groups = clusters(map(_key, items))
    return [
        DuplicateGroup(
            tuple(positions),
            len({_spaced_item(items[i]) for i in positions}) == 1,
            len({normalized(items[i].gold) or items[i].gold.strip() for i in positions}) > 1,
        )
        for positions in groups
    ]


def _key(item: Item) -> Hashable:
    return normalized(item.question), frozenset(map(normalized, item.choices))


def _spaced_item(item: Item) -> tuple[str, frozenset[str]]:
    return " ".join(item.question.split()), frozenset(" ".join(choice.split()) for choice in item.choices)


def shingles(text: str, words: int = WORDS) -> Shingles:
    """The runs of consecutive words of a text; a shorter text is one run.

    Args:
        text: Any text; NFKC and lower case are applied.
        words: The length of a run.
    """
    found = _WORD.findall(unicodedata.normalize("NFKC", text).lower())
    if len(found) <= words:
        return frozenset([tuple(found)]) if found else frozenset()
    return frozenset(tuple(found[i : i + words]) for i in range(len(found) - words + 1))


def jaccard(first: Shingles, second: Shingles) -> float:
    """Shared shingles over all shingles of both; 0 where both are empty.

    Args:
        first: Of :func:`shingles`.
        second: Of the other text.
    """
    union = len(first | second)
    return len(first & second) / union if union else 0.0


def item_shingles(item: Item, words: int = WORDS) -> Shingles:
    """The shingles of an item: those of its question and of each option, in whatever order options stand.

    Args:
        item: The item.
        words: The length of a run.
    """
    return shingles(item.question, words).union(*(shingles(choice, words) for choice in item.choices))


def near_duplicates(sets: Sequence[Shingles], similar: float = SIMILAR) -> list[tuple[int, int, float]]:
    """All pairs with a Jaccard similarity of at least ``similar``.

    Args:
        sets: Of n items, :func:`item_shingles` or :func:`shingles`. Those of questions alone make pairs of all that ask
            "Which of these is true?".
        similar: Between 0 and 1.

    Returns:
        Both positions, the lower first, and the similarity; by position.

    Raises:
        AnalysisError: ``similar`` is not between 0 and 1.
    """
    return _similar_pairs(sets, similar, 0)


def _similar_pairs(sets: Sequence[Shingles], similar: float, examples: int) -> list[tuple[int, int, float]]:
    """Pairs of similar sets; with ``examples`` first ones, only pairs of one of these with one of the others."""
    check_share(similar, "The similarity of near duplicates")
    counts = Counter(itertools.chain.from_iterable(sets))
    # Any order of shingles finds all pairs; rare ones first are met by few others.
    rank = {shingle: place for place, shingle in enumerate(sorted(counts, key=counts.__getitem__))}
    index: dict[int, list[int]] = {}
    pairs = []
    for position, one in enumerate(sets):
        # Of two sets of this similarity, the rarest shingles of each, so many, have one in common; and their sizes
        # are near.
        least = similar * len(one) - 1e-9
        prefix = sorted(map(rank.__getitem__, one))[: len(one) - math.ceil(least) + 1]
        if position >= examples:
            for other in sorted({earlier for shingle in prefix for earlier in index.get(shingle, ())}):
                if not least <= len(sets[other]) <= (len(one) + 1e-9) / similar:
                    continue
                similarity = jaccard(sets[other], one)
                if similarity >= similar - 1e-12:
                    pairs.append((other, position, similarity))
        if position < examples or not examples:
            for shingle in prefix:
                index.setdefault(shingle, []).append(position)
    return sorted(pairs)


@dataclass(frozen=True, slots=True)
class Leak:
    """An example that is a test item, or nearly."""

    example: int
    item: int
    similarity: float
    """1 for equal normalized questions and options, else that of their shingles."""


def leaks(examples: Sequence[Item], items: Sequence[Item], similar: float = SIMILAR) -> list[Leak]:
    """Examples of the few-shot pool that are (nearly) equal to test items, question and options.

    Args:
        examples: The pool.
        items: The test items.
        similar: The Jaccard similarity from which items are nearly equal, between 0 and 1.

    Returns:
        All such pairs, by example and item.

    Raises:
        AnalysisError: ``similar`` is not between 0 and 1.
    """
    count = len(examples)
    if not count:
        return []
    pairs = _similar_pairs([item_shingles(item) for item in (*examples, *items)], similar, count)
    found = {(example, item - count): similarity for example, item, similarity in pairs}
    by_key: dict[Hashable, list[int]] = {}
    for position, item in enumerate(items):
        by_key.setdefault(_key(item), []).append(position)
    for position, example in enumerate(examples):
        found.update({(position, item): 1.0 for item in by_key.get(_key(example), ())})
    return [Leak(example, item, similarity) for (example, item), similarity in sorted(found.items())]


def with_equal_options(choices: Sequence[Sequence[str]]) -> list[int]:
    """The positions of items of which two options have equal texts (spaces around them do not count).

    Args:
        choices: The options of each item.
    """
    return [i for i, options in enumerate(choices) if len({option.strip() for option in options}) < len(options)]


def score_without(right: Sequence[float], excluded: Sequence[bool]) -> tuple[list[float], int]:
    """The scores that are left without the excluded items (``acc_clean``).

    Args:
        right: The score of n items.
        excluded: Whether each is left out.

    Returns:
        The scores that are left, and how many were left out.

    Raises:
        AnalysisError: The two differ in length.
    """
    check_same_length(right, excluded, "scores and marks of exclusion")
    left = [value for value, out in zip(right, excluded, strict=True) if not out]
    return left, len(right) - len(left)
