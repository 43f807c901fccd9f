"""The classes that tasks written in Python descend from."""

from __future__ import annotations

import pytest

from proctor.compat.tasks.task_types import PerplexityTask
from proctor.errors import UsageError
from proctor.tasks.class_task import from_object
from proctor.tasks.example import AskResult
from proctor.tasks.prompt import PromptStyle


class Pages(PerplexityTask):
    def download(self, *args, **kwargs):
        self.dataset = ["one two", "three"]

    def has_validation_docs(self):
        return True

    def has_test_docs(self):
        return False

    def validation_docs(self):
        return self.dataset


def test_texts_are_scored_whole():
    task = from_object(Pages())
    example = next(task.examples([0], PromptStyle(), 0))
    assert [ask.request.text for ask in task.asks(example, PromptStyle())] == ["one two"]
    assert task.measure(example, 0, [AskResult("text", (-7.0,))]) == {
        "word_perplexity": (-7.0, 2),
        "byte_perplexity": (-7.0, 7),
        "bits_per_byte": (-7.0, 7),
    }
    assert [use.aggregation_name for use in task.uses] == [
        "weighted_perplexity",
        "weighted_perplexity",
        "bits_per_byte",
    ]
    with pytest.raises(UsageError, match="no few-shot examples"):
        Pages().fewshot_context("x", 1)
