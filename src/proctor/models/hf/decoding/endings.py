"""Where a generated text ends, and why: stop strings in transformers' search, and the reason that is reported.

A row ends at a stop string, at an end-of-text token, or at its number of tokens. Which of them it was is read off its
new tokens afterwards, by the same rules for both ways of decoding, and not handed up by each: transformers' search
does not say it. A text that stops with the last token that it may have has stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import torch
from transformers import StoppingCriteria

from proctor.models.generation import cut_at_stops
from proctor.models.hf.decoding.decode import StopRule, StopWatcher
from proctor.types import Finish


class StopStrings(StoppingCriteria):
    """Finishes a row whose latest tokens, special ones included, spell a stop string."""

    def __init__(self, tokenizer: Any, stops: Sequence[str], skip: int, rows: int) -> None:
        self.watch = StopWatcher(tokenizer, stops)
        self.skip = skip
        self.done = [False] * rows

    def __call__(self, input_ids: Any, scores: Any, **kwargs: Any) -> Any:
        """One flag per row."""
        new = input_ids[:, self.skip :][:, -self.watch.lookback :]
        waiting = [row for row, done in enumerate(self.done) if not done]
        if waiting and new.shape[1]:
            for row, done in zip(waiting, self.watch(new[waiting].tolist()), strict=True):
                self.done[row] = done
        return torch.tensor(self.done, device=input_ids.device, dtype=torch.bool)


class StopTogether(StoppingCriteria):
    """One stop string under beam search, where rows change places."""

    def __init__(self, tokenizer: Any, stop: str, skip: int, rows: int) -> None:
        self.tokenizer = tokenizer
        self.stop = stop
        self.lookback = len(tokenizer.encode(stop, add_special_tokens=False)) + 2
        self.skip = skip
        self.done = [False] * rows

    def __call__(self, input_ids: Any, scores: Any, **kwargs: Any) -> Any:
        """The same flag for all candidates."""
        # lm-eval: only as many candidates as there are prompts are looked at, and once is for ever.
        new = input_ids[: len(self.done), self.skip :][:, -self.lookback :]
        for row, text in enumerate(self.tokenizer.batch_decode(new)):
            self.done[row] = self.done[row] or self.stop in text
        return torch.full((len(input_ids),), all(self.done), device=input_ids.device, dtype=torch.bool)


def finish_reason(new: Sequence[int], ending: StopRule, decode: Callable[[list[int]], str], most: int) -> Finish | None:
    """Why a text ended.

    Args:
        new: Its tokens, the last one included.
        ending: When it was to end.
        decode: From tokens to text, special tokens left out.
        most: How many tokens it may have.

    Returns:
        None for an end that neither its tokens nor their number explain: a time limit among the extra arguments.
    """
    if new and (new[-1] in ending.eos or ending.watch([new])[0]):
        return "stop"
    text = decode(list(new))
    # A stop string may have come in pieces that are spelled otherwise with special tokens between them.
    if cut_at_stops(text, ending.watch.stops) != text:
        return "stop"
    return "length" if len(new) >= most else None


def without_padding(row: Sequence[int], eos: Collection[int], pad: int | None) -> list[int]:
    """The tokens that a row had before transformers padded it to the length of its batch.

    Args:
        row: New tokens of one row of a batch.
        eos: Tokens that end a text; the first of them is the row's last.
        pad: What rows are padded with.
    """
    for place, token in enumerate(row):
        if token in eos:
            return list(row[: place + 1])
    end = len(row)
    while end and row[end - 1] == pad:
        end -= 1
    return list(row[:end])
