"""Quizzes of any number of documents with two options, as files."""

from __future__ import annotations

import json
from pathlib import Path

TASK = """\
task: NAME
dataset_path: json
dataset_kwargs: {data_files: {test: NAME.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{question}}"
doc_to_choice: [A, B]
doc_to_target: answer
"""


def write_quiz(folder: Path, name: str = "quiz", documents: int = 40, questions: str = "Q{}", more: str = "") -> str:
    """The path of the task's file; the gold is A and B in turn."""
    rows = [{"question": questions.format(n), "answer": n % 2} for n in range(documents)]
    (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (folder / f"{name}.yaml").write_text(TASK.replace("NAME", name) + more, encoding="utf-8")
    return str(folder / f"{name}.yaml")
