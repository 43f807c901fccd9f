"""A task class with choices, and its eight questions."""

from __future__ import annotations

from proctor.compat.tasks.task_types import MultipleChoiceTask

ROWS = [{"question": f"What is {n} plus one?", "choices": [str(n), str(n + 1)], "gold": 1} for n in range(8)]


class Choice(MultipleChoiceTask):
    def download(self, *args, **kwargs):
        self.dataset = {"test": ROWS}

    def has_training_docs(self):
        return False

    def has_validation_docs(self):
        return False

    def has_test_docs(self):
        return True

    def test_docs(self):
        return self.dataset["test"]

    def doc_to_text(self, doc):
        return doc["question"]
