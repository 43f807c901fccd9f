"""What a configured task reads: its splits, and the documents that its examples are drawn from."""

from __future__ import annotations

from random import Random

import pytest

from proctor.compat.tasks.configurable import ConfigurableTask
from proctor.compat.tasks.samplers import FirstNSampler
from proctor.compat.tasks.task_config import TaskConfig
from proctor.errors import UsageError

ROWS = [{"question": f"{n} and one?", "answer": str(n + 1)} for n in range(6)]
CONFIG = {
    "task": "own",
    "custom_dataset": lambda **kwargs: {"train": ROWS[:4], "test": ROWS},
    "training_split": "train",
    "test_split": "test",
    "doc_to_text": "question",
    "doc_to_target": "answer",
    "fewshot_config": {"split": "train"},
}


def made(**changes):
    return ConfigurableTask(config={**CONFIG, **changes})


def test_splits_are_those_that_the_configuration_names():
    task = made()
    assert (task.training_docs(), task.validation_docs(), task.test_docs()) == (ROWS[:4], None, ROWS)
    assert (task.has_training_docs(), task.has_validation_docs(), task.has_test_docs()) == (True, False, True)


def test_examples_come_from_their_split_after_its_own_function():
    task = made(fewshot_config={"split": "train", "process_docs": lambda rows: rows[1:]}, process_docs=list)
    assert task.fewshot_docs() == ROWS[1:4]
    assert made(fewshot_config={"samples": lambda: ROWS[:1]}, fewshot_split=None).fewshot_docs() == ROWS[:1]


def test_a_pool_is_read_when_examples_are_drawn_and_not_before():
    calls = []
    task = made(fewshot_config={"split": "train", "process_docs": lambda rows: calls.append(1) or rows})
    task.set_fewshot_seed(7)
    assert calls == []
    assert task.sampler.sample(2) == Random(7).sample(ROWS[:4], 2)
    assert calls == [1]


def test_a_seed_counts_whether_the_sampler_is_there_or_not():
    task = made()
    task.set_fewshot_seed(1)
    first = task.sampler.sample(3)
    task.set_fewshot_seed(1)
    assert task.sampler.sample(3) == first


def test_indices_choose_from_the_pool():
    task = made(fewshot_config={"split": "train", "sampler": "first_n", "fewshot_indices": [3, 0]})
    assert list(task.sampler.sample(2)) == [ROWS[3], ROWS[0]]


def test_a_script_may_put_a_sampler_in_its_place():
    task = made()
    task.sampler = FirstNSampler(ROWS[4:])
    assert task.fewshot_context(ROWS[0], 1) == "4 and one? 5\n\n0 and one?"


def test_the_document_is_left_out_of_its_examples_on_demand():
    task = made(fewshot_config={"split": "test", "sampler": "first_n"}, test_split=None, validation_split="test")
    assert task.fewshot_context(ROWS[0], 1).startswith("0 and one? 1")
    task.exclude_evaluated()
    assert task.fewshot_context(ROWS[0], 1).startswith("1 and one? 2")


def test_a_configuration_is_given_or_brought_along():
    class Brings(ConfigurableTask):
        CONFIG = TaskConfig(**CONFIG)

    assert Brings(config={"num_fewshot": 2}).config.num_fewshot == 2
    with pytest.raises(UsageError, match="needs a configuration"):
        ConfigurableTask()
