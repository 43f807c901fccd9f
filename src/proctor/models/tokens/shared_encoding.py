"""Encodes a run's texts by what they share, and gives that up at the first sign that it is not exact.

The outer side of :mod:`proctor.models.tokens.segments`: special tokens around a text, which texts are
worth cutting, and the comparison with whole encoding on some of the run's own texts.
"""

# What is checked, and when it ends
# ---------------------------------
#     texts --> worth it?  --> special tokens  --> parts --> ids --> one in VERIFIED encoded whole: equal? --> ids
#                 | no            | not found                            | no
#                 '---------------'------------------> whole             '--> given_up: whole, from now on
#
# - Worth it: from :data:`WORTH_CUTTING` characters on; below, looking for parts takes longer than it saves.
# - Special tokens: parts are encoded without any. What the tokenizer puts around a text is learnt from two short
#   ones, encoded with and without; if the inner ids are not found exactly once, nothing is cut.
# - A tokenizer that merges at random (BPE dropout), or that is not of the ``tokenizers`` library, is never cut.
# - The comparison is on texts of this run, not on a test text: what they hold is what matters. It is a sample, so it
#   guards against a tokenizer for which the rules of :mod:`proctor.models.tokens.boundaries` are wrong as such; that a
#   single cut is safe is for those rules to say.
#
# Invariant: ids that leave this module are whole encoding's, as far as the rules and the sample can tell; None, or a
# context left out, means that the caller encodes whole.

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from proctor.garbage import collection_paused
from proctor.models.tokens.segments import Ids, SegmentEncoder

log = logging.getLogger("proctor")

Flag = bool | None
"""Whether special tokens are added; None: the tokenizer's own habit."""
Whole = Callable[[Sequence[str], Flag], Mapping[str, list[int]]]

WORTH_CUTTING = 20_000
"""Characters of texts from which on it pays to look for what they share."""
VERIFIED = 64
"""Of so many texts that were put together, one is encoded as a whole as well, and compared."""
CHUNK = 1024


class SharedEncoding:
    """One tokenizer's texts by parts. ``whole`` encodes texts the plain way."""

    def __init__(self, tokenizer: Any, whole: Whole) -> None:
        self._tokenizer = tokenizer
        self._whole = whole
        self._joined: SegmentEncoder | None = None
        self._frames: dict[Flag, tuple[list[int], list[int]] | None] = {}
        self.given_up = not _can_be_cut(tokenizer)

    def texts(self, texts: Sequence[str], flag: Flag) -> list[Ids] | None:
        """The ids of texts, by parts.

        Args:
            texts: Texts that take special tokens alike.
            flag: Whether these are added; None: the tokenizer's own habit.

        Returns:
            Per text an array of shape (tokens,); None where they are to be encoded whole.
        """
        with collection_paused():
            return self._texts(texts, flag)

    def _texts(self, texts: Sequence[str], flag: Flag) -> list[Ids] | None:
        frame = self._begin(texts, flag)
        if frame is None or self._joined is None:
            return None
        parts = self._joined.split(texts, stubs=False)
        if all(len(some) == 1 for some in parts):
            return None
        ids = self._joined.join(parts, *frame)
        sample = [place for place, some in enumerate(parts) if len(some) > 1][::VERIFIED]
        wholes = self._whole([texts[place] for place in sample], flag)
        if all(ids[place].tolist() == wholes[texts[place]] for place in sample):
            return ids
        return self._give_up()

    def contexts(
        self, contexts: Mapping[str, Sequence[str]], flag: Flag, flag_of: Callable[[str], Flag]
    ) -> dict[str, tuple[Ids, dict[str, list[int]]]]:
        """The ids of contexts, and of what each of their continuations adds to the whole.

        Args:
            contexts: The continuations of each context.
            flag: Whether special tokens are added to the contexts; None: the tokenizer's own habit.
            flag_of: The same for a whole text, context and continuation.

        Returns:
            By context its array of shape (tokens,), and the ids of each continuation. A context that is missing is to
            be encoded whole.
        """
        with collection_paused():
            return self._contexts(contexts, flag, flag_of)

    def _contexts(
        self, contexts: Mapping[str, Sequence[str]], flag: Flag, flag_of: Callable[[str], Flag]
    ) -> dict[str, tuple[Ids, dict[str, list[int]]]]:
        texts = list(contexts)
        frame = self._begin(texts, flag)
        if frame is None or self._joined is None:
            return {}
        parts = self._joined.split(texts, stubs=True)
        cut = [place for place, some in enumerate(parts) if len(some) > 1]
        ids = self._joined.join([parts[place] for place in cut], *frame)
        pairs = [(parts[place][-1], text) for place in cut for text in contexts[texts[place]]]
        tails = self._joined.tails(list(dict.fromkeys(pairs)), frame[1])
        encoded = {
            texts[place]: (row, {text: tails[parts[place][-1], text] for text in contexts[texts[place]]})
            for place, row in zip(cut, ids, strict=True)
        }
        return encoded if self._holds(encoded, flag, flag_of) else self._give_up() or {}

    def _holds(
        self, contexts: Mapping[str, tuple[Ids, Mapping[str, list[int]]]], flag: Flag, flag_of: Callable[[str], Flag]
    ) -> bool:
        """Whether some of the contexts, each with one continuation, are what whole encoding gives."""
        for number, context in enumerate(list(contexts)[::VERIFIED]):
            ids, tails = contexts[context]
            [before] = self._whole([context], flag).values()
            if ids.tolist() != before:
                return False
            if tails:
                text = list(tails)[number % len(tails)]
                [both] = self._whole([context + text], flag_of(context + text)).values()
                if tails[text] != both[len(before) :]:
                    return False
        return True

    def _begin(self, texts: Sequence[str], flag: Flag) -> tuple[list[int], list[int]] | None:
        """The special tokens before and after a text; None where nothing is to be cut."""
        if self.given_up or sum(map(len, texts)) < WORTH_CUTTING:
            return None
        if self._joined is None:
            self._joined = SegmentEncoder(self._tokenizer, self._encode)
        if flag not in self._frames:
            self._frames[flag] = self._find_frame(flag)
        return self._frames[flag]

    def _find_frame(self, flag: Flag) -> tuple[list[int], list[int]] | None:
        for text in ("x", "the"):
            [inner], [whole] = self._encode([text]), self._whole([text], flag).values()
            starts = [start for start in range(len(whole)) if whole[start : start + len(inner)] == inner]
            if not inner or len(starts) != 1:
                return None
            frame = whole[: starts[0]], whole[starts[0] + len(inner) :]
        return frame

    def _encode(self, texts: list[str]) -> list[list[int]]:
        """Ids without special tokens."""
        backend = self._tokenizer.backend_tokenizer
        backend.encode_special_tokens = getattr(self._tokenizer, "split_special_tokens", False)
        if backend.truncation is not None:
            backend.no_truncation()
        if backend.padding is not None:
            backend.no_padding()
        ids: list[list[int]] = []
        for start in range(0, len(texts), CHUNK):
            encoded = backend.encode_batch_fast(texts[start : start + CHUNK], add_special_tokens=False)
            ids.extend(one.ids for one in encoded)
        return ids

    def _give_up(self) -> None:
        self.given_up = True
        log.warning(
            "The tokenizer %s gives other tokens for the parts of a prompt than for the whole: "
            "every prompt is encoded as a whole, which takes longer.",
            getattr(self._tokenizer, "name_or_path", ""),
        )


def _can_be_cut(tokenizer: Any) -> bool:
    """Whether the tokenizer is one of the library whose parts are known, and does not draw lots."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None or not hasattr(backend, "encode_batch_fast"):
        return False
    return not getattr(backend.model, "dropout", None)
