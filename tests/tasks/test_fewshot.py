"""Samplers draw what lm-eval draws, number by number."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.errors import DataError
from proctor.tasks.fewshot import FirstN, RandomSampler, load_pool, make_sampler, may_leak
from proctor.tasks.prompt import Style
from proctor.tasks.spec import override

POOL30 = [{"n": n} for n in range(30)]
POOL24 = [{"n": n} for n in range(24)]


def test_draws_from_another_split():
    sampler = RandomSampler(POOL30, 3, Random(1234), exclude=False)
    assert [list(sampler.draw({"n": -1})) for _ in range(4)] == [[24, 14, 3], [0, 2, 29], [25, 18, 1], [21, 22, 2]]


def test_draws_that_leave_the_question_out():
    sampler = RandomSampler(POOL24, 3, Random(1234), exclude=True)
    # Four are drawn each time: [14 3 0 2] [18 1 21 22] [2 3 11 7] [0 11 20 19].
    assert list(sampler.draw({"n": 3})) == [14, 0, 2]
    assert list(sampler.draw({"n": 5})) == [18, 1, 21]
    assert list(sampler.draw({"n": 7})) == [2, 3, 11]


def test_duplicates_of_the_question_are_drawn_again():
    pool = [{"n": 0}] * 6 + [{"n": 1}, {"n": 2}]
    sampler = RandomSampler(pool, 2, Random(0), exclude=True)
    for _ in range(20):
        assert sorted(sampler.draw({"n": 0})) == [6, 7]
    with pytest.raises(DataError, match="without the question"):
        RandomSampler([{"n": 0}] * 5, 2, Random(0), exclude=True).draw({"n": 0})


@given(st.integers(1, 8), st.integers(0, 19), st.integers(0, 10**6))
def test_the_question_is_never_among_its_own_examples(n, question, seed):
    pool = [{"n": i} for i in range(20)]
    drawn = RandomSampler(pool, n, Random(seed), exclude=True).draw({"n": question})
    assert len(set(drawn)) == n
    assert question not in drawn
    first = FirstN(pool, n, exclude=True).draw({"n": question})
    assert len(set(first)) == n
    assert question not in first


def test_first_n_keeps_the_order():
    assert list(FirstN(POOL30, 3, exclude=False).draw({"n": 1})) == [0, 1, 2]
    assert list(FirstN(POOL30, 3, exclude=True).draw({"n": 1})) == [0, 2, 3]


def test_a_pool_that_is_too_small_says_both_numbers(task):
    bound = task(num_fewshot=13)
    with pytest.raises(
        DataError, match="13 few-shot examples are asked for, but the pool they are drawn from holds 12"
    ):
        list(bound.examples([0], Style(), 1))


def test_none_equals_none_is_excluding(spec, task):
    # lm-eval: no test_split and no fewshot_split count as the same split.
    built = override(
        spec(test_split=None, validation_split="test", fewshot_split=None, training_split="train"), num_fewshot=2
    )
    sampler = make_sampler(built, POOL24, 1234)
    assert list(sampler.draw({"n": 99})) == Random(1234).sample(range(24), 3)[:2]


def test_leaks_are_known(spec):
    assert may_leak(override(spec(test_split=None, validation_split="test", fewshot_split="test"), num_fewshot=1))
    assert not may_leak(override(spec(), num_fewshot=1))
    assert not may_leak(override(spec(fewshot_split="test"), num_fewshot=1))
    assert not may_leak(spec(test_split=None, validation_split="test", fewshot_split="test"))


def test_fixed_samples_and_indices(task):
    samples = [{"question": "s", "choices": ["a", "b"], "answer": 0}]
    bound = task(fewshot_split=None, fewshot_config={"samples": samples}, num_fewshot=1)
    assert load_pool(bound.spec, bound.splits) == samples
    bound = task(fewshot_config={"fewshot_indices": [3, 1]}, num_fewshot=1)
    assert [doc["choices"][0] for doc in load_pool(bound.spec, bound.splits)] == ["3", "1"]


@pytest.mark.parametrize(
    "sampler", [lambda pool: RandomSampler(pool, 1, Random(0), True), lambda pool: FirstN(pool, 1, True)]
)
def test_a_pool_of_the_question_alone_is_too_small(sampler):
    doc = {"question": "?"}
    with pytest.raises(
        DataError, match="1 few-shot example is asked for, but without the question itself the pool holds 0"
    ):
        sampler([doc, doc]).draw(doc)
