"""What every task class of lm-eval can do."""

from __future__ import annotations

import pytest
from choice_class import ROWS, Choice

from proctor.errors import UsageError
from proctor.tasks.class_task import from_object
from proctor.tasks.example import AskResult
from proctor.tasks.prompt import PromptStyle


def test_a_plain_task_takes_examples_from_its_questions_but_not_this_one():
    task = Choice()
    with pytest.raises(UsageError, match="need a seed"):
        task.fewshot_context(ROWS[0], 1)
    task.set_fewshot_seed(3)
    for _ in range(20):
        text = task.fewshot_context(ROWS[0], 2)
        assert text.count("plus one?") == 3
        assert text.count("What is 0") == 1
    asked = from_object(task, name="mine")
    [ask] = asked.asks(next(asked.examples([1], PromptStyle(), 0)), PromptStyle(chat=lambda *a, **k: "never"))
    assert (ask.request.context, ask.request.continuations) == ("What is 1 plus one?", (" 1", " 2"))
    assert asked.measure(
        next(asked.examples([1], PromptStyle(), 0)), 0, [AskResult("option", ((-2.0, False), (-1.0, True)))]
    ) == {
        "acc": 1.0,
        "acc_norm": 1.0,
    }
    with pytest.raises(NotImplementedError):
        task.doc_to_decontamination_query(ROWS[0])


def test_documents_by_number():
    task = Choice()
    assert [number for number, _ in task.doc_iterator(rank=1, world_size=3)] == [1, 4, 7]
    assert [number for number, _ in task.doc_iterator(limit=2)] == [0, 1]
    assert [number for number, _ in task.doc_iterator(samples=[5, 2])] == [0, 1]
    assert [doc["question"] for _, doc in task.doc_iterator(samples=[5, 2])] == [
        f"What is {number} plus one?" for number in (2, 5)
    ]
    with pytest.raises(UsageError, match="8 documents"):
        task.doc_iterator(samples=[9])
