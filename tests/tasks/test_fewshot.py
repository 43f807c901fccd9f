"""Samplers draw what lm-eval draws, number by number."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.errors import DataError, TaskError
from proctor.tasks.build_spec import build_task
from proctor.tasks.fewshot import FirstN, RandomSampler, load_pool, make_sampler, may_leak
from proctor.tasks.override import override
from proctor.tasks.prompt import PromptStyle
from proctor.tasks.shots import Shots
from proctor.tasks.source_map import Location
from proctor.tasks.task import Task

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
    with pytest.raises(TaskError) as caught:
        list(bound.examples([0], PromptStyle(), 1))
    said = "13 few-shot examples are asked for, but the split 'train', which they are drawn from, holds 12 documents."
    assert said in str(caught.value)
    assert "Use --num_fewshot 12 or fewer, or name a larger split as fewshot_split." in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "key", "name"),
    [
        ({"num_fewshot": 13}, ("num_fewshot",), "the split 'train'"),
        ({"fewshot_split": None, "training_split": "train"}, ("training_split",), "the split 'train'"),
        (
            {"fewshot_split": None, "fewshot_config": {"split": "train"}},
            ("fewshot_config", "split"),
            "the split 'train'",
        ),
        (
            {"fewshot_split": None, "fewshot_config": {"samples": []}},
            ("fewshot_config", "samples"),
            "fewshot_config.samples",
        ),
        ({"fewshot_split": "test"}, ("fewshot_split",), "(the question itself is left out)"),
    ],
)
def test_a_pool_that_is_too_small_names_the_key(node, changes, key, name):
    """``num_fewshot`` where the file asks for so many, else what names the source of the examples."""
    made = node(**changes)
    made.places.update(
        {key: Location("sums.yaml", 7), **{(one,): Location("sums.yaml", 1) for one in made.config if one != key[0]}}
    )
    bound = Task(override(build_task(made), num_fewshot=13))
    with pytest.raises(TaskError) as caught:
        list(bound.examples([0], PromptStyle(), 1))
    assert str(caught.value).startswith("sums.yaml:7: task 'sums': 13 few-shot examples")
    assert name in str(caught.value)


def test_a_pool_of_one_question_names_the_task(task):
    rows = [{"question": "s", "choices": ["a", "b"], "answer": 0}]
    bound = task(fewshot_split="test", fewshot_config={"process_docs": None}, num_fewshot=1)
    with pytest.raises(TaskError, match="task 'sums': 1 few-shot example is asked for, but the split 'test'"):
        Shots(bound.spec, bound.shots, bound.shape, rows * 2, FirstN(rows * 2, 1, exclude=True)).positions(rows[0])


@pytest.mark.parametrize("index", [12, -13])
def test_an_index_that_names_no_example_is_a_error(task, index):
    bound = task(fewshot_config={"fewshot_indices": [0, index]}, num_fewshot=1)
    with pytest.raises(TaskError, match=f"fewshot_indices names document {index}, but the split 'train' holds 12"):
        list(bound.examples([0], PromptStyle(), 1))


@pytest.mark.parametrize("config", [{}, {"doc_to_text": "answer", "doc_to_target": "topic"}])
def test_answers_of_examples_that_are_counted_from_1_are_suspected(task, config):
    """Where the answer names a choice, and where the question does (the choices are contexts)."""
    sample = {"question": "s", "choices": ["a", "b"], "answer": 2, "topic": "t"}
    shots = {"samples": [sample]}
    bound = task(fewshot_split=None, fewshot_config=shots, num_fewshot=1, **config)
    with pytest.raises(TaskError) as caught:
        list(bound.examples([0], PromptStyle(), 1))
    assert "a few-shot example cannot be written: its answer is choice 2, but it has 2 choices." in str(caught.value)
    assert "Choices are numbered from 0. Is the target counted from 1? '{{ x - 1 }}'." in str(caught.value)


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
