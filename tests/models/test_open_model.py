"""The door to models: names, batch sizes, where a knob may stand, the dummy."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest
from hypothesis import given as forall
from hypothesis import strategies as st

from proctor.errors import UsageError
from proctor.models import MODELS, open_model
from proctor.models.base import BatchSize, Budget, WarningCounter, by_kind, given, parse_batch_size
from proctor.types import Generate, Loglikelihood, Rolling, RollingScore, Scores, Text


def test_lm_evals_names_are_there():
    assert {"hf", "hf-auto", "huggingface", "dummy"} <= set(MODELS)


def test_an_unknown_kind_is_a_sentence():
    with pytest.raises(UsageError, match="no model named 'dumy'") as caught:
        open_model("dumy", {})
    assert caught.value.hint == "Did you mean 'dummy'?"


def test_the_door_is_light():
    code = (
        "import sys, proctor.models, proctor.models.hf, proctor.models.tokens.tokenizer, proctor.models.generation; "
        + ("print([name for name in ('torch', 'transformers', 'numpy') if name in sys.modules])")
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("value", "maximum", "expected"),
    [
        (8, None, BatchSize(8)),
        ("8", 64, BatchSize(8)),
        (None, None, BatchSize(1)),
        ("auto", None, BatchSize(None, auto=True)),
        ("auto:4", 64, BatchSize(64, auto=True, points=4)),
        ("auto:2.0", None, BatchSize(None, auto=True, points=2)),
    ],
)
def test_batch_sizes(value, maximum, expected):
    assert parse_batch_size(value, maximum) == expected


@pytest.mark.parametrize("value", [0, -1, "0", "many", "auto:", "auto:0", "auto:x", "1.5", True, ""])
def test_a_batch_size_that_makes_no_sense(value):
    with pytest.raises(UsageError, match="batch size"):
        parse_batch_size(value)


@pytest.mark.parametrize("maximum", [0, -3, "8", True])
def test_a_maximum_that_makes_no_sense(maximum):
    with pytest.raises(UsageError, match="max_batch_size"):
        parse_batch_size("auto", maximum)


@pytest.mark.parametrize(
    ("inside", "keyword", "expected"), [(None, 1, 1), (None, 4, 4), (8, 1, 8), (8, None, 8), (8, 4, 4)]
)
def test_model_args_win_over_a_default_and_lose_against_a_choice(inside, keyword, expected):
    args = {} if inside is None else {"batch_size": inside}
    assert given(args, "batch_size", keyword, 1) == expected


@forall(
    widths=st.lists(st.integers(1, 50), min_size=1, max_size=40),
    tokens=st.integers(1, 200),
    heads=st.integers(1, 30),
    rows=st.none() | st.integers(1, 9),
)
def test_a_budget_is_kept_and_every_item_gets_its_turn(widths, tokens, heads, rows):
    widths.sort(reverse=True)
    needs, budget, start = [1] * len(widths), Budget(tokens=tokens, heads=heads, rows=rows), 0
    while start < len(widths):
        stop = budget.stop(widths, needs, start)
        size = stop - start
        assert size >= 1
        assert size == 1 or (size * widths[start] <= tokens and size <= heads and (rows is None or size <= rows))
        start = stop
    assert start == len(widths)


def test_a_halved_budget_lets_half_the_batch_through():
    budget = Budget(tokens=1000, heads=1000, rows=8)
    assert budget.halved(8, 10, 8).stop([10] * 8, [1] * 8, 0) == 4


def test_a_counter_counts_all_and_warns_once(caplog):
    counter = WarningCounter()
    counter.note("cut", "Something was cut.")
    counter.note("cut", "Something was cut.", 2)
    assert dict(counter.counts) == {"cut": 3}
    assert [record.message for record in caplog.records] == ["Something was cut."]


def test_requests_are_sorted_into_their_kinds():
    requests = [Rolling("a"), Loglikelihood("b", ("c",)), Generate("d", {}), Rolling("e")]
    scored, rolled, generated = by_kind(requests)
    assert [index for index, _ in scored] == [1]
    assert [index for index, _ in rolled] == [0, 3]
    assert [index for index, _ in generated] == [2]


def test_the_dummy_answers_everything_and_repeats_under_a_seed():
    model = open_model("dummy", {"anything": 1}, batch_size="auto", device="cuda:7")
    requests = [Generate("p", {}), Loglikelihood("c", ("a", "b")), Rolling("t")]
    runs = []
    for _ in range(2):
        random.seed(7)
        runs.append(dict(model.respond(requests)))
    assert runs[0] == runs[1]
    scores = runs[0][1]
    assert isinstance(scores, Scores)
    assert len(scores.values) == 2
    assert all(value <= 0 and greedy is False for value, greedy in scores.values)
    assert runs[0][0] == Text("lol", "stop")
    assert isinstance(runs[0][2], RollingScore)
    assert model.chat_template(True) == ""
    turns = [{"role": "user", "content": "hi"}]
    assert model.render(turns, add_generation_prompt=True).endswith("<|assistant|>\n")
    assert model.report()["truncated"] == {}
    model.close()
