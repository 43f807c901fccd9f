"""``lm_eval.decontamination.janitor``: remove from a text what shares a run of words with a benchmark."""

# What is removed of a text
# -------------------------
#   words   w1 w2 ... [13 words that a benchmark has, too] ... w9000
#   text    kept ----| 200 characters | the run | 200 characters |---- kept      (window_to_remove on either side)
#
# Pieces of up to ``minimum_slice_length`` characters are dropped, and a text with more than ``too_dirty_cutoff`` runs
# is dropped as a whole. Source: appendix C of https://arxiv.org/abs/2005.14165, which lm-eval follows.

from __future__ import annotations

import json
import re
import string
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

JANITOR_CPP = False
"""There is no compiled part."""

T = TypeVar("T")
Span = tuple[int, int]


def form_ngrams(sequence: Iterable[T], n: int) -> Iterator[tuple[T, ...]]:
    """Every ``n`` neighbours."""
    window: deque[T] = deque(maxlen=n)
    for item in sequence:
        window.append(item)
        if len(window) == n:
            yield tuple(window)


def word_ngrams(s: str, n: int) -> Iterator[str]:
    """Every ``n`` neighbouring words, one space between them."""
    return (" ".join(words) for words in form_ngrams(s.split(), n))


def split_indices(s: str) -> Iterator[tuple[str, Span]]:
    """Every word with the places of its first and last character."""
    return ((word.group(), (word.start(), word.end() - 1)) for word in re.finditer(r"\S+", s))


def word_ngrams_indices(s: str, n: int) -> Iterator[tuple[str, Span]]:
    """As :func:`word_ngrams`, with the places of the first and the last character."""
    for run in form_ngrams(split_indices(s), n):
        yield " ".join(word for word, _ in run), (run[0][1][0], run[-1][1][1])


class Janitor:
    """Knows the word runs of what must not be in a text, and cuts them out with what is around them.

    ``ngram_n``: words of a run. ``window_to_remove``: characters removed on either side.
    ``too_dirty_cutoff``: more runs than this, and nothing of the text is kept. ``minimum_slice_length``:
    characters of a piece that is kept.
    """

    def __init__(
        self,
        ngram_n: int = 13,
        window_to_remove: int = 200,
        too_dirty_cutoff: int = 10,
        minimum_slice_length: int = 200,
        delete_chars: str = string.punctuation,
    ) -> None:
        self.ngram_n = ngram_n
        self.window_to_remove = window_to_remove
        self.too_dirty_cutoff = too_dirty_cutoff
        self.minimum_slice_length = minimum_slice_length
        self.delete_chars = delete_chars
        self.dirt_ngrams: set[str] = set()
        self.translation_table = str.maketrans(string.ascii_uppercase, string.ascii_lowercase, delete_chars)

    def normalize_string(self, s: str) -> str:
        """A text without ``delete_chars``, its ASCII letters small."""
        return s.translate(self.translation_table)

    def register_contaminant(self, dirt_string: str) -> None:
        """Remember the runs of a text that is to be removed."""
        self.dirt_ngrams.update(word_ngrams(self.normalize_string(dirt_string), self.ngram_n))

    def clean(self, dirty_string: str) -> list[str]:
        """The pieces of a text that are kept."""
        runs = word_ngrams_indices(dirty_string, self.ngram_n)
        dirt = [span for run, span in runs if self.normalize_string(run) in self.dirt_ngrams]
        if len(dirt) > self.too_dirty_cutoff:
            return []
        length, pieces, begin, end = len(dirty_string), [], 0, -1
        # Runs come from left to right; where two windows overlap, the piece between them has a negative length and is
        # dropped.
        for first, last in dirt:
            stop, end = max(0, first - self.window_to_remove), min(length, last + self.window_to_remove)
            if stop - begin > self.minimum_slice_length:
                pieces.append(dirty_string[begin:stop])
            begin = end
        if end < length - self.minimum_slice_length:
            pieces.append(dirty_string[end + 1 :])
        return pieces

    register_contaminant_python = register_contaminant
    clean_python = clean

    def save_contamination_ngrams(self, filename: str) -> None:
        """Write the runs to a file, as JSON."""
        Path(filename).write_text(json.dumps(sorted(self.dirt_ngrams)), encoding="utf-8")

    def load_contamination_ngrams(self, filename: str) -> None:
        """Read the runs from such a file."""
        self.dirt_ngrams = set(json.loads(Path(filename).read_text(encoding="utf-8")))
