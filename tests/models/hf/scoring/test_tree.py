"""Scores by the plan of passes: where memory runs out nothing is lost or computed twice."""

from __future__ import annotations

import pytest
import torch
from tiny_models import REQUESTS, close, open_tiny

from proctor.errors import ModelError
from proctor.models.hf.scoring.scoring_gate import ScoringDecision


@pytest.mark.parametrize("scoring", ["tree", "context"])
def test_a_pass_that_does_not_fit_is_halved_and_nothing_is_asked_twice(checkpoints, caplog, monkeypatch, scoring):
    from proctor.models.hf.scoring.tree import TreeScorer

    model = open_tiny(checkpoints / "llama", batch_size=8, args={"scoring": scoring})
    expected = dict(model.respond(REQUESTS))
    forward, seen = TreeScorer._forward, []

    def tight(self, pack, *rest):
        seen.append(pack.tokens)
        if pack.tokens > 80:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(self, pack, *rest)

    monkeypatch.setattr(
        "proctor.models.hf.model.decide", lambda scorer, rows, wanted: ScoringDecision(scoring, "asked for")
    )
    monkeypatch.setattr(TreeScorer, "_forward", tight)
    answers = list(model.respond(REQUESTS))
    assert sorted(index for index, _ in answers) == sorted(expected)
    for index, answer in answers:
        close(expected[index].values, answer.values)
    assert max(seen) > 80
    assert "Memory ran out; going on with passes of at most" in caplog.text


def test_no_memory_at_all_is_a_sentence(checkpoints, monkeypatch):
    from proctor.models.hf.scoring.tree import TreeScorer

    def never(*_):
        raise torch.OutOfMemoryError("CUDA out of memory")

    model = open_tiny(checkpoints / "llama", args={"scoring": "tree"})
    monkeypatch.setattr(
        "proctor.models.hf.model.decide", lambda scorer, rows, wanted: ScoringDecision("tree", "asked for")
    )
    monkeypatch.setattr(TreeScorer, "_forward", never)
    with pytest.raises(ModelError, match="smallest possible pass"):
        list(model.respond(REQUESTS))
