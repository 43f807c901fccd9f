"""Log-likelihoods by plain rows: forward each input once, apply the head to the rows that count.

The output head gets only the needed positions, through a pre-hook: what a model does to its
logits afterwards (soft caps, scales, biases) stays its own affair. The softmax is taken in
the logits' dtype unless told otherwise, and summed in it, which is how lm-eval's numbers in
reduced precision come about.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch

from proctor.models.hf.device import autocast, is_out_of_memory
from proctor.models.hf.encoder import Encoder, agree, padded
from proctor.models.hf.scoring.head_queue import HeadValues
from proctor.models.hf.transfers import Transfer, send, send_ids
from proctor.models.prefix.rows import Row, Span
from proctor.models.tokens.windows import last_tokens, scored_input

log = logging.getLogger("proctor")

SOFTMAX_BYTES = 256 << 20


class SpanScore(NamedTuple):
    """One span's result."""

    owner: int
    logprob: float
    greedy: bool


@dataclass(slots=True)
class LogitPositions:
    """Which positions of a padded batch need logits: parallel lists of row and column."""

    rows: list[int]
    columns: list[int]
    width: int

    def add(self, row: int, stop: int, count: int) -> None:
        """Ask for the positions that end before ``stop``.

        Args:
            row: The row of the batch.
            stop: The column after the last of them.
            count: How many.
        """
        self.rows.extend([row] * count)
        self.columns.extend(range(stop - count, stop))

    def take(self, block: torch.Tensor) -> torch.Tensor:
        """The needed rows of a block, shape (positions, size).

        Args:
            block: Hidden rows or logits, shape (batch, length, size). It is longer than the input where a prompt-tuning
                adapter has put virtual tokens in front.
        """
        shift = block.shape[1] - self.width
        row, column = send_ids((self.rows, self.columns), block.device)
        return block[row, column + shift]


class RowScorer:
    """Scores rows with a module: one call is one batch."""

    def __init__(
        self,
        module: Any,
        device: torch.device,
        *,
        backend: str,
        max_length: int,
        softmax_dtype: torch.dtype | None = None,
        autocast: torch.dtype | None = None,
        encode_once: bool = True,
        from_first: bool = False,
    ) -> None:
        self.module = module
        self.device = device
        self.backend = backend
        self.max_length = max_length
        self.softmax_dtype = softmax_dtype
        self.autocast = autocast
        self.from_first = from_first
        self._shift = getattr(module, "prepare_decoder_input_ids_from_labels", None)
        # Without it labels must do, and they make the module compute a loss over all positions.
        all_rows = backend == "seq2seq" and self._shift is None
        self.head = None if all_rows else _output_head(module)
        self.head_on_needed_rows: bool | None = None
        self._options: dict[str, Any] = {"use_cache": False}
        self.encoder = Encoder(module, device) if backend == "seq2seq" and encode_once else None
        self._encoder_checked = False

    def __call__(self, rows: Sequence[Row]) -> list[SpanScore]:
        """The results of all spans of these rows."""
        needed, inputs = self._encoder_batch(rows) if self.backend == "seq2seq" else self._causal_batch(rows)
        logits = self._logits(needed, inputs)
        spans: list[tuple[Span, int]] = []
        at: list[int] = []
        tokens: list[int] = []
        end = 0
        for row in rows:
            end += row.lead.count
            for span in row.spans:
                # A shorter continuation stands at the end of the longest one's positions.
                spans.append((span, end - span.count))
                # lm-eval: its log-probabilities, unlike its greedy flag, are read from the first of them.
                first = end - (row.lead.count if self.from_first else span.count)
                at.extend(range(first, first + span.count))
                tokens.extend(span.scored.tolist())
        logprobs, likeliest = self.gather(logits, at, tokens).read()
        return _sum_spans(spans, logprobs, likeliest)

    def logits_of(self, row: Row) -> torch.Tensor:
        """The logits at the positions of a row's scored tokens, shape (tokens, vocabulary); of a causal model.

        Args:
            row: The row.
        """
        return self._logits(*self._causal_batch([row]))

    @property
    def encoder_facts(self) -> dict[str, Any]:
        """How often the encoder ran; nothing where there is none, or where nothing was scored."""
        return self.encoder.facts if self.encoder is not None and self._encoder_checked else {}

    def width(self, row: Row) -> int:
        """The input length of a row after truncation, in tokens.

        Args:
            row: The row.
        """
        if self.backend == "seq2seq":
            return min(len(row.lead.context), self.max_length) + row.lead.count
        return min(len(row.lead.tokens) - 1, self.max_length)

    def _causal_batch(self, rows: Sequence[Row]) -> tuple[LogitPositions, dict[str, Any]]:
        # The last token predicts nothing; what is too long loses its beginning.
        inputs = [torch.from_numpy(scored_input(row.lead.tokens, self.max_length).astype("int64")) for row in rows]
        # lm-eval: padded on the right with id 0 and no attention mask.
        ids = send(torch.nn.utils.rnn.pad_sequence(inputs, batch_first=True), self.device)
        needed = LogitPositions([], [], ids.shape[1])
        for number, (row, tokens) in enumerate(zip(rows, inputs, strict=True)):
            needed.add(number, len(tokens), row.lead.count)
        return needed, {"input_ids": ids}

    def _encoder_batch(self, rows: Sequence[Row]) -> tuple[LogitPositions, dict[str, Any]]:
        contexts = [torch.from_numpy(last_tokens(row.lead.context, self.max_length).astype("int64")) for row in rows]
        labels = [torch.from_numpy(row.lead.scored.astype("int64")) for row in rows]
        block = send(torch.nn.utils.rnn.pad_sequence(labels, batch_first=True), self.device)
        needed = LogitPositions([], [], block.shape[1])
        for number, row in enumerate(rows):
            needed.add(number, row.lead.count, row.lead.count)
        decoder = {"labels": block} if self._shift is None else {"decoder_input_ids": self._shift(labels=block)}
        if self.encoder is not None and not self._encoder_checked:
            self._check_encoder(contexts, decoder, needed)
        return needed, {**self._encode(contexts), **decoder}

    def _encode(self, contexts: Sequence[torch.Tensor]) -> dict[str, Any]:
        if self.encoder is None:
            return padded(contexts, self.device)
        with torch.no_grad(), autocast(self.device, self.autocast):
            return self.encoder(contexts)

    def _check_encoder(self, contexts: Sequence[torch.Tensor], decoder: dict[str, Any], needed: LogitPositions) -> None:
        """At the first batch: the encoder by itself must lead to the logits of the model as a whole."""
        plain = self._logits(needed, {**padded(contexts, self.device), **decoder})
        try:
            why = None if agree(self._logits(needed, {**self._encode(contexts), **decoder}), plain) else "other logits"
        except (AttributeError, KeyError, NotImplementedError, RuntimeError, TypeError, ValueError) as error:
            if is_out_of_memory(error):
                raise
            why = type(error).__name__
        self._encoder_checked = True
        if why is not None:
            log.warning("The encoder of this model does not run by itself (%s): it runs once a choice.", why)
            self.encoder = None

    def _logits(self, needed: LogitPositions, inputs: dict[str, Any]) -> torch.Tensor:
        applied = False

        def select(_: Any, args: tuple[Any, ...]) -> tuple[Any, ...] | None:
            nonlocal applied
            hidden = args[0] if args else None
            if not isinstance(hidden, torch.Tensor) or hidden.dim() != 3 or hidden.shape[1] < needed.width:
                return None
            applied = True
            return (needed.take(hidden).unsqueeze(0), *args[1:])

        handle = self.head.register_forward_pre_hook(select) if self.head is not None else contextlib.nullcontext()
        with handle, torch.no_grad(), autocast(self.device, self.autocast):
            logits = self.forward(inputs).logits
        self.head_on_needed_rows = applied
        return logits.reshape(-1, logits.shape[-1]) if applied else needed.take(logits)

    def forward(self, arguments: Mapping[str, Any]) -> Any:
        """The module's output, without a cache of keys and values unless the arguments name one.

        Args:
            arguments: Keyword arguments of the module's ``forward``.
        """
        try:
            return self.module(**{**self._options, **arguments})
        except TypeError as error:
            if not self._options or "use_cache" not in str(error):
                raise
            # Not every module keeps a cache that it could leave out.
            self._options = {}
            return self.module(**arguments)

    def gather(self, logits: torch.Tensor, at: list[int], tokens: list[int]) -> HeadValues:
        """Log-probabilities of tokens, and every row's likeliest token.

        Args:
            logits: Shape (rows, vocabulary).
            at: Rows, as often as a token of them is wanted.
            tokens: The wanted token of each entry of ``at``.

        Returns:
            A log-probability per entry of ``at``, and the likeliest token of each row.
        """
        # Sorted here, so that the entries of a block lie side by side: to look for them there, the host would wait.
        order = torch.tensor(at, dtype=torch.long).argsort(stable=True)
        entries = torch.tensor((at, tokens), dtype=torch.long)[:, order]
        rows, wanted = send(entries, logits.device)
        step = max(1, SOFTMAX_BYTES // (logits.shape[1] * 4))
        starts = range(0, len(logits), step)
        bounds = torch.searchsorted(entries[0], torch.tensor([*starts, len(logits)])).tolist()
        values: list[torch.Tensor] = []
        likeliest: list[torch.Tensor] = []
        for start, (first, stop) in zip(starts, itertools.pairwise(bounds), strict=True):
            block = torch.log_softmax(logits[start : start + step], dim=-1, dtype=self.softmax_dtype)
            # lm-eval: the argmax of the log-probabilities, whose rounding makes ties in reduced precision.
            likeliest.append(block.argmax(dim=-1))
            values.append(block[rows[first:stop] - start, wanted[first:stop]])
        return HeadValues(Transfer(torch.cat(values), torch.cat(likeliest)), order)


def _sum_spans(spans: Sequence[tuple[Span, int]], logprobs: torch.Tensor, likeliest: list[int]) -> list[SpanScore]:
    """Sum each span's log-probabilities (they lie one after the other) and compare with the likeliest tokens."""
    values: list[float] = logprobs.tolist()
    results: list[SpanScore] = []
    start = 0
    for span, first in spans:
        stop = start + span.count
        # lm-eval: the sum, too, is taken in the softmax's dtype.
        total = values[start] if span.count == 1 else float(logprobs[start:stop].sum())
        results.append(SpanScore(span.owner, total, likeliest[first : first + span.count] == span.scored.tolist()))
        start = stop
    return results


def _output_head(module: Any) -> torch.nn.Module | None:
    try:
        head = module.get_output_embeddings()
    except (AttributeError, NotImplementedError):
        return None
    return head if isinstance(head, torch.nn.Module) else None
