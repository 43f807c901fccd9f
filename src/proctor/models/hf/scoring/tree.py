"""Scores by the plan of :mod:`proctor.models.prefix.plan`: every distinct prefix is forwarded once.

A pass forwards one sequence of subtrees under a mask. The output head does not run in it:
the hidden rows that need logits are collected over several passes and go through the head
together, inside the module's own forward, so that soft caps and scales stay its own affair.
"""

# How the executor works
# ----------------------
# A pass is one sequence, shape (1, tokens), in depth-first order: every edge of the trie stands before what hangs
# below it, and nothing else stands between. So one number per token says who sees it: ``reach[j]``, the place after
# its last descendant. Token i sees token j of its pass if ``j <= i < reach[j]``, and it sees all of the cached path.
# The second pass of the example in :mod:`proctor.models.prefix.plan` (1: may attend, as ``mask_of`` builds it):
#
#                      cached path   this pass
#                      S S S S       b b x y      reach
#     b  position 4    1 1 1 1       1 . . .        4
#     b           5    1 1 1 1       1 1 . .        4
#     x           6    1 1 1 1       1 1 1 .        3
#     y           6    1 1 1 1       1 1 . 1        4
#
# x and y have the same position: each is the seventh token of its own input. Layers with a window also lose the keys
# whose *position* lies too far back; the places in the pass say nothing about distances.
#
#     pass --> hidden rows that are needed --.
#     pass --> hidden rows that are needed ---+--> HeadQueue --(head_rows)--> output head --> log-probabilities
#     pass --> ...                         --'                                                 of asked-for tokens
#
# The head is a product with the whole vocabulary, and a pass has few rows that need it. A pre-hook takes these rows
# out and gives the head none; in the last pass of a group, which fills the queue, it gives the head all that wait. A
# row of the queue can serve several spans: rows with equal inputs differ in the last scored token only. ``slots`` holds
# (row, n): n >= 0 is the n-th scored position before the last, n < 0 is the last position of span -n - 1.
#
# What was weighed
#   - A batch with one unit per row and the cached path expanded: padding, and a copy of the path for every row.
#   - An attention kernel for trees (FlexAttention, a kernel of our own): not on every device, and every architecture
#     would have to be taught it. An additive mask is what ``sdpa`` and ``eager`` take; its size, tokens times
#     (past + tokens), is one more reason for bounded passes.
#   - The head in every pass: simpler, but its weights are read again for a handful of rows.
#   - Calling the head's weights directly: wrong for models that scale or cap logits after it.
#
# Invariants
#   - A token's logits depend on its own input alone: its ancestors, itself, its position.
#   - A wanted span is given exactly once. When memory runs out, limits are halved and only rows that have not been
#     given are planned anew.
#   - A resumed run forwards whole passes, and all passes of a head group: the shapes of the matrix products, and so
#     the last bits, are those of a run without a break.
#   - Whether a model obeys the mask is not assumed: :mod:`proctor.models.hf.scoring.scoring_gate` decides.
#
# Source: tree attention, SpecInfer, arXiv:2305.09781 (there to verify guessed tokens, here to score options).

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch

from proctor.errors import ModelError
from proctor.models.hf.attention import dtype_of, layer_windows, text_config
from proctor.models.hf.call_form import CallForm, call_forms
from proctor.models.hf.device import PROCESSOR, autocast, free_caches, is_out_of_memory
from proctor.models.hf.last_layer import last_feed_forward, only_rows
from proctor.models.hf.scoring.head_queue import HeadQueue, HeadValues, fits_in_cache, gather_in_cache
from proctor.models.hf.scoring.kv_stack import StackCache
from proctor.models.hf.scoring.row_scorer import RowScorer, SpanScore
from proctor.models.hf.scoring.tree_mask import mask_of
from proctor.models.hf.transfers import results_behind, send, send_ids
from proctor.models.prefix.ids import Ids
from proctor.models.prefix.packs import Limits, Pack, Plan, flatten
from proctor.models.prefix.plan import make_plan
from proctor.models.prefix.resume import head_groups, part_of
from proctor.models.prefix.rows import Row
from proctor.models.tokens.windows import scored_input

log = logging.getLogger("proctor")

LEAST_TOKENS = 16

Kind = Literal["tree", "context"]


@dataclass(slots=True)
class _RowResults:
    """What is known of one row: per scored position before the last, and per span for the last."""

    inner: list[tuple[float, bool]]
    last: list[tuple[float, bool]]


class TreeScorer:
    """Scores rows with a plan; ``kind`` context shares within one context's continuations only."""

    def __init__(
        self,
        scorer: RowScorer,
        limits: Limits,
        kind: Kind = "tree",
        *,
        form: CallForm | None = None,
        head_rows: int = PROCESSOR.head_rows,
        on_plan: Callable[[Plan], None] | None = None,
    ) -> None:
        self._scorer = scorer
        self._on_plan = on_plan
        self._limits = limits
        self._kind: Kind = kind
        self._head_rows = head_rows
        windows = layer_windows(text_config(scorer.module))
        if isinstance(windows, str):
            raise ModelError(f"Prefixes cannot be shared on this model: {windows}.")
        self._windows = windows
        self._form = form or next(call_forms(scorer.module, scorer.device, scorer.autocast), CallForm())
        self._feed_forward = last_feed_forward(scorer.module) if self._form.last_rows else None
        self._behind = results_behind(scorer.device)
        self._dtype = torch.float32
        self.forwarded = 0
        self.distinct = 0
        self.sizes: list[int] = []
        """Requests that each pass completes; passes over prefixes alone, which complete none, are left out."""

    def __call__(self, rows: Sequence[Row], missing: Sequence[bool] | None = None) -> Iterator[SpanScore]:
        """All spans of all rows, each as soon as its last logits are there.

        ``missing``: the rows that are wanted; others come along where a pass is run for one of these.
        """
        waiting = list(rows)
        while waiting:
            done: set[int] = set()
            try:
                yield from self._run(waiting, done, missing)
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                self._shrink(error)
            left = [number for number in range(len(waiting)) if number not in done]
            waiting, missing = [waiting[number] for number in left if missing is None or missing[number]], None

    def plan(self, rows: Sequence[Row]) -> tuple[list[Ids], Plan]:
        """The inputs of rows and the passes over them.

        Args:
            rows: Rows, of which each has at least one token to score.

        Returns:
            Per row an array of shape (tokens,), truncated at the left to the model's limit and without its last token;
            and the plan.
        """
        inputs = [scored_input(row.lead.tokens, self._scorer.max_length) for row in rows]
        counts = [row.lead.count for row in rows]
        groups = None if self._kind == "tree" else _context_groups(rows)
        return inputs, make_plan(inputs, counts, self._limits, groups=groups)

    def _shrink(self, error: Exception) -> None:
        """Halve what a pass may hold; what was answered stays answered."""
        free_caches()
        if self._limits.tokens <= LEAST_TOKENS and self._limits.longest <= LEAST_TOKENS:
            raise ModelError(
                "Memory ran out on the smallest possible pass.",
                hint="Use a smaller dtype, a shorter max_length in --model_args, or another device.",
            ) from error
        tokens = max(LEAST_TOKENS, self._limits.tokens // 2)
        longest = max(LEAST_TOKENS, min(self._limits.longest, 2 * self._limits.tokens) // 2)
        self._limits = replace(self._limits, tokens=tokens, longest=longest)
        log.warning("Memory ran out; going on with passes of at most %d tokens.", tokens)

    def _run(self, rows: Sequence[Row], done: set[int], missing: Sequence[bool] | None) -> Iterator[SpanScore]:
        inputs, plan = self.plan(rows)
        self.distinct += plan.nodes
        if self._on_plan is not None:
            self._on_plan(plan)
            self._on_plan = None
        row_results = [
            _RowResults([(0.0, False)] * (row.lead.count - 1), [(0.0, False)] * len(row.spans)) for row in rows
        ]
        cache = StackCache() if self._kind == "tree" else None
        groups = head_groups(plan.packs, self._head_rows)
        unread: deque[tuple[HeadQueue, HeadValues]] = deque()
        part = None if missing is None else part_of(plan.packs, groups, missing)
        for place, group in enumerate(groups):
            pending = HeadQueue()
            wanted = part is None or part.runs[place]
            for number in group:
                if wanted or (part is not None and number in part.support):
                    last = wanted and number == group[-1]
                    logits = self._forward(plan.packs[number], inputs, rows, cache, pending, last=last)
                    if last and pending.rows:
                        unread.append((pending, self._gather(pending, logits)))
            while len(unread) > self._behind:
                yield from self._read(*unread.popleft(), rows, row_results, done)
        while unread:
            yield from self._read(*unread.popleft(), rows, row_results, done)

    def _forward(
        self,
        pack: Pack,
        inputs: Sequence[Ids],
        rows: Sequence[Row],
        cache: StackCache | None,
        pending: HeadQueue,
        *,
        last: bool,
    ) -> torch.Tensor:
        """Run a pass and queue its rows; in the last one of a group, the logits of all rows of the queue."""
        ids, positions = flatten(pack, inputs)
        device = self._scorer.device
        arguments: dict[str, Any] = {
            "input_ids": send(torch.from_numpy(ids.astype("int64")).unsqueeze(0), device),
            self._form.positions: send(torch.from_numpy(positions).unsqueeze(0), device),
        }
        # Without mask and cache, transformers looks for several sequences in one, and waits for the device to do so.
        if cache is None or pack.past or len(pack.edges) > 1 or any(self._windows.values()):
            arguments[self._form.mask] = self._mask(pack)
        if cache is not None:
            cache.cut(pack.past)
            arguments.update({self._form.cache: cache, "use_cache": True})
        wanted = pending.add_needs(pack, inputs, rows)
        pending.rows += len(wanted)
        logits = self._call(arguments, pack.tokens, wanted, pending.hidden, last=last)
        self.forwarded += pack.tokens
        if answered := sum(len(rows[number].spans) for number in pack.done):
            self.sizes.append(answered)
        return logits

    def _mask(self, pack: Pack) -> Any:
        """The mask of a pass; one for each kind of layer where a model has several."""
        scorer = self._scorer
        dtype = scorer.autocast or dtype_of(scorer.module)
        masks = {kind: mask_of(pack, window, scorer.device, dtype) for kind, window in self._windows.items()}
        return masks if len(masks) > 1 else next(iter(masks.values()))

    def _call(
        self, arguments: dict[str, Any], tokens: int, wanted: list[int], queue: list[torch.Tensor], *, last: bool
    ) -> torch.Tensor:
        """Call the module on a pass and queue its hidden rows at ``wanted`` places.

        The output head gets all rows of the queue in the last pass of a group, and none before. Returned is what it
        gives, shape (rows, vocabulary).
        """
        taken = False
        places = send_ids(wanted, self._scorer.device)

        def take(_: Any, args: tuple[Any, ...]) -> tuple[Any, ...]:
            nonlocal taken
            hidden = args[0]
            if hidden.dim() == 3 and hidden.shape[1] == tokens:
                taken = True
                queue.append(hidden[0, places])
            return (torch.cat(queue).unsqueeze(0) if last else hidden[:, :0], *args[1:])

        assert self._scorer.head is not None
        handle = self._scorer.head.register_forward_pre_hook(take)
        pruned = only_rows(self._feed_forward, arguments["input_ids"].shape, places)
        with handle, pruned, torch.no_grad(), autocast(self._scorer.device, self._scorer.autocast):
            logits = self._scorer.forward(arguments).logits[0]
        if not taken:
            raise ModelError("The output head of this model does not see one row per token.")
        return logits

    def _gather(self, pending: HeadQueue, logits: torch.Tensor) -> HeadValues:
        """What is wanted of the logits of a queue."""
        gather = gather_in_cache if fits_in_cache(logits, self._scorer.softmax_dtype) else self._scorer.gather
        return gather(logits, pending.at, pending.tokens)

    def _read(
        self,
        pending: HeadQueue,
        head_values: HeadValues,
        rows: Sequence[Row],
        row_results: Sequence[_RowResults],
        done: set[int],
    ) -> Iterator[SpanScore]:
        """Note every log-probability that was wanted, and give what is complete."""
        logprobs, likeliest = head_values.read()
        self._dtype = logprobs.dtype
        values: list[float] = logprobs.tolist()
        for (number, slot), at, token, value in zip(pending.slots, pending.at, pending.tokens, values, strict=True):
            row_result = row_results[number]
            greedy = likeliest[at] == token
            if slot < 0:
                row_result.last[-slot - 1] = (value, greedy)
            else:
                row_result.inner[slot] = (value, greedy)
        for finished in pending.done:
            done.add(finished)
            yield from self._results(rows[finished], row_results[finished])

    def _results(self, row: Row, row_result: _RowResults) -> Iterator[SpanScore]:
        for place, span in enumerate(row.spans):
            parts = [*row_result.inner[len(row_result.inner) - span.count + 1 :], row_result.last[place]]
            total = parts[0][0]
            if span.count > 1:
                # lm-eval: the sum, too, is taken in the softmax's dtype.
                total = float(torch.tensor([value for value, _ in parts], dtype=self._dtype).sum())
            yield SpanScore(span.owner, total, all(greedy for _, greedy in parts))


def _context_groups(rows: Sequence[Row]) -> list[int]:
    """Rows of one context are one group."""
    keys: dict[bytes, int] = {}
    return [keys.setdefault(row.lead.context.tobytes(), len(keys)) for row in rows]
