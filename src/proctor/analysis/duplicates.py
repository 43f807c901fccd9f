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

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from proctor.analysis.statistic import check_same_length, check_share

WORDS, SIMILAR = 3, 0.8
_WORD = re.compile(r"\w+")


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
    groups = clusters((normalized(item.question), frozenset(map(normalized, item.choices))) for item in items)
    return [
        DuplicateGroup(
            tuple(positions),
            len({_spaced_item(items[i]) for i in positions}) == 1,
            len({normalized(items[i].gold) or items[i].gold.strip() for i in positions}) > 1,
        )
        for positions in groups
    ]


def _spaced_item(item: Item) -> tuple[str, frozenset[str]]:
    return " ".join(item.question.split()), frozenset(" ".join(choice.split()) for choice in item.choices)


def shingles(text: str, words: int = WORDS) -> frozenset[tuple[str, ...]]:
    """The runs of consecutive words of a text; a shorter text is one run.

    Args:
        text: Any text; NFKC and lower case are applied.
        words: The length of a run.
    """
    found = _WORD.findall(unicodedata.normalize("NFKC", text).lower())
    if len(found) <= words:
        return frozenset([tuple(found)]) if found else frozenset()
    return frozenset(tuple(found[i : i + words]) for i in range(len(found) - words + 1))


def jaccard(first: frozenset[tuple[str, ...]], second: frozenset[tuple[str, ...]]) -> float:
    """Shared shingles over all shingles of both; 0 where both are empty.

    Args:
        first: Of :func:`shingles`.
        second: Of the other text.
    """
    union = len(first | second)
    return len(first & second) / union if union else 0.0


def near_duplicates(texts: Sequence[str], similar: float = SIMILAR, words: int = WORDS) -> list[tuple[int, int, float]]:
    """All pairs of texts with a Jaccard similarity of at least ``similar``.

    Args:
        texts: Of n items.
        similar: Between 0 and 1.
        words: The length of a shingle.

    Returns:
        Both positions, the lower first, and the similarity; by position.

    Raises:
        AnalysisError: ``similar`` is not between 0 and 1.
    """
    check_share(similar, "The similarity of near duplicates")
    sets = [shingles(text, words) for text in texts]
    counts = Counter(shingle for one in sets for shingle in one)
    index: dict[tuple[str, ...], list[int]] = {}
    pairs = []
    for position, one in enumerate(sets):
        rarest = sorted(one, key=lambda shingle: (counts[shingle], shingle))
        prefix = rarest[: len(one) - math.ceil(similar * len(one) - 1e-9) + 1]
        for other in sorted({earlier for shingle in prefix for earlier in index.get(shingle, ())}):
            similarity = jaccard(sets[other], one)
            if similarity >= similar - 1e-12:
                pairs.append((other, position, similarity))
        for shingle in prefix:
            index.setdefault(shingle, []).append(position)
    return sorted(pairs)


@dataclass(frozen=True, slots=True)
class Leak:
    """An example that is a test item, or nearly."""

    example: int
    item: int
    similarity: float
    """1 for equal normalized questions, else that of their shingles."""


def leaks(examples: Sequence[str], questions: Sequence[str], similar: float = SIMILAR) -> list[Leak]:
    """Examples of the few-shot pool that are (nearly) equal to test items.

    Args:
        examples: The questions of the pool.
        questions: The questions of the test items.
        similar: The Jaccard similarity from which texts are nearly equal, between 0 and 1.

    Returns:
        All such pairs, by example and item.

    Raises:
        AnalysisError: ``similar`` is not between 0 and 1.
    """
    count = len(examples)
    found = {
        (first, second - count): similarity
        for first, second, similarity in near_duplicates([*examples, *questions], similar)
        if first < count <= second
    }
    by_key: dict[str, list[int]] = {}
    for position, question in enumerate(questions):
        by_key.setdefault(normalized(question), []).append(position)
    for position, example in enumerate(examples):
        found.update({(position, item): 1.0 for item in by_key.get(normalized(example), ())})
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
