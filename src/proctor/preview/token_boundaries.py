"""Where a prompt ends and an answer begins, in tokens: what a model reads there, and whether it fits.

Scores of two harnesses differ most often because of a space at this boundary, which text does not show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from proctor.models.generation import GenerationPlan
from proctor.models.tokens.tokenizer import Tokens

SHOWN = 3


@dataclass(frozen=True, slots=True)
class TokenText:
    """One token: the text it stands for (or its name, where it is part of a letter) and its id."""

    text: str
    id: int

    def __str__(self) -> str:
        return f"{self.text!r} {self.id}"


@dataclass(frozen=True, slots=True)
class TokenBoundary:
    """A context and one continuation. ``cut``: tokens of the context that the model cannot take.

    ``before`` and ``after``: the last tokens of the context, the first of the continuation.
    ``merges``: tokenising both at once would give other tokens at the boundary.
    """

    context: int
    continuation: int
    before: tuple[TokenText, ...]
    after: tuple[TokenText, ...]
    cut: int
    merges: bool


@dataclass(frozen=True, slots=True)
class PromptLength:
    """A prompt to generate after: its length, the most that is taken, and its last tokens."""

    prompt: int
    room: int
    before: tuple[TokenText, ...]

    @property
    def cut(self) -> int:
        """Tokens of the prompt that the model cannot take."""
        return max(0, self.prompt - max(self.room, 0))


def token_boundaries(tokens: Tokens, context: str, continuations: Sequence[str]) -> list[TokenBoundary]:
    """The token boundary of every continuation of one context.

    Args:
        tokens: The model's tokenizer.
        context: The prompt.
        continuations: Its continuations.
    """
    pairs = tokens.encode_pairs([(context, continuation) for continuation in continuations])
    return [
        TokenBoundary(
            context=len(before),
            continuation=len(after),
            before=pieces(tokens, before[-SHOWN:]),
            after=pieces(tokens, after[:SHOWN]),
            cut=_cut(tokens, len(before), len(after)),
            merges=_merges(tokens, context, continuation, before),
        )
        for (before, after), continuation in zip(pairs, continuations, strict=True)
    ]


def fit(tokens: Tokens, prompt: str, generation: GenerationPlan) -> PromptLength:
    """How a prompt fits with what may be generated after it.

    Args:
        tokens: The model's tokenizer.
        prompt: The prompt.
        generation: How much may be generated.
    """
    [ids] = tokens.encode_prompts([prompt])
    room = tokens.max_length - (generation.max_tokens if tokens.backend == "causal" else 0)
    return PromptLength(len(ids), room, pieces(tokens, ids[-SHOWN:]))


def pieces(tokens: Tokens, ids: Sequence[int]) -> tuple[TokenText, ...]:
    """Each token by itself, as text.

    Args:
        tokens: The model's tokenizer.
        ids: Token ids.
    """
    names = tokens.tokenizer.convert_ids_to_tokens(list(ids))
    return tuple(TokenText(_text(tokens, name, one), one) for name, one in zip(names, ids, strict=True))


def _text(tokens: Tokens, name: str, one: int) -> str:
    text = tokens.decode([one], skip_special=False)
    # Part of a letter: Korean and emoji are often several tokens, each of which decodes to the replacement character.
    if "\ufffd" in text:
        return _by_bytes(name)
    # SentencePiece drops the space of a token that stands alone.
    return f" {text}" if name.startswith("▁") and not text.startswith(" ") else text


@cache
def _byte_of() -> dict[str, int]:
    """The letter by which a byte-level vocabulary names each byte: itself if printable, else one from 256 on."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in set(plain)]
    return {chr(byte): byte for byte in plain} | {chr(256 + rank): byte for rank, byte in enumerate(others)}


def _by_bytes(name: str) -> str:
    """A token that ends or begins within a letter: what is whole of it, and ``<0xEB>`` for each other byte."""
    if not all(letter in _byte_of() for letter in name):
        return name
    text = bytes(_byte_of()[letter] for letter in name).decode("utf-8", "surrogateescape")
    return "".join(f"<0x{ord(one) - 0xDC00:02X}>" if 0xDC80 <= ord(one) <= 0xDCFF else one for one in text)


def _cut(tokens: Tokens, context: int, continuation: int) -> int:
    if tokens.backend == "seq2seq":
        return max(0, context - tokens.scored_length)
    # The last token is only scored, never read.
    return max(0, context + continuation - (tokens.scored_length + 1))


def _merges(tokens: Tokens, context: str, continuation: str, before: Sequence[int]) -> bool:
    if tokens.backend == "seq2seq" or not context:
        return False
    whole = tokens.encode(context + continuation)
    return whole[: len(before)] != list(before)
