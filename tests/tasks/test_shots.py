"""Few-shot examples: drawn by position, rendered once."""

from __future__ import annotations

import pytest

from proctor.errors import TaskError
from proctor.run.exam import load_exam
from proctor.run.progress import Quiet
from proctor.settings.config import build_config
from proctor.tasks.fewshot import FirstN, TooFewError
from proctor.tasks.shots import Shots

POOL = [{"question": "Two?", "answer": "2"}, {"question": "Three?", "answer": "3"}]


@pytest.fixture
def task(tmp_path):
    (tmp_path / "test.jsonl").write_text('{"question": "One?", "answer": "1"}\n', encoding="utf-8")
    (tmp_path / "sums.yaml").write_text(
        "task: sums\ndataset_path: json\ndataset_kwargs: {data_files: {test: test.jsonl}}\ntest_split: test\n"
        "output_type: generate_until\ndoc_to_text: '{{question}}'\ndoc_to_target: answer\n",
        encoding="utf-8",
    )
    (task,) = load_exam(build_config({"model": "dummy", "tasks": [str(tmp_path / "sums.yaml")]}), Quiet).tasks
    return task


class Drawn:
    """Draws what it was given."""

    def __init__(self, *positions):
        self.positions = positions

    def draw(self, doc):
        if not self.positions:
            raise TooFewError(2, 0)
        return self.positions


def test_examples_are_turns_of_question_and_answer_in_the_order_drawn(task):
    shots = Shots(task.spec, task.shots, task.shape, POOL, Drawn(1, 0))
    positions = shots.positions({})
    assert positions == (1, 0)
    assert [message.content for message in shots.messages(positions)] == ["Three?", "3", "Two?", "2"]
    assert shots.documents(positions) == [(1, POOL[1]), (0, POOL[0])]


def test_an_example_is_rendered_once(task):
    shots = Shots(task.spec, task.shots, task.shape, POOL, Drawn(0))
    assert shots.messages([0])[0] is shots.messages([0])[0]


def test_a_pool_that_is_too_small_is_an_error_of_the_task(task):
    with pytest.raises(TaskError, match="sums"):
        Shots(task.spec, task.shots, task.shape, POOL, Drawn()).positions({})


def test_the_first_examples_of_a_pool(task):
    sampler = FirstN(POOL, 2, exclude=False)
    assert Shots(task.spec, task.shots, task.shape, POOL, sampler).positions({}) == (0, 1)
