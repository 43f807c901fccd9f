"""Whether a model knows the tokens that its tokenizer makes: the embedding must have a row for each of them.

A tokenizer with tokens added after training (or one of another model) has more entries than the embedding has
rows. That harms nobody until a prompt holds such a token: then torch ends in an IndexError, on a GPU with the
whole process. So a request is looked at before its batch is, and only where the two sizes allow it to fail.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from proctor.errors import RequestError
from proctor.models.prefix.rows import Span


class Vocabulary:
    """The tokens that a module takes. ``rows``: how many; None where that cannot be known, or is enough."""

    def __init__(self, module: Any, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        sizes = [_rows(module, name) for name in ("get_input_embeddings", "get_output_embeddings")]
        known = [size for size in sizes if size is not None]
        self._entries = _entries(tokenizer)
        self.rows = min(known) if known and min(known) < self._entries else None

    def check_spans(self, spans: Iterable[Span], requests: Sequence[int]) -> None:
        """Raise :class:`RequestError` for the first span with a token of no row; ``requests``: by owner."""
        if self.rows is not None:
            for span in spans:
                self._check(max(span.context.max(initial=0), span.scored.max(initial=0)), requests[span.owner])

    def check_prompts(self, prompts: Iterable[tuple[int, Sequence[int]]]) -> None:
        """The same for (request, token ids)."""
        if self.rows is not None:
            for request, ids in prompts:
                self._check(max(ids, default=0), request)

    def pad(self) -> int | None:
        """The token that fills up rows: the tokenizer's, or where the model does not know that one, the end of text."""
        pad, end = self._tokenizer.pad_token_id, self._tokenizer.eos_token_id
        if self.rows is None or pad is None or pad < self.rows:
            return pad
        return end if end is not None and end < self.rows else 0

    def _check(self, highest: int, request: int) -> None:
        assert self.rows is not None
        if highest >= self.rows:
            text = self._tokenizer.decode([int(highest)])
            raise RequestError(
                request,
                f"it has the token {text!r} ({int(highest)}), which the model does not know: its embedding has "
                f"{self.rows} rows, its tokenizer {self._entries} entries.",
                hint="The two do not belong together: check tokenizer= and pretrained= in --model_args, "
                "or resize the model's embedding.",
            )


def _rows(module: Any, getter: str) -> int | None:
    """The number of rows of an embedding or output head."""
    try:
        layer = getattr(module, getter)()
    except (AttributeError, NotImplementedError):
        return None
    for name in ("num_embeddings", "out_features"):
        size = getattr(layer, name, None)
        if isinstance(size, int) and size > 0:
            return size
    return None


def _entries(tokenizer: Any) -> int:
    """One more than the highest id, or the length of a tokenizer that does not tell its ids."""
    try:
        return max(tokenizer.get_vocab().values(), default=-1) + 1
    except (AttributeError, NotImplementedError, TypeError):
        return len(tokenizer) if hasattr(tokenizer, "__len__") else 0
