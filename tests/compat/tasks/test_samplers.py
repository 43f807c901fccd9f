"""What scripts may rely on in ``lm_eval.api.samplers``: sizes, seeds, pools, and who is left out."""

from __future__ import annotations

import pytest

from proctor.compat.tasks.samplers import SAMPLER_REGISTRY, ContextSampler, FirstNSampler, get_sampler
from proctor.errors import DataError, UsageError

BIRDS = [{"bird": name} for name in ("wren", "rook", "swan", "tern", "kite")]
MANY = [{"stone": number} for number in range(80)]


@pytest.mark.parametrize("n", range(6))
def test_as_many_are_drawn_as_are_asked_for_and_each_once(n):
    drawn = ContextSampler(BIRDS, rnd=3).sample(n)
    assert len(drawn) == n
    assert all(drawn.count(one) == 1 for one in drawn)
    assert FirstNSampler(BIRDS, rnd=3).sample(n) == BIRDS[:n]


def test_a_seed_decides_and_another_decides_otherwise():
    first, again, other = (ContextSampler(MANY, rnd=seed).sample(8) for seed in (11, 11, 12))
    assert first == again
    assert first != other
    assert FirstNSampler(MANY, rnd=11).sample(8) == FirstNSampler(MANY, rnd=12).sample(8)


def test_one_sampler_goes_on_until_it_is_seeded_anew():
    sampler = ContextSampler(MANY, rnd=11)
    first, second = sampler.sample(8), sampler.sample(8)
    assert first != second
    assert sampler.set_rnd(11).sample(8) == first


@pytest.mark.parametrize("position", range(5))
def test_all_the_others_can_be_drawn(position):
    question = BIRDS[position]
    others = [bird for bird in BIRDS if bird != question]
    drawn = ContextSampler(BIRDS, rnd=1).sample(4, eval_doc=question)
    assert sorted(bird["bird"] for bird in drawn) == sorted(bird["bird"] for bird in others)
    assert FirstNSampler(BIRDS).sample(4, eval_doc=question) == others


@pytest.mark.parametrize("seed", range(12))
def test_a_question_that_stands_in_the_pool_several_times_is_still_left_out(seed):
    pool = [BIRDS[0], BIRDS[1], dict(BIRDS[0]), BIRDS[2], dict(BIRDS[0])]
    drawn = ContextSampler(pool, rnd=seed).sample(2, eval_doc=dict(BIRDS[0]))
    assert sorted(bird["bird"] for bird in drawn) == ["rook", "swan"]


def test_the_draw_after_too_few_are_left_is_lm_evals():
    pool = [BIRDS[0], BIRDS[1], BIRDS[0], BIRDS[2], BIRDS[3]]
    assert ContextSampler(pool, rnd=4).sample(2, eval_doc=BIRDS[0]) == [BIRDS[3], BIRDS[2]]


def test_positions_choose_the_pool_once_for_each_pool():
    sampler = ContextSampler(BIRDS, rnd=1, fewshot_indices=[4, 0])
    assert sampler.fewshot_docs() == [BIRDS[4], BIRDS[0]]
    assert sampler.fewshot_docs() == [BIRDS[4], BIRDS[0]]
    sampler.replace_df(MANY)
    assert sampler.fewshot_docs() == [MANY[4], MANY[0]]


def test_first_n_takes_the_split_as_it_is():
    assert FirstNSampler(BIRDS, fewshot_indices=[4, 0]).sample(2) == BIRDS[:2]
    assert FirstNSampler(BIRDS).sample(2, df=MANY) == BIRDS[:2]


def test_other_documents_take_the_place_of_those_it_has():
    sampler = ContextSampler(BIRDS, rnd=1)
    assert all(one in MANY for one in sampler.sample(10, df=MANY))
    assert sampler.df is MANY
    assert all(one in BIRDS for one in sampler.set_rnd(2).replace_df(BIRDS).sample(2))
    assert ContextSampler(None).df == []


@pytest.mark.parametrize(
    ("sampler", "n", "question", "error", "there", "said"),
    [
        (ContextSampler(BIRDS, rnd=1), -1, None, UsageError, AssertionError, "must be >=0, not -1"),
        (FirstNSampler(BIRDS), -3, None, UsageError, AssertionError, "must be >=0, not -3"),
        (ContextSampler([]), 1, None, DataError, AssertionError, "no documents available"),
        (ContextSampler(BIRDS), 6, None, DataError, ValueError, "6 few-shot examples are needed.*holds 5"),
        (ContextSampler(BIRDS), 5, BIRDS[2], DataError, ValueError, "holds 5"),
        (FirstNSampler(BIRDS), 9, None, DataError, AssertionError, "9, exceeds .*, 5"),
        (FirstNSampler(BIRDS), 5, BIRDS[0], DataError, AssertionError, "5, exceeds .*, 4"),
    ],
)
def test_what_cannot_be_drawn_is_a_sentence_of_both_kinds(sampler, n, question, error, there, said):
    with pytest.raises(error, match=said) as caught:
        sampler.sample(n, eval_doc=question)
    assert isinstance(caught.value, there)


def test_leaving_one_out_keeps_the_order():
    assert ContextSampler.rm_eval_doc(BIRDS[1], BIRDS) == [BIRDS[0], *BIRDS[2:]]
    assert ContextSampler.rm_eval_doc(BIRDS[1], BIRDS, n=2) == [BIRDS[0], BIRDS[2]]
    assert ContextSampler.rm_eval_doc({"bird": "emu"}, BIRDS) == BIRDS


def test_samplers_have_names():
    assert dict(SAMPLER_REGISTRY) == {"default": ContextSampler, "first_n": FirstNSampler}
    assert get_sampler("default")(BIRDS, rnd=5).sample(3) == ContextSampler(BIRDS, rnd=5).sample(3)
    with pytest.raises(UsageError, match="no sampler 'tallest'") as caught:
        get_sampler("tallest")
    assert "default, first_n" in str(caught.value)
