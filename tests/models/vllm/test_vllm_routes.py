"""What is requested of vLLM on each route, and which of its numbers are believed."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest
from fake_vllm import Logprob

from proctor.models.vllm.routes import HIGHEST, MOST_NAMED, TOP, Part, Route, ScoringRequest, TokenScore, is_logprob

PROMPT = (1, 2, 3)
NEXT = (Part(0, (7,), True, True), Part(1, (8,), True, True))
TAIL = (Part(0, (2, 3), True, True),)


def output(rows=None, *, cached=0, first=None, named=None):
    return SimpleNamespace(
        prompt_logprobs=rows,
        num_cached_tokens=cached,
        prompt_token_id_logprobs=named,
        outputs=[SimpleNamespace(logprobs=first)],
    )


def row(**values):
    return {int(name[1:]): Logprob(value) for name, value in values.items()}


@pytest.mark.parametrize(
    ("route", "parts", "own"),
    [
        (Route.NAMED_IDS, NEXT, {"logprob_token_ids": [7, 8]}),
        (Route.TOP_IDS, NEXT, {"logprobs": TOP}),
        (Route.CACHED_ROWS, TAIL, {"prompt_logprobs": 1, "skip_reading_prefix_cache": False}),
        (Route.REST_ROWS, TAIL, {"prompt_logprobs": 1, "skip_reading_prefix_cache": False}),
        (
            Route.NAMED_ROWS,
            TAIL,
            {"prompt_logprob_start": 0, "prompt_logprob_token_ids": [[2], [3]], "skip_reading_prefix_cache": False},
        ),
        (Route.PROMPT_ROWS, TAIL, {"prompt_logprobs": 1}),
    ],
)
def test_one_token_is_generated_and_the_rest_depends_on_the_route(route, parts, own):
    request = ScoringRequest(route, PROMPT, parts)
    assert request.settings == {"temperature": 0, "max_tokens": 1, "detokenize": False, **own}


def test_equal_settings_are_one_object():
    for route, parts in ((Route.NAMED_IDS, NEXT), (Route.CACHED_ROWS, TAIL)):
        one, other = (ScoringRequest(route, prompt, parts).settings for prompt in (PROMPT, (9, 9)))
        assert one is other


def test_an_id_that_two_options_share_is_named_once():
    parts = (Part(0, (7,), True, True), Part(1, (8,), True, True), Part(2, (7,), True, False))
    assert ScoringRequest(Route.NAMED_IDS, PROMPT, parts).named == [7, 8]
    assert MOST_NAMED == 128


@pytest.mark.parametrize("route", [Route.NAMED_IDS, Route.TOP_IDS])
def test_each_option_of_one_token_is_read_from_the_row_after_the_prompt(route):
    request = ScoringRequest(route, PROMPT, NEXT)
    assert request.read(output(first=[row(t7=-0.5, t8=-1.5)])) == [TokenScore(-0.5, True), TokenScore(-1.5, False)]
    # Ties are all the likeliest, as in lm-eval.
    assert request.read(output(first=[row(t7=-0.5, t8=-0.5)])) == [TokenScore(-0.5, True)] * 2
    # What is not in the row has no score; nor has minus infinity, which stands for ids that got lost.
    assert request.read(output(first=[row(t7=-0.5, t9=0.0)])) == [TokenScore(-0.5, False), None]
    assert request.read(output(first=[row(t7=-0.5, t8=-math.inf)])) == [TokenScore(-0.5, True), None]


@pytest.mark.parametrize("first", [None, [], [None]])
def test_an_output_without_the_row_scores_nothing(first):
    assert ScoringRequest(Route.NAMED_IDS, PROMPT, NEXT).read(output(first=first)) == [None, None]
    bare = SimpleNamespace(outputs=[])
    assert ScoringRequest(Route.NAMED_IDS, PROMPT, NEXT).read(bare) == [None, None]


ROWS = [None, row(t2=-0.25, t9=-2.0), row(t3=-1.0, t9=-0.5)]


@pytest.mark.parametrize("route", [Route.PROMPT_ROWS, Route.CACHED_ROWS, Route.REST_ROWS])
def test_rows_of_the_prompt_are_summed_from_its_end(route):
    request = ScoringRequest(route, PROMPT, TAIL)
    assert request.read(output(ROWS)) == [TokenScore(-1.25, False)]
    # One runner hands over the computed rows alone.
    assert request.read(output(ROWS[1:])) == [TokenScore(-1.25, False)]
    assert request.read(output(ROWS[2:])) == [None]
    assert request.read(output([None, None, ROWS[2]])) == [None]
    assert request.read(output(None)) == [None]


def test_numbers_of_old_releases_are_no_objects():
    rows = [None, {2: -0.25}, {3: -0.5}]
    assert ScoringRequest(Route.PROMPT_ROWS, PROMPT, TAIL).read(output(rows)) == [TokenScore(-0.75, True)]


@pytest.mark.parametrize("route", [Route.CACHED_ROWS, Route.REST_ROWS, Route.NAMED_ROWS])
@pytest.mark.parametrize(("cached", "believed"), [(0, True), (1, False), (3, False), (None, False), ("0", False)])
def test_a_row_that_the_cache_may_have_hidden_is_not_believed(route, cached, believed):
    """Token 2 of the prompt is the first that is scored: row 1 is computed with token 1, the only one before it."""
    request = ScoringRequest(route, PROMPT, TAIL)
    [score] = request.read(output(ROWS, cached=cached, named=[[-0.25], [-1.0]]))
    assert (score is not None) is believed


@pytest.mark.parametrize("value", [math.nan, -math.inf, 0.5])
def test_what_is_no_log_probability_is_the_models_own_in_lm_evals_way_alone(value):
    rows = [None, row(t2=value), row(t3=-1.0)]
    [whole] = ScoringRequest(Route.PROMPT_ROWS, PROMPT, TAIL).read(output(rows))
    assert whole is not None
    assert whole.logprob == pytest.approx(value - 1.0, nan_ok=True)
    assert ScoringRequest(Route.CACHED_ROWS, PROMPT, TAIL).read(output(rows)) == [None]


def test_named_rows_do_not_know_what_is_likeliest():
    request = ScoringRequest(Route.NAMED_ROWS, PROMPT, TAIL)
    assert request.read(output(named=[[-0.25], [-1.0]])) == [TokenScore(-1.25, False)]
    for named in (None, [[-0.25]], [[-0.25], [math.nan]], [[-0.25], [0.5]]):
        assert request.read(output(named=named)) == [None]


@pytest.mark.parametrize(
    ("value", "believed"),
    [(-3.5, True), (0.0, True), (HIGHEST, True), (2 * HIGHEST, False), (-math.inf, False), (math.nan, False)],
)
def test_a_log_probability_is_finite_and_not_above_rounding(value, believed):
    assert is_logprob(value) is believed
