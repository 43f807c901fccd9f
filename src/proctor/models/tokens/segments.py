"""Ids of many texts by their parts: what several prompts share is encoded once, and put together again.

Texts are cut at blank lines (at all line ends where there are none) and before special tokens;
a context also shortly before its end, so that a continuation is encoded with a few words before
it instead of with the whole prompt. Only safe cuts are made (:mod:`proctor.models.tokens.boundaries`),
and some of the texts are encoded as a whole, too: one difference, and nothing is cut any more.
"""

# How segment encoding works
# --------------------------
# A five-shot prompt shares its shots with all others of its task, and its whole context with the other options of
# its document. Encoding every prompt whole encodes the same text again and again. Three modules encode it once:
#
#   shared_encoding   which texts, which special tokens around them, is it still exact?
#      |
#   segments          where could a text be cut, what are its parts, put the ids together
#      |
#   boundaries        is this cut safe with this tokenizer?
#
#   context    Q: .. A: 4 | \n\nQ: .. A: 7 | \n\nQ: How many legs has a | spider? A:      and " 8", " 6"
#   cut kind     FIRST       BEFORE_LINES      BEFORE_LINES           BEFORE_SPACE: the "stub"
#
#   ids(context)          = before + ids(part 1) + ids(part 2) + ids(part 3) + ids(stub) + after
#   tail(" 8")            = ids(stub + " 8")[len(ids(stub)):]       instead of the same over the whole context
#
# A run of line ends offers two cuts, before and after it; a stub, up to six. Such cuts form a group, and the first
# safe one is made. Parts are the keys of a dictionary for one call: equal parts are one.
#
# What was weighed
#   - Whole encoding only: right by definition, and what is done for short texts and tokenizers that fail a check. Its
#     time grows with the text of all prompts times their options.
#   - A cache of whole texts: contexts with their continuations are nearly all different.
#   - Cutting where the tokenizer's own pre-tokenizer does: not every tokenizer has one, and normalizers and added
#     tokens act before it.
#   - Trusting the vocabulary alone, or a window alone: each misses cases that the other one sees
#     (:mod:`proctor.models.tokens.boundaries`). So both, and some of the run's own texts are compared besides.
#
# Invariant: ids are those of whole encoding, or the text is encoded whole. Where a comparison differs, nothing that was
# put together in that call is used, and that tokenizer's texts are encoded whole from then on.

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from proctor.models.tokens.boundaries import BEFORE, Boundaries, Cut, CutKind, Encode, cut_at

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Ids: TypeAlias = "NDArray[np.int32]"

SHORTEST = 48
"""Characters of a text below which it is not cut."""
LONG_LINES = 1000
"""Characters of a text without blank lines from which it is cut at every line end."""
STUB = (4, 256)
"""Least and most characters between the last cut of a context and its end."""
STUB_PLACES = 3


class Segment(NamedTuple):
    """A part of a text, and the kind of cut it begins with."""

    kind: CutKind
    text: str


class CutPlace(NamedTuple):
    """A possible cut; of those with equal ``group`` in a text only the first safe one is made."""

    at: int
    cut: Cut
    group: int


class SegmentEncoder:
    """Cuts texts and keeps the ids of parts for one call; special tokens are not its affair."""

    def __init__(self, tokenizer: Any, encode: Encode) -> None:
        self.boundaries = Boundaries(tokenizer, encode)
        self._reach = self.boundaries.longest_added + BEFORE

    def split(self, texts: Sequence[str], *, stubs: bool) -> list[tuple[Segment, ...]]:
        """The parts of each text, one part where nothing is cut.

        Args:
            texts: Texts, whose cuts are judged together.
            stubs: Cut shortly before the end as well, for continuations.
        """
        special = self._special_in(texts)
        places = [self._places(text, special, stubs) for text in texts]
        self.boundaries.learn(place.cut for places_of_text in places for place in places_of_text)
        return [self._parts(text, places_of_text) for text, places_of_text in zip(texts, places, strict=True)]

    def encode(self, parts: Iterable[Segment]) -> dict[Segment, list[int]]:
        """The ids of parts, without special tokens, each part once.

        Args:
            parts: Parts of any texts.
        """
        kinds: dict[CutKind, dict[Segment, None]] = {}
        for part in parts:
            kinds.setdefault(part.kind, {})[part] = None
        ids: dict[Segment, list[int]] = {}
        for kind, members in kinds.items():
            ids.update(zip(members, self.boundaries.encode(kind, [part.text for part in members]), strict=True))
        return ids

    def join(self, texts: Sequence[Sequence[Segment]], before: Sequence[int], after: Sequence[int]) -> list[Ids]:
        """The ids of texts from their parts.

        Args:
            texts: The parts of each text.
            before: Ids of the special tokens before a text.
            after: Ids of those after it.

        Returns:
            Per text an array of shape (tokens,).
        """
        import numpy as np

        encoded = self.encode({part: None for parts in texts for part in parts})
        arrays = {part: np.array(ids, dtype=np.int32) for part, ids in encoded.items()}
        first, last = np.array(before, dtype=np.int32), np.array(after, dtype=np.int32)
        return [np.concatenate([first, *map(arrays.__getitem__, parts), last]) for parts in texts]

    def tails(self, pairs: Sequence[tuple[Segment, str]], after: Sequence[int]) -> dict[tuple[Segment, str], list[int]]:
        """What each continuation adds to the ids of the part before it: lm-eval's slice of the whole.

        Args:
            pairs: The last part of a context, and a continuation.
            after: Ids of the special tokens after a text.
        """
        wholes = {pair: Segment(pair[0].kind, pair[0].text + pair[1]) for pair in pairs}
        ids = self.encode([*(part for part, _ in wholes), *wholes.values()])
        ending = list(after)
        return {pair: (ids[whole] + ending)[len(ids[pair[0]]) + len(ending) :] for pair, whole in wholes.items()}

    # -- finding places

    def _special_in(self, texts: Sequence[str]) -> list[str]:
        """Special tokens written out in the texts, as a chat template does; looked for in some of them."""
        some = texts[:: max(1, len(texts) // 16)]
        return [name for name in self.boundaries.special if any(name in text for text in some)]

    def _places(self, text: str, special: Sequence[str], stubs: bool) -> list[CutPlace]:
        if len(text) < SHORTEST:
            return []
        cuts: list[CutPlace] = []
        if "\n\n" in text:
            cuts.extend(self._lines(text, "\n\n"))
        elif len(text) > LONG_LINES:
            cuts.extend(self._lines(text, "\n"))
        for name in special:
            at = text.find(name, 1)
            while at > 0:
                cuts.append(CutPlace(at, cut_at(text, at, CutKind.BEFORE_TOKEN, len(name)), at))
                at = text.find(name, at + len(name))
        if stubs:
            cuts.extend(self._stub(text))
        return cuts

    def _lines(self, text: str, separator: str) -> Iterator[CutPlace]:
        at = text.find(separator)
        while at >= 0:
            end = at + len(separator)
            while text[end : end + 1] == "\n":
                end += 1
            yield from self._line_ends(text, at, end)
            at = text.find(separator, end)

    def _line_ends(self, text: str, start: int, end: int, group: int | None = None) -> Iterator[CutPlace]:
        """The places before and after a run of line ends, where both neighbours are no white space."""
        if not self._between(text, start, end):
            return
        group = start if group is None else group
        yield CutPlace(start, cut_at(text, start, CutKind.BEFORE_LINES, end - start), group)
        yield CutPlace(end, cut_at(text, end, CutKind.AFTER_LINES), group)

    def _between(self, text: str, start: int, end: int) -> bool:
        """Whether white space stands between two other characters, and not next to an added token."""
        if start == 0 or end >= len(text) or text[start - 1].isspace() or text[end].isspace():
            return False
        before, after = text[max(0, start - self._reach) : start], text[end : end + self._reach]
        return not self.boundaries.touches_token(before, after)

    def _stub(self, text: str) -> Iterator[CutPlace]:
        """A few places shortly before the end, the last one first; they are one group."""
        least, most = STUB
        stop, first, count = len(text) - least, max(1, len(text) - most), 0
        while count < STUB_PLACES:
            end = max(text.rfind(" ", first, stop), text.rfind("\n", first, stop)) + 1
            if not end:
                return
            start = end - 1
            while start and text[start - 1] == text[end - 1] == "\n":
                start -= 1
            if text[end - 1] == "\n":
                yield from self._line_ends(text, start, end, -1)
            elif self._between(text, start, end):
                yield CutPlace(start, cut_at(text, start, CutKind.BEFORE_SPACE), -1)
            stop, count = start, count + 1

    def _parts(self, text: str, places: Sequence[CutPlace]) -> tuple[Segment, ...]:
        made: dict[int, CutKind] = {}
        groups: set[int] = set()
        for place in places:
            if place.group not in groups and self.boundaries.safe(place.cut):
                groups.add(place.group)
                made[place.at] = place.cut.kind
        parts: list[Segment] = []
        kind, begin = CutKind.FIRST, 0
        for at in sorted(made):
            # A window was looked at as if nothing were cut within it.
            if at - begin >= BEFORE:
                parts.append(Segment(kind, text[begin:at]))
                kind, begin = made[at], at
        return (*parts, Segment(kind, text[begin:]))
