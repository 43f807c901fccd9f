"""Scores by the plan of passes: where memory runs out nothing is lost or computed twice."""

from __future__ import annotations

import pytest
import torch
from tiny_models import REQUESTS, close, open_tiny

from proctor.errors import ModelError
from proctor.models.hf.scoring.scoring_gate import ScoringDecision
from proctor.models.prefix.packs import Limits
from proctor.models.prefix.resume import head_groups
from proctor.models.prefix.rows import make_rows, make_span


@pytest.mark.parametrize("scoring", ["tree", "context"])
def test_a_pass_that_does_not_fit_is_halved_and_nothing_is_asked_twice(checkpoints, caplog, monkeypatch, scoring):
    from proctor.models.hf.scoring.tree import TreeScorer

    model = open_tiny(checkpoints / "llama", batch_size=8, args={"scoring": scoring})
    expected = dict(model.respond(REQUESTS))
    forward, seen = TreeScorer._forward, []

    def tight(self, pack, *rest, **named):
        seen.append(pack.tokens)
        if pack.tokens > 80:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(self, pack, *rest, **named)

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

    def never(*_, **__):
        raise torch.OutOfMemoryError("CUDA out of memory")

    model = open_tiny(checkpoints / "llama", args={"scoring": "tree"})
    monkeypatch.setattr(
        "proctor.models.hf.model.decide", lambda scorer, rows, wanted: ScoringDecision("tree", "asked for")
    )
    monkeypatch.setattr(TreeScorer, "_forward", never)
    with pytest.raises(ModelError, match="smallest possible pass"):
        list(model.respond(REQUESTS))


def meta_scorer():
    """A Llama on ``meta``, which has no values: what needs one to go on raises."""
    import transformers

    from proctor.models.hf.scoring.row_scorer import RowScorer

    sizes = {"num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 99}
    with torch.device("meta"):
        config = transformers.LlamaConfig(hidden_size=32, intermediate_size=48, **sizes)
        module = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16).eval()
    return RowScorer(module, torch.device("meta"), backend="causal", max_length=128)


def shared_rows(documents=12):
    spans = [
        make_span(4 * number + place, [*range(3, 23), 30 + number, 31], [40 + place, *[50] * (place % 2)])
        for number in range(documents)
        for place in range(4)
    ]
    return make_rows(spans, share=True)


@pytest.mark.parametrize("kind", ["tree", "context"])
def test_passes_need_no_value_from_the_device_but_results_once_a_head_group(monkeypatch, kind):
    from proctor.models.hf.call_form import CallForm
    from proctor.models.hf.scoring import row_scorer
    from proctor.models.hf.scoring.tree import TreeScorer
    from proctor.models.hf.transfers import Transfer

    waits = []

    class CountedTransfer(Transfer):
        def wait(self):
            waits.append([block.device.type for block in self._blocks])
            return tuple(torch.zeros(block.shape, dtype=block.dtype) for block in self._blocks)

    monkeypatch.setattr(row_scorer, "Transfer", CountedTransfer)
    # The form is given: to find it, a call's values are looked at, once a run.
    scorer = TreeScorer(meta_scorer(), Limits(tokens=16), kind, form=CallForm(), head_rows=8)
    rows = shared_rows()
    groups = len(head_groups(scorer.plan(rows)[1].packs, 8))
    assert groups > 2
    assert len(list(scorer(rows))) == 48
    assert waits == [["meta", "meta"]] * groups


@pytest.mark.parametrize("missing", [None, [number % 5 == 0 for number in range(60)]])
def test_results_that_are_read_late_are_the_same(checkpoints, monkeypatch, missing):
    from proctor.models.hf.scoring import tree
    from proctor.models.hf.scoring.row_scorer import RowScorer

    module = open_tiny(checkpoints / "llama").module
    scorer = RowScorer(module, torch.device("cpu"), backend="causal", max_length=128)
    rows = shared_rows()
    missing = missing and missing[: len(rows)]

    def scores():
        return list(tree.TreeScorer(scorer, Limits(tokens=16), head_rows=8)(rows, missing))

    at_once = scores()
    monkeypatch.setattr(tree, "results_behind", lambda device: 1)
    assert scores() == at_once


def test_memory_that_runs_out_before_late_results_are_read_loses_none(checkpoints, monkeypatch):
    from proctor.models.hf.scoring import tree
    from proctor.models.hf.scoring.row_scorer import RowScorer

    module = open_tiny(checkpoints / "llama").module
    scorer = RowScorer(module, torch.device("cpu"), backend="causal", max_length=128)
    rows = shared_rows()
    expected = {result.owner: result.logprob for result in tree.TreeScorer(scorer, Limits(tokens=16))(rows)}
    forward, calls = tree.TreeScorer._forward, []

    def once_too_much(self, *rest, **named):
        calls.append(rest)
        if len(calls) == 7:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(self, *rest, **named)

    monkeypatch.setattr(tree, "results_behind", lambda device: 1)
    monkeypatch.setattr(tree.TreeScorer, "_forward", once_too_much)
    results = list(tree.TreeScorer(scorer, Limits(tokens=16), head_rows=8)(rows))
    assert {result.owner: result.logprob for result in results} == pytest.approx(expected, abs=1e-4)
    assert len(results) == len(expected)


def test_a_run_may_choose_the_tokens_of_a_pass(checkpoints, monkeypatch):
    from proctor.models.hf.scoring.tree import TreeScorer

    forward, passes = TreeScorer._forward, []
    monkeypatch.setattr(
        TreeScorer,
        "_forward",
        lambda self, pack, *rest, **named: passes.append(pack) or forward(self, pack, *rest, **named),
    )
    found, counts = [], []
    for tokens in ("24", "240"):
        model = open_tiny(checkpoints / "llama", batch_size="auto", args={"scoring": "tree", "pass_tokens": tokens})
        passes.clear()
        found.append(dict(model.respond(REQUESTS)))
        counts.append(len(passes))
    assert counts[0] > counts[1]
    for index, answer in found[0].items():
        close(answer.values, found[1][index].values)
