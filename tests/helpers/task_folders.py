"""Small folders of tasks: heads of task files, rows, and what validating them finds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from proctor.run.progress import Quiet
from proctor.validate import ValidationReport, validate

ROWS = [{"question": f"{n} + 1?", "choices": [str(n), str(n + 1), "none"], "answer": 1} for n in range(6)]

TEMPLATE = """\
dataset_path: json
dataset_kwargs: {data_files: {test: test.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{question}}"
doc_to_choice: choices
doc_to_target: answer
"""

HEAD = """\
task: quiz
dataset_path: json
dataset_kwargs: {data_files: {test: test.jsonl}}
test_split: test
"""
CHOICE = HEAD + "output_type: multiple_choice\n"
PLAIN = CHOICE + 'doc_to_text: "{{question}}"\ndoc_to_choice: choices\ndoc_to_target: answer\n'
TEXT = HEAD + 'doc_to_text: "{{question}}"\ndoc_to_target: answer\n'
QUIZ_ROWS = [{"question": f"Q{n}?", "choices": ["w", "x", "y", "z"], "answer": n % 4} for n in range(6)]
SETTINGS = ("run", "--model", "dummy")


def check(*names: Path | str, **options) -> ValidationReport:
    """What validating these tasks finds."""
    return validate([str(name) for name in names], progress=Quiet, **options)


def lines(errors) -> list[str]:
    """``file:line: message`` with the file's name alone."""
    return [f"{Path(finding.file or '').name}:{finding.line}: {finding.message}" for finding in errors]


def with_answers(answers: Sequence[Any], choices: Sequence[str] = ("w", "x", "y", "z")) -> list[dict[str, Any]]:
    """Documents of a quiz that differ in nothing but their targets."""
    return [{"question": f"Q{n}?", "choices": choices, "answer": one} for n, one in enumerate(answers)]
