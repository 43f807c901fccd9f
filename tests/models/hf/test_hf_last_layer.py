"""The last feed-forward part computes the rows that are needed, and nothing that is read changes."""

from __future__ import annotations

from dataclasses import replace

import architectures as zoo
import pytest
import torch

from proctor.models.hf.call_form import call_forms
from proctor.models.hf.last_layer import last_feed_forward, only_rows
from proctor.models.hf.scoring.row_scorer import RowScorer
from proctor.models.hf.scoring.scoring_gate import decide
from proctor.models.hf.scoring.tree import TreeScorer
from proctor.models.prefix.packs import Limits
from proctor.models.prefix.rows import make_rows, make_span

CPU = torch.device("cpu")


def counted(part, seen):
    """Note how many rows a part computes in each call."""
    return part.register_forward_hook(lambda _, args, output: seen.append(args[0].shape[:-1].numel()))


def rows_of_letters():
    """Two documents on one prefix, each with two options of a token."""
    spans = []
    for document in range(2):
        for option in (5, 6):
            spans.append(make_span(len(spans), [*range(10, 30), 40 + document, 50, 51], [option]))
    return make_rows(spans, share=True)


@pytest.mark.parametrize(
    "name", ["llama", "mixtral", "gemma2-short-window", "gpt2", "gpt_oss-short-window", "falcon-rotary"]
)
def test_only_rows_with_wanted_logits_go_through_the_last_part(name):
    module = zoo.build(zoo.BY_NAME[name])
    part = last_feed_forward(module)
    assert part is not None
    scorer = RowScorer(module, CPU, backend="causal", max_length=zoo.ROOM)
    form = next(call_forms(module, CPU))
    assert form.last_rows
    rows, seen, values = rows_of_letters(), [], []
    with counted(part, seen):
        for pruned in (True, False):
            tree = TreeScorer(scorer, Limits(tokens=64), form=replace(form, last_rows=pruned))
            values.append({result.owner: result.logprob for result in tree(rows)})
            seen.append(None)
    at = seen.index(None)
    assert sum(seen[:at]) <= 3  # of 26 tokens: the last one of each document, and one of a pass without any
    assert sum(seen[at + 1 : -1]) == 26
    assert values[0] == pytest.approx(values[1], abs=1e-5)


def test_rows_that_are_not_computed_are_zero_and_in_their_places():
    part = torch.nn.Linear(3, 2)
    block = torch.randn(2, 4, 3)
    whole = part(block)
    with only_rows(part, block.shape[:-1], torch.tensor([1, 6])):
        found = part(block)
    assert torch.equal(found.flatten(0, 1)[[1, 6]], whole.flatten(0, 1)[[1, 6]])
    assert found.flatten(0, 1)[[0, 2, 3, 4, 5, 7]].abs().max() == 0
    assert torch.equal(part(block), whole)


@pytest.mark.parametrize(("rows", "computed"), [([], 1), ([3], 1), ([0, 1, 2, 3], 4)])
def test_a_batch_is_never_empty_and_is_left_alone_where_every_row_is_needed(rows, computed):
    part, seen = torch.nn.Linear(3, 3), []
    with counted(part, seen), only_rows(part, torch.Size((1, 4)), torch.tensor(rows, dtype=torch.long)):
        assert part(torch.zeros(1, 4, 3)).shape == (1, 4, 3)
    assert seen == [computed]


def test_code_that_nobody_knows_and_layers_without_such_a_part_compute_every_row():
    assert last_feed_forward(zoo.build(zoo.BY_NAME["opt"])) is None
    module = zoo.build(zoo.BY_NAME["llama"])
    shared = module.model.layers
    shared[0].mlp = shared[-1].mlp
    assert last_feed_forward(module) is None
    module = zoo.build(zoo.BY_NAME["llama"])
    module.__class__ = type("Mine", (type(module),), {"__module__": "somebody"})
    assert last_feed_forward(module) is None


def test_a_model_that_uses_its_last_part_twice_is_shared_without_this():
    """The probe sees it: what the first call leaves out is missing where others attend to it."""
    module = zoo.build(zoo.BY_NAME["llama"])
    first, last = module.model.layers[0], module.model.layers[-1]
    forward = type(first).forward
    first.forward = lambda hidden, *args, **kwargs: forward(first, hidden + last.mlp(hidden), *args, **kwargs)
    scorer = RowScorer(module, CPU, backend="causal", max_length=zoo.ROOM)
    decision = decide(scorer, rows_of_letters(), "auto")
    assert (decision.mode, decision.form is not None and decision.form.last_rows) == ("tree", False)
