"""An exam with options in its prompts."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

TASK = """\
task: quiz
dataset_path: json
dataset_kwargs: {{data_files: {{test: {file}}}}}
test_split: test
output_type: multiple_choice
doc_to_text: |-
  {{{{question}}}}
  {{%- for one in choices %}}
  {{{{'ABCDE'[loop.index0]}}}}. {{{{one}}}}
  {{%- endfor %}}
  Answer:
doc_to_choice: [A, B, C, D]
doc_to_target: answer
metadata: {{version: 1.0, choices: {{options: choices, answer: answer, answer_form: index}}}}
"""


@pytest.fixture
def write_quiz(tmp_path: Path) -> Callable[[Sequence[tuple[str, Sequence[str]]]], str]:
    """Write an exam of questions and their options, of which the first is right; the path of its task."""

    def write(rows: Sequence[tuple[str, Sequence[str]]]) -> str:
        file = tmp_path / "quiz.jsonl"
        lines = [{"question": question, "choices": list(options), "answer": 0} for question, options in rows]
        file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        task = tmp_path / "quiz.yaml"
        task.write_text(TASK.format(file=file), encoding="utf-8")
        return str(task)

    return write
