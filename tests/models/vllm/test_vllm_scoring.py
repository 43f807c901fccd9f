"""Scores of spans: by which routes, which numbers are believed, and what becomes of the others."""

from __future__ import annotations

import math

import numpy as np
import pytest
from fake_vllm import FakeLLM, SamplingParams, params_without, toy

from proctor.errors import ModelError
from proctor.models.prefix.rows import make_span
from proctor.models.vllm import routes as routes_module
from proctor.models.vllm.engine import Engine
from proctor.models.vllm.scoring import NO_SCORE, Scorer

QUESTION = list(range(1, 20))
LETTERS = [([*QUESTION], [letter]) for letter in (40, 41, 42, 43)]
SENTENCES = [(QUESTION[:17], [30 + first, 31, 32 + first]) for first in range(4)]
LONG = [(QUESTION[:17], [30 + first, 31, 32, 33, 34, 35, 36, 37]) for first in range(4)]
SEAM = [(QUESTION[:16], [30 + first, 31, 32 + first]) for first in range(4)]


def scorer(llm: FakeLLM, params=SamplingParams, *, scoring="auto", rows=None, limit=511) -> Scorer:
    return Scorer(Engine(llm, params), limit=limit, dtype="float32", scoring=scoring, rows=rows)


def expected(context, scored):
    table = toy([*context, *scored])
    rows = table[len(context) - 1 : len(context) + len(scored) - 1]
    values = [row[one] for row, one in zip(rows, scored, strict=True)]
    return sum(values), all(value >= row.max() for row, value in zip(rows, values, strict=True))


def check(scorer: Scorer, pairs) -> list[float]:
    spans = [make_span(owner, context, scored) for owner, (context, scored) in enumerate(pairs)]
    found = {score.owner: score for score in scorer.score(spans)}
    assert sorted(found) == list(range(len(pairs)))
    for owner, (context, scored) in enumerate(pairs):
        logprob, greedy = expected(context, scored)
        assert found[owner].refused is None
        assert found[owner].logprob == pytest.approx(logprob, abs=1e-5)
        assert found[owner].greedy == greedy
    return [found[owner].logprob for owner in range(len(pairs))]


def routes(scorer: Scorer) -> dict[str, int]:
    return dict(scorer.counts.requests)


def test_options_of_one_token_are_one_request():
    found = scorer(FakeLLM())
    check(found, LETTERS)
    assert routes(found) == {"named_ids": 1}
    assert found.facts["route"] == "named_ids"
    assert found.facts["probes"]["next_token"] == {"taken": True, "difference": 0.0, "noise": 0.0}


def test_the_likeliest_continuation_is_greedy_and_no_other():
    best = int(toy(QUESTION)[-1].argmax())
    found = scorer(FakeLLM())
    spans = [make_span(0, QUESTION, [best]), make_span(1, QUESTION, [(best + 1) % 64])]
    assert [score.greedy for score in sorted(found.score(spans))] == [True, False]


def test_tied_tokens_are_both_greedy_as_in_lm_eval():
    def tied(ids):
        table = np.full((len(ids), 64), -9.0)
        table[:, 5] = table[:, 6] = -0.7
        return table

    for pairs in ([(QUESTION, [5]), (QUESTION, [6])], [(QUESTION, [5, 6]), (QUESTION, [6, 5])]):
        found = scorer(FakeLLM(tied))
        assert all(score.greedy for score in found.score([make_span(0, *pairs[0]), make_span(1, *pairs[1])]))


def test_more_options_than_may_be_named_are_several_requests():
    def wide(ids):
        return np.log(np.full((len(ids), 300), 1 / 300)) - np.arange(300) * 1e-6

    found = scorer(FakeLLM(wide))
    scores = {one.owner: one.logprob for one in found.score([make_span(n, QUESTION, [n]) for n in range(300)])}
    assert scores == {n: pytest.approx(-math.log(300) - n * 1e-6) for n in range(300)}
    assert routes(found) == {"named_ids": 3}


def test_sentences_share_their_context_through_the_cache():
    llm = FakeLLM()
    found = scorer(llm)
    check(found, SENTENCES)
    assert routes(found) == {"cached_rows": 4}
    # 16 tokens of context in whole blocks, of which the first computes them.
    # Its probe: the context, the whole with the context in the cache, twice without, and a neighbour of 8.
    probe = 17 + (20 - 16) + 20 + 20 + 8
    assert (found.counts.computed, found.counts.cached) == (probe + 20 + 3 * 4, 16 + 3 * 16)


def test_where_a_context_fills_whole_blocks_its_first_tokens_are_named():
    found = scorer(FakeLLM())
    check(found, SEAM)
    assert routes(found) == {"named_ids": 1, "rest_rows": 4}
    assert found.counts.doubted == 0


def test_where_options_share_more_than_the_context_no_hidden_row_is_requested():
    """The context ends one token before a block does; two options begin alike, two are alike for a whole block."""
    pairs = [(QUESTION[:15], [30, 31, 32]), (QUESTION[:15], [30, 33, 32])]
    found = scorer(FakeLLM())
    check(found, pairs)
    assert found.counts.doubted == 0
    alike = [(QUESTION[:15], [30, 31, 32, 33, 34, last, 36]) for last in (35, 36, 37)]
    found = scorer(FakeLLM())
    check(found, alike)
    assert found.counts.doubted == 0


def test_equal_continuations_are_computed_once():
    llm = FakeLLM()
    found = scorer(llm)
    check(found, [*SENTENCES, *SENTENCES])
    assert routes(found) == {"cached_rows": 4}


@pytest.mark.parametrize("v2", [False, True])
@pytest.mark.parametrize("pairs", [SENTENCES, LONG, SEAM, LETTERS, [*SENTENCES, *LONG, *SEAM, *LETTERS]])
@pytest.mark.parametrize("rows", [None, 1, 2])
def test_a_cache_that_holds_everything_moves_no_score(v2, pairs, rows):
    """The rubbish that rows of cached tokens hold is never believed."""
    llm = FakeLLM(v2=v2)
    found = scorer(llm, rows=rows)
    first = check(found, pairs)
    again = check(found, pairs)
    assert again == pytest.approx(first, abs=1e-9)
    assert check(found, pairs[::-1]) == pytest.approx(first[::-1], abs=1e-9)


def test_what_is_not_believed_is_computed_anew_and_counted():
    found = scorer(FakeLLM())
    check(found, LONG)
    check(found, LONG)
    assert found.counts.doubted == 4
    assert routes(found)["prompt_rows"] == 4
    assert found.facts["not_believed"] == 4


@pytest.mark.parametrize("block", [1, 2, 3, 7, 16, 64])
def test_blocks_of_any_size(block):
    check(scorer(FakeLLM(block=block)), [*SENTENCES, *SEAM, *LETTERS])


def test_an_engine_that_does_not_say_its_block_size():
    llm = FakeLLM()
    llm.llm_engine.vllm_config = None
    check(scorer(llm), [*SENTENCES, *SEAM, *LETTERS])


def test_an_engine_without_a_cache():
    found = scorer(FakeLLM(caching=False))
    check(found, [*SENTENCES, *LETTERS])
    assert found.counts.cached == 0


def test_plain_scoring_is_one_whole_request_an_option():
    llm = FakeLLM()
    found = scorer(llm, scoring="plain")
    check(found, [*SENTENCES, *LETTERS])
    assert routes(found) == {"prompt_rows": 8}
    assert found.facts["mode"] == "plain"
    assert "probes" not in found.facts
    assert all(params.given == PLAIN for _, params in llm.sent)


PLAIN = {"temperature": 0, "max_tokens": 1, "detokenize": False, "prompt_logprobs": 1}


# -- other releases


def test_before_ids_could_be_named_the_likeliest_are_requested():
    found = scorer(FakeLLM(), params_without("logprob_token_ids"))
    check(found, LETTERS)
    assert routes(found) == {"top_ids": 1}


def test_an_option_that_is_not_among_the_likeliest_is_computed_anew(monkeypatch):
    few = {**routes_module._SETTINGS, "top_ids": {**routes_module._SETTINGS["top_ids"], "logprobs": 2}}
    monkeypatch.setattr(routes_module, "_SETTINGS", few)
    best = [int(one) for one in np.argsort(-toy(QUESTION)[-1])]
    found = scorer(FakeLLM(), params_without("logprob_token_ids"))
    check(found, [(QUESTION, [one]) for one in (best[0], best[1], best[20], best[40])])
    assert routes(found) == {"top_ids": 1, "prompt_rows": 2}
    assert found.counts.doubted == 2


def test_a_release_whose_rows_always_need_the_whole_prompt():
    found = scorer(FakeLLM(), params_without("skip_reading_prefix_cache"))
    check(found, [*SENTENCES, *LETTERS])
    assert routes(found) == {"named_ids": 1, "prompt_rows": 4}


# -- rows by name (route P)


def test_rows_by_name_where_the_runner_can():
    found = scorer(FakeLLM(v2=True), scoring="named")
    spans = [make_span(owner, *pair) for owner, pair in enumerate([*SENTENCES, *SEAM, *LETTERS])]
    for score in found.score(spans):
        pair = [*SENTENCES, *SEAM, *LETTERS][score.owner]
        assert score.logprob == pytest.approx(expected(*pair)[0], abs=1e-5)
    assert routes(found)["named_rows"] == 8
    assert "prompt_rows" not in routes(found)


def test_rows_by_name_that_the_cache_hides_are_computed_anew():
    found = scorer(FakeLLM(v2=True), scoring="named")
    spans = [make_span(owner, *pair) for owner, pair in enumerate(LONG)]
    first = {score.owner: score.logprob for score in found.score(spans)}
    again = {score.owner: score.logprob for score in found.score(spans)}
    assert again == pytest.approx(first, abs=1e-5)
    assert found.counts.doubted == 4


def test_rows_by_name_on_another_runner_are_an_error():
    for params in (SamplingParams, params_without("prompt_logprob_token_ids")):
        with pytest.raises(ModelError, match="V2 model runner"):
            scorer(FakeLLM(), params, scoring="named")


# -- engines that are wrong


def test_a_route_that_differs_in_the_probe_is_not_taken(caplog):
    found = scorer(FakeLLM(faults=frozenset({"wrong by the cache"})))
    check(found, [*SENTENCES, *LETTERS])
    assert "prompt_rows" in routes(found)
    assert "cached_rows" not in routes(found)
    assert found.facts["probes"]["rows"]["taken"] is False
    assert "it differs by" in found.facts["probes"]["rows"]["reason"]
    assert "is not taken: it differs by" in caplog.text


def test_ids_that_get_lost_are_not_minus_infinity():
    found = scorer(FakeLLM(faults=frozenset({"loses ids"})))
    check(found, LETTERS)
    assert routes(found) == {"cached_rows": 4}
    assert "cannot be believed" in found.facts["probes"]["next_token"]["reason"]


def test_ids_that_get_lost_after_the_probe_are_asked_for_again():
    llm = FakeLLM()
    found = scorer(llm)
    check(found, LETTERS)
    llm.faults = frozenset({"loses ids"})
    check(found, LETTERS)
    assert found.counts.doubted == 4


def test_an_engine_that_does_not_count_cached_tokens_is_not_believed():
    found = scorer(FakeLLM(faults=frozenset({"counts nothing"})))
    check(found, [*SENTENCES, *LETTERS])
    assert "cached_rows" not in routes(found)


@pytest.mark.parametrize("pairs", [SENTENCES, LETTERS, SEAM])
def test_a_model_that_returns_nan_gives_nan_and_does_not_hang(pairs):
    found = scorer(FakeLLM(faults=frozenset({"not a number"})))
    scores = list(found.score([make_span(owner, *pair) for owner, pair in enumerate(pairs)]))
    assert sorted(score.owner for score in scores) == [0, 1, 2, 3]
    assert all(math.isnan(score.logprob) and score.refused is None and not score.greedy for score in scores)


@pytest.mark.parametrize("fault", ["no rows", "no id"])
def test_an_engine_without_log_probabilities_refuses_and_says_why(fault):
    found = scorer(FakeLLM(faults=frozenset({fault})))
    scores = list(found.score([make_span(owner, *pair) for owner, pair in enumerate(SENTENCES)]))
    assert [score.refused for score in sorted(scores)] == [NO_SCORE] * 4


def test_one_prompt_that_the_engine_refuses_is_one_refusal():
    llm = FakeLLM(faults=frozenset({"refuses 13"}))
    pairs = [([1, 2, 3], [4, 5]), ([1, 2, 13], [4, 5]), ([1, 2, 3], [6])]
    scores = sorted(scorer(llm, scoring="plain").score([make_span(owner, *pair) for owner, pair in enumerate(pairs)]))
    assert [score.refused for score in scores] == [None, "Token id 13 is out of vocabulary", None]


def test_a_context_that_the_engine_refuses_is_a_refusal_of_all_its_options():
    llm = FakeLLM(faults=frozenset({"refuses 13"}))
    pairs = [([1, 2, 13], [4]), ([1, 2, 13], [5]), ([1, 2, 3], [6]), ([1, 2, 3], [7])]
    found = scorer(llm)
    scores = sorted(found.score([make_span(owner, *pair) for owner, pair in enumerate(pairs)]))
    assert [score.refused is None for score in scores] == [False, False, True, True]


def test_each_score_comes_once_in_calls_of_any_size():
    pairs = [*SENTENCES, *SEAM, *LETTERS]
    for rows in (1, 2, 3, 5, 100):
        llm = FakeLLM()
        check(scorer(llm, rows=rows), pairs)
        assert max(map(len, llm.calls)) <= max(rows, 2)


def test_windows_of_texts_share_nothing():
    found = scorer(FakeLLM())
    spans = [make_span(owner, *pair) for owner, pair in enumerate(SENTENCES)]
    assert len(list(found.score(spans, share=False))) == 4
    assert found.facts["requests"] == {"windows": 4}
    assert (found.facts["route"], found.facts["mode"]) == ("windows", "plain")
    check(found, SENTENCES[:1])
    check(found, LETTERS[:1])
    assert found.facts["requests"] == {"windows": 4, "cached_rows": 1, "named_ids": 1}
    assert found.facts["mode"] == "tree"


def test_long_contexts_lose_their_beginning():
    found = scorer(FakeLLM(), limit=10)
    [score] = found.score([make_span(0, QUESTION, [30, 31])])
    assert score.logprob == pytest.approx(expected(QUESTION[-8:], [30, 31])[0], abs=1e-5)
