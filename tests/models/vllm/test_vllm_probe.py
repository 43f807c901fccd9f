"""Whether a route gives the engine's own numbers: found out on one continuation, with the noise of the engine."""

from __future__ import annotations

import math

import pytest
from fake_vllm import FakeLLM, SamplingParams, toy

from proctor.models.prefix.rows import make_span
from proctor.models.vllm import probe as module
from proctor.models.vllm.engine import Engine
from proctor.models.vllm.plan import Abilities, unique
from proctor.models.vllm.probe import ProbeResult, probe
from proctor.models.vllm.routes import Route

CONTEXT = list(range(1, 20))
ROWS = Abilities(Route.NAMED_IDS, Route.CACHED_ROWS, 4)


def tried(llm, abilities=ROWS, *, scored=(30, 31, 32), dtype="float32", context=CONTEXT):
    [work] = unique([make_span(0, context, list(scored))], 500)
    return probe(Engine(llm, SamplingParams), work, abilities, dtype)


LIKELIEST = int(toy(CONTEXT)[-1].argmax())


@pytest.mark.parametrize("v2", [False, True])
@pytest.mark.parametrize(
    ("abilities", "scored"),
    [(ROWS, (30, 31, 32)), (ROWS, (30,)), (Abilities(Route.TOP_IDS, None, 4), (LIKELIEST,))],
)
def test_an_engine_that_is_right_is_taken(v2, abilities, scored):
    result = tried(FakeLLM(v2=v2), abilities, scored=scored)
    assert result.why_not is None
    assert result.difference == pytest.approx(0.0, abs=1e-6)
    assert result.noise == pytest.approx(0.0, abs=1e-6)
    assert result.facts() == {"taken": True, "difference": result.difference, "noise": result.noise}


def test_a_difference_beyond_rounding_is_told():
    result = tried(FakeLLM(faults=frozenset({"wrong by the cache"})))
    assert result.difference is not None
    assert result.difference > module.ROUNDING["float32"]
    assert result.why_not == f"it differs by {result.difference:.2g}"
    assert result.facts()["taken"] is False
    assert result.facts()["reason"] == result.why_not


def test_reduced_precision_rounds_more():
    """A difference of 0.01 is none of a model in half precision, and one of a model in single precision."""

    class SlightlyWrong(FakeLLM):
        def _output(self, ids, params):
            output = super()._output(ids, params)
            if output.num_cached_tokens:
                for row in (row for row in output.prompt_logprobs or () if row):
                    for one, value in row.items():
                        row[one] = type(value)(value.logprob - 0.005, value.rank)
            return output

    assert tried(SlightlyWrong(), dtype="bfloat16").why_not is None
    assert "it differs by" in (tried(SlightlyWrong(), dtype="float32").why_not or "")


@pytest.mark.parametrize("fault", ["no rows", "no id"])
def test_an_engine_without_rows_cannot_be_compared(fault):
    result = tried(FakeLLM(faults=frozenset({fault})))
    assert result == ProbeResult("its prompt log-probabilities cannot be read")
    assert result.facts() == {
        "taken": False, "reason": "its prompt log-probabilities cannot be read", "difference": None, "noise": None,
    }  # fmt: skip


@pytest.mark.parametrize(("fault", "scored"), [("counts nothing", (30, 31, 32)), ("loses ids", (30,))])
def test_what_cannot_be_believed_is_not_taken(fault, scored):
    result = tried(FakeLLM(faults=frozenset({fault})), scored=scored)
    assert result == ProbeResult("what came from the cache cannot be believed")


def test_a_refusal_is_no_score():
    result = tried(FakeLLM(faults=frozenset({"refuses 13"})))
    assert result.why_not == "its prompt log-probabilities cannot be read"


def test_the_cache_is_empty_before_and_after_and_long_contexts_are_truncated():
    llm = FakeLLM()
    llm.cache.add((1, 2, 3, 4))
    assert tried(llm, context=[1 + number % 60 for number in range(400)]).why_not is None
    assert llm.cache == set()
    assert max(len(ids) for ids, _ in llm.sent) == module.LEAST - 1 + 3


def test_numbers_that_no_file_can_hold_are_none():
    facts = ProbeResult("it differs by nan", math.nan, math.inf).facts()
    assert (facts["difference"], facts["noise"]) == (None, None)
