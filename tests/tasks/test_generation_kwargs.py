"""``generation_kwargs``: lm-eval's defaults, and what a run puts over them."""

from __future__ import annotations

import pytest

from proctor.tasks.generation_kwargs import TOKEN_LIMIT_KEYS, fill_generation, merge_generation


@pytest.mark.parametrize("config", [{}, {"output_type": "generate_until"}, {"generation_kwargs": None}])
def test_a_task_that_generates_has_lm_evals_defaults_in_their_order(config):
    filled = fill_generation(config, "\n--\n")
    assert filled == {"temperature": 0.0, "do_sample": False, "max_gen_toks": 256, "until": ["\n--\n"]}
    assert list(filled) == ["temperature", "do_sample", "max_gen_toks", "until"]


@pytest.mark.parametrize("output", ["multiple_choice", "loglikelihood", "loglikelihood_rolling", "unknown"])
def test_a_task_that_scores_has_none(output):
    assert fill_generation({"output_type": output}, "\n\n") is None


def test_what_a_task_says_stands_alone_but_for_where_to_stop():
    given = {"temperature": "1", "top_p": 0.5}
    assert fill_generation({"generation_kwargs": given}, "\n\n") == {
        "temperature": 1.0, "top_p": 0.5, "until": ["\n\n"]
    }  # fmt: skip
    assert fill_generation({"generation_kwargs": {"until": []}}, "\n\n") == {"until": []}
    assert given == {"temperature": "1", "top_p": 0.5}
    with pytest.raises(ValueError, match="hot"):
        fill_generation({"generation_kwargs": {"temperature": "hot"}}, "")


@pytest.mark.parametrize("place", range(1, 4))
def test_the_limit_of_a_run_counts_whatever_stronger_name_the_task_wrote(place):
    stronger, given = TOKEN_LIMIT_KEYS[0], TOKEN_LIMIT_KEYS[place]
    own = {stronger: 100, "until": ["x"]}
    assert merge_generation(own, {given: 5}, strict=False) == {"until": ["x"], given: 5}
    # lm-eval: the task's own limit stays, and is the one that counts.
    assert merge_generation(own, {given: 5}, strict=True) == {stronger: 100, "until": ["x"], given: 5}


def test_the_run_goes_over_the_task_key_by_key():
    own = {"temperature": 0.0, "max_gen_toks": 9}
    assert merge_generation(own, {"temperature": 1.0}, strict=False) == {"temperature": 1.0, "max_gen_toks": 9}
    assert merge_generation(None, {"top_k": 1}, strict=False) == {"top_k": 1}
    assert merge_generation(own, {}, strict=False) == own
