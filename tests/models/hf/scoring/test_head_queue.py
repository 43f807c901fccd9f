"""What is read from the rows of a pass, and log-probabilities in blocks that stay in the cache."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from proctor.models.hf.scoring import head_queue
from proctor.models.hf.scoring.head_queue import HeadQueue, fits_in_cache, gather_in_cache
from proctor.models.prefix.packs import Edge, LogitRange, Pack
from proctor.models.prefix.rows import make_rows, make_span

ROWS = make_rows([make_span(0, [5, 6], [7, 8]), make_span(1, [5, 6], [7, 9])], share=True)
INPUT = np.array([5, 6, 7], dtype=np.int32)
PACK = Pack(0, 0, (Edge(0, 0, 3, 0, -1),), (LogitRange(0, 1, 3, 1),), (0,), 1)
"""Options 7 8 and 7 9 after 5 6: the input is 5 6 7, and its last two rows are needed."""


def test_the_first_token_is_read_once_and_the_last_for_each_option():
    queue = HeadQueue()
    assert queue.add_needs(PACK, [INPUT], ROWS) == [1, 2]
    assert list(zip(queue.at, queue.tokens, queue.slots, strict=True)) == [
        (0, 7, (0, 0)),
        (1, 8, (0, -1)),
        (1, 9, (0, -2)),
    ]
    assert queue.done == [0]


def test_rows_are_counted_over_all_passes():
    queue = HeadQueue(rows=10)
    queue.add_needs(PACK, [INPUT], ROWS)
    assert queue.at == [10, 11, 11]


def test_a_row_that_two_inputs_need_goes_through_the_head_once():
    rows = [*ROWS, *make_rows([make_span(2, [5, 6], [7, 1, 2])], share=True)]
    inputs = [INPUT, np.array([5, 6, 7, 1], dtype=np.int32)]
    edges = (Edge(0, 0, 3, 0, -1), Edge(1, 3, 1, 3, 0))
    needs = (LogitRange(0, 1, 3, 1), LogitRange(1, 1, 3, 1), LogitRange(1, 3, 4, 3))
    queue = HeadQueue()
    assert queue.add_needs(Pack(0, 0, edges, needs, (0, 1), 1), inputs, rows) == [1, 2, 3]
    assert queue.at == [0, 1, 1, 0, 1, 2]
    assert queue.tokens == [7, 8, 9, 7, 1, 2]
    assert queue.slots[3:] == [(1, 0), (1, 1), (1, -1)]


@pytest.mark.parametrize("block_bytes", [1, 4 * 50 * 3, 1 << 20])
def test_blocks_give_the_log_probabilities_of_the_whole(monkeypatch, block_bytes):
    monkeypatch.setattr(head_queue, "CACHE_BYTES", block_bytes)
    logits = 20 * torch.randn(8, 50, generator=torch.Generator().manual_seed(0))
    logits[3] = -torch.inf
    logits[3, 7] = 2.0
    logits[5, 9] = logits[5, 11] = 100.0
    best = int(logits[1].argmax())
    at, tokens = [0, 3, 3, 7, 7, 1, 5, 5], [4, 7, 8, 0, 49, best, 9, 11]
    before = logits.clone()
    found, likeliest = gather_in_cache(logits, at, tokens).read()
    assert torch.allclose(found, logits.log_softmax(-1)[at, tokens], atol=1e-5)
    greedy = [likeliest[row] == token for row, token in zip(at, tokens, strict=True)]
    assert greedy == (logits.argmax(-1)[at] == torch.tensor(tokens)).tolist()
    assert sum(greedy) == 3
    assert torch.equal(logits, before)


def test_only_float32_on_a_processor_is_read_in_blocks():
    logits = torch.zeros(1, 2)
    assert fits_in_cache(logits, None)
    assert fits_in_cache(logits, torch.float32)
    assert not fits_in_cache(logits, torch.float64)
    assert not fits_in_cache(logits.bfloat16(), None)
    assert not fits_in_cache(logits.to("meta"), None)
