"""Hidden rows of several passes that go through the output head together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

from proctor.models.hf.device import is_processor
from proctor.models.hf.transfers import Transfer
from proctor.models.prefix.ids import Ids
from proctor.models.prefix.packs import Pack
from proctor.models.prefix.rows import Row

CACHE_BYTES = 1 << 20
"""A block of logits of this size stays in the second-level cache of a processor core."""


@dataclass(slots=True)
class HeadQueue:
    """Hidden rows that wait for the output head, and which log-probabilities are read from each.

    ``at``, ``tokens`` and ``slots`` have an entry per log-probability: several may be read from one row (the first
    tokens of the options of a document).
    """

    hidden: list[torch.Tensor] = field(default_factory=list)  # per pass, shape (rows of the pass, size)
    rows: int = 0  # of all passes
    at: list[int] = field(default_factory=list)  # the row that is read, counted over all passes
    tokens: list[int] = field(default_factory=list)  # the token whose log-probability is read
    # Where it goes: the input, and either the index of a position that all continuations of the input share, or
    # -1 - the index of the continuation that ends there.
    slots: list[tuple[int, int]] = field(default_factory=list)
    done: list[int] = field(default_factory=list)  # inputs that have all of their rows

    def add_needs(self, pack: Pack, inputs: Sequence[Ids], rows: Sequence[Row]) -> list[int]:
        """Note what is read from the rows of a pass.

        Args:
            pack: The pass.
            inputs: Token ids by input, each of shape (tokens,).
            rows: By input, the continuations that it scores.

        Returns:
            The places in the pass whose hidden rows are needed, each once.
        """
        places: dict[int, int] = {}
        for need in pack.needs:
            row, tokens = rows[need.input], inputs[need.input]
            offset = len(tokens) - row.lead.count
            for position in range(need.first, need.stop):
                at = self.rows + places.setdefault(need.start + position - need.first, len(places))
                if position < len(tokens) - 1:
                    self._add(at, int(tokens[position + 1]), (need.input, position - offset))
                else:
                    # The last token of a continuation predicts nothing and is no part of an input: all
                    # continuations that differ in it alone are read from this row.
                    for place, span in enumerate(row.spans):
                        self._add(at, int(span.scored[-1]), (need.input, -place - 1))
        self.done.extend(pack.done)
        return list(places)

    def _add(self, at: int, token: int, slot: tuple[int, int]) -> None:
        self.at.append(at)
        self.tokens.append(token)
        self.slots.append(slot)


@dataclass(frozen=True, slots=True)
class HeadValues:
    """Log-probabilities and likeliest tokens, on their way from the device."""

    transfer: Transfer  # log-probabilities of shape (entries,), likeliest tokens of shape (rows,)
    order: torch.Tensor | None = None  # per log-probability, which entry it belongs to; None: they are in order

    def read(self) -> tuple[torch.Tensor, list[int]]:
        """Wait for them.

        Returns:
            Nats per entry, in the softmax's dtype, on the CPU; and one token id per row.
        """
        values, likeliest = self.transfer.wait()
        if self.order is not None:
            ordered = torch.empty_like(values)
            ordered[self.order] = values
            values = ordered
        return values, likeliest.tolist()


def fits_in_cache(logits: torch.Tensor, softmax_dtype: torch.dtype | None) -> bool:
    """Whether :func:`gather_in_cache` gives the same numbers: float32 on a CPU.

    Args:
        logits: Shape (rows, vocabulary).
        softmax_dtype: What the softmax is computed in; None: in the dtype of the logits.
    """
    return is_processor(logits.device) and logits.dtype == torch.float32 and softmax_dtype in (None, torch.float32)


def gather_in_cache(logits: torch.Tensor, at: list[int], tokens: list[int]) -> HeadValues:
    """What :meth:`RowScorer.gather` gives, in blocks that stay in the processor's cache.

    A softmax over the whole vocabulary for the log-probabilities of a few tokens reads and writes the logits three
    times. Here a block is subtracted, exponentiated and summed while it is in the cache, in one buffer for all.

    Args:
        logits: Shape (rows, vocabulary), float32 on a CPU.
        at: The rows that are read.
        tokens: The token that is read of each.

    Returns:
        A log-probability per entry of ``at``, and the likeliest token of each row, -1 where no entry's token is it.
    """
    rows, wanted = torch.tensor((at, tokens), dtype=torch.long)
    highest = logits.amax(dim=-1)
    chosen = logits[rows, wanted]
    sums = torch.empty(len(logits))
    step = max(1, CACHE_BYTES // (4 * logits.shape[1]))
    block = torch.empty((step, logits.shape[1]))
    for start in range(0, len(logits), step):
        part = logits[start : start + step]
        room = block[: len(part)]
        torch.sub(part, highest[start : start + step, None], out=room)
        sums[start : start + step] = room.exp_().sum(dim=-1)
    likeliest = _likeliest(logits, highest, rows[chosen == highest[rows]], wanted[chosen == highest[rows]])
    return HeadValues(Transfer((chosen - highest[rows]) - sums.log()[rows], likeliest))


def _likeliest(logits: torch.Tensor, highest: torch.Tensor, rows: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
    """The likeliest token of each row, if it is one of ``tokens``, which have the highest logit of their rows; else -1.

    To find where the highest number of a row stands takes three times as long as to find the number. So only the
    tokens that have it are looked at, for others before them: of equals the first is the likeliest.
    """
    likeliest = torch.full((len(logits),), -1)
    for row, token in zip(rows.tolist(), tokens.tolist(), strict=True):
        if not token or logits[row, :token].amax() < highest[row]:
            likeliest[row] = token
    return likeliest
