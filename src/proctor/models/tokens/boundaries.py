"""Where a text may be cut so that its parts, encoded apart, have the ids of the whole.

Few-shot prompts consist of parts that many prompts share. Encoding each part once is exact only
if no token, and nothing that the tokenizer looks at before it makes tokens, reaches across the
cut. Two things are asked before a cut is made: no entry of the vocabulary contains the two
characters around it side by side, and a window around it comes out the same cut and uncut.
Who joins parts also compares some of a run's own texts with their whole encoding
(:mod:`proctor.models.tokens.segments`).
"""

# How a cut is judged
# -------------------
#     ... How many legs has a spider? A:       the text, cut after "a"
#                       [as a| spi]            the window: BEFORE characters, then the white space or special token
#                                              that follows and AFTER characters
#
#   1. The vocabulary (``_stands_free``): no entry has the two characters around the cut side by side, in any way in
#      which an entry may write them (as they are, normalised, a space as U+2581, byte by byte). Then no token can
#      reach across, whatever stands further away. Before a special token, which is found first, only added tokens
#      are looked at.
#   2. The tokenizer (``_same``): ids(before) + ids(after) == ids(before + after). This shows what acts before there
#      are tokens: normalizers, pre-tokenizers, added tokens that take white space along.
#   3. Unigram models only (``_between_words``): the pre-tokenizer itself must cut there.
#
# A tokenizer that puts a space before every text would put one before every part. So a part is encoded behind an
# anchor, and the anchor's tokens are dropped:      ids("x" + part)[len(ids("x")):]
# An anchor counts as working if all but one of a few probes (:data:`PROBES`) come out the same cut and uncut.
#
# Results are cached per window, not per place: prompts of one task have few different windows.
#
# Invariant: a doubt means no. A cut that is not made costs time; a wrong one would change scores.

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from enum import IntEnum
from functools import cache
from typing import Any, NamedTuple

Encode = Callable[[list[str]], list[list[int]]]

BEFORE = 4
"""Characters of a window before the cut."""
AFTER = 3
"""Characters of a window after the cut and the white space or special token that follows it."""


class CutKind(IntEnum):
    """What stands on both sides of a cut."""

    FIRST = 0
    """The beginning of a text."""
    BEFORE_LINES = 1
    """A letter, then one or more line ends."""
    AFTER_LINES = 2
    """Line ends, then a letter."""
    BEFORE_SPACE = 3
    """A letter, then one space and a letter."""
    BEFORE_TOKEN = 4
    """A special token follows, written out."""


class Cut(NamedTuple):
    """The text around a place, and its kind: all that decides whether it is safe."""

    before: str
    after: str
    kind: CutKind


ANCHORS: dict[CutKind, tuple[str, ...]] = {
    CutKind.BEFORE_LINES: ("", "x", "1"),
    CutKind.AFTER_LINES: ("", "\n", "x\n"),
    CutKind.BEFORE_SPACE: ("", "x", "1"),
}
"""The texts that are tried as anchors (see :class:`Boundaries`)."""
PROBES: dict[CutKind, tuple[tuple[str, str], ...]] = {
    CutKind.BEFORE_LINES: (("word", "\n\nThe"), ("5", "\n7"), ("e)", "\nThe")),
    CutKind.AFTER_LINES: (("ord\n", "The"), ("rd.\n", "The"), (")\n\n", "The")),
    CutKind.BEFORE_SPACE: (("word", " the"), ("5", " 7"), ("rd.", " The")),
}


def cut_at(text: str, place: int, kind: CutKind, width: int = 1) -> Cut:
    """The window around a place in a text.

    Args:
        text: The text.
        place: Characters before the cut.
        kind: What stands on both sides.
        width: Characters that follow and count as one: white space, or a special token.
    """
    return Cut(text[max(0, place - BEFORE) : place], text[place : place + width + AFTER], kind)


class Boundaries:
    """Answers, for one tokenizer, whether a cut is safe; each question is asked of the tokenizer once.

    Some tokenizers put a space before every text they get. So a part is encoded behind an *anchor*,
    a short text whose tokens are dropped again; per kind of cut the first anchor that works is used.
    """

    def __init__(self, tokenizer: Any, encode: Encode) -> None:
        self._encode = encode
        self._backend = getattr(tokenizer, "backend_tokenizer", None)
        # Unigram adds up scores from the beginning of a word; rounding decides between equal ones.
        self._adds_up = type(getattr(self._backend, "model", None)).__name__ == "Unigram"
        self._answers: dict[Cut, bool] = {}
        self._anchors: dict[CutKind, tuple[str, int] | None] = {CutKind.FIRST: ("", 0), CutKind.BEFORE_TOKEN: ("", 0)}
        added = [] if self._backend is None else list(self._backend.get_added_tokens_decoder().values())
        names = [token.content for token in added]
        self._vocabulary = tokenizer.get_vocab()
        self._added_words = "\x00".join(names)
        self._words = "\x00".join([*self._vocabulary, *names])
        solid = tuple(name for name in names if name.strip())
        self.longest_added = max(map(len, names), default=0)
        self._added, self._ends, self._starts = solid, {name[-1] for name in solid}, {name[0] for name in solid}
        split = getattr(tokenizer, "split_special_tokens", False)
        self.special = [
            token.content
            for token in added
            if token.content.strip()
            and not (token.normalized or token.lstrip or token.single_word or (token.special and split))
        ]
        """Added tokens that are found in a text before all else, and take no space before them along."""
        self._pairs: dict[tuple[str, str], bool] = {}
        self._forms = cache(self._written)

    # -- asking

    def learn(self, cuts: Iterable[Cut]) -> None:
        """Find out about many cuts at once.

        Args:
            cuts: The windows; those that are known already cost nothing.
        """
        new = [cut for cut in set(cuts) if cut not in self._answers]
        self._answers.update(dict.fromkeys(new, False))
        able = [cut for cut in new if self.anchor(cut.kind) is not None and self._stands_free(cut)]
        self._answers.update(zip(able, self._same(able), strict=True))

    def safe(self, cut: Cut) -> bool:
        """Whether a cut is safe.

        Args:
            cut: A window that :meth:`learn` has had before.
        """
        return self._answers[cut]

    def anchor(self, kind: CutKind) -> tuple[str, int] | None:
        """The text to put before a part that begins with such a cut, and its number of tokens."""
        if kind not in self._anchors:
            self._anchors[kind] = self._find_anchor(kind)
        return self._anchors[kind]

    def encode(self, kind: CutKind, texts: Sequence[str]) -> list[list[int]]:
        """The ids of parts that begin with a cut of one kind, without special tokens.

        Args:
            kind: What the parts begin with; decides about the anchor.
            texts: The parts.
        """
        anchor, count = self.anchor(kind) or ("", 0)
        if not anchor:
            return self._encode(list(texts))
        return [ids[count:] for ids in self._encode([anchor + text for text in texts])]

    def touches_token(self, before: str, after: str) -> bool:
        """Whether the text next to a place, white space aside, is an added token (white space next to one is its).

        Args:
            before: Characters before the place, at least as many as the longest added token has.
            after: Characters after it, likewise.
        """
        left, right = before.rstrip(), after.lstrip()
        return (left[-1:] in self._ends and left.endswith(self._added)) or (
            right[:1] in self._starts and right.startswith(self._added)
        )

    # -- responses

    def _find_anchor(self, kind: CutKind) -> tuple[str, int] | None:
        probes = PROBES[kind]
        for anchor in ANCHORS[kind]:
            [alone] = self._encode([anchor])
            self._anchors[kind] = (anchor, len(alone))
            if sum(self._same([Cut(*probe, kind) for probe in probes])) >= len(probes) - 1:
                return anchor, len(alone)
        return None

    def _same(self, cuts: Sequence[Cut]) -> list[bool]:
        """Whether each window comes out the same cut and uncut."""
        wholes = self._encode([cut.before + cut.after for cut in cuts])
        lefts = self._encode([cut.before for cut in cuts])
        rights: list[list[int]] = [[] for _ in cuts]
        for kind in CutKind:
            places = [place for place, cut in enumerate(cuts) if cut.kind is kind]
            for place, ids in zip(places, self.encode(kind, [cuts[place].after for place in places]), strict=True):
                rights[place] = ids
        return [whole == left + right for whole, left, right in zip(wholes, lefts, rights, strict=True)]

    def _stands_free(self, cut: Cut) -> bool:
        """Whether no token reaches across, neither in the text nor behind the anchor."""
        if not cut.after or unicodedata.category(cut.after.lstrip()[:1] or "x").startswith("M"):
            return False
        if cut.kind is CutKind.FIRST or not cut.before:
            return cut.kind is CutKind.FIRST
        if cut.kind is CutKind.BEFORE_TOKEN:
            return cut.before[-1] + cut.after[0] not in self._added_words
        if self._adds_up and not self._between_words(cut):
            return False
        pairs = [(cut.before[-1], cut.after[0])]
        anchor, _ = self.anchor(cut.kind) or ("", 0)
        if anchor:
            pairs.append((anchor[-1], cut.after[0]))
        return all(self._apart(*pair) for pair in pairs)

    def _between_words(self, cut: Cut) -> bool:
        """Whether the cut falls between two words that the tokenizer handles each by itself."""
        backend: Any = self._backend
        splitter, normalizer = backend.pre_tokenizer, backend.normalizer

        def words(text: str) -> list[str]:
            normal = text if normalizer is None else normalizer.normalize_str(text)
            return [word for word, _ in splitter.pre_tokenize_str(normal)]

        return splitter is not None and words(cut.before) + words(cut.after) == words(cut.before + cut.after)

    def _apart(self, left: str, right: str) -> bool:
        """Whether no entry of the vocabulary has these two characters side by side."""
        if (left, right) not in self._pairs:
            forms = [(one, two) for one in self._forms(left) for two in self._forms(right)]
            is_word = any(one[-1] + two[0] in self._words for one, two in forms)
            # Two unknown characters in a row can be one unknown token.
            written = (*self._forms(left), *self._forms(right))
            known = any(all(letter in self._vocabulary for letter in form) for form in written)
            self._pairs[left, right] = bool(forms) and known and not is_word
        return self._pairs[left, right]

    def _written(self, letter: str) -> tuple[str, ...]:
        """How a vocabulary may write a character: as it is, normalised, a space as ▁, or byte by byte."""
        normalizer: Any = None if self._backend is None else self._backend.normalizer
        text = letter
        if normalizer is not None:
            text = normalizer.normalize_str(f"x{letter}x").partition("x")[2].rpartition("x")[0]
            if not text:
                return ()
        as_bytes = "".join(_names_of_bytes()[byte] for byte in letter.encode("utf-8", "surrogatepass"))
        return tuple(dict.fromkeys((letter, text, text.replace(" ", "▁"), as_bytes)))


@cache
def _names_of_bytes() -> tuple[str, ...]:
    """The character by which a byte-level vocabulary names each byte."""
    plain = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(256, 512))
    return tuple(chr(byte) if byte in plain else chr(next(others)) for byte in range(256))
