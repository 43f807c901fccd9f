"""A small exam on disk and the shortest way to a bound task over it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from proctor.tasks.build_spec import build_task
from proctor.tasks.spec import TaskSpec
from proctor.tasks.task import Task

ROWS = [
    {"question": f"What is {n} plus one?", "choices": [str(n), str(n + 1), str(n + 2)], "answer": 1, "topic": "sums"}
    for n in range(12)
]


@dataclass(frozen=True)
class Place:
    file: str
    line: int


@dataclass(frozen=True)
class Node:
    """What selecting yields, made by hand."""

    name: str
    config: dict[str, Any]
    file: str | None = None
    places: dict[tuple[str | int, ...], Any] = field(default_factory=dict)
    members: tuple[Any, ...] = ()


@pytest.fixture
def exam(tmp_path: Path) -> Path:
    """A folder with a train and a test split of arithmetic."""
    for split, rows in (("test", ROWS), ("train", [{**row, "question": "T: " + row["question"]} for row in ROWS])):
        text = "\n".join(json.dumps(row) for row in rows)
        (tmp_path / f"{split}.jsonl").write_text(text + "\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def node(exam: Path) -> Callable[..., Node]:
    """A task's node: a multiple-choice exam, changed by keywords (None takes a key away)."""

    def make(name: str = "sums", **changes: Any) -> Node:
        config: dict[str, Any] = {
            "task": name,
            "dataset_path": "json",
            "dataset_kwargs": {"data_files": {"test": "test.jsonl", "train": "train.jsonl"}},
            "test_split": "test",
            "fewshot_split": "train",
            "output_type": "multiple_choice",
            "doc_to_text": "Q: {{question}}\nA:",
            "doc_to_choice": "choices",
            "doc_to_target": "answer",
            "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
            **changes,
        }
        config = {key: value for key, value in config.items() if value is not None}
        file = str(exam / f"{name}.yaml")
        places = {(key,): Place(file, line) for line, key in enumerate(config, start=1)}
        return Node(name, config, file, places)

    return make


@pytest.fixture
def spec(node: Callable[..., Node]) -> Callable[..., TaskSpec]:
    """A built spec."""
    return lambda **changes: build_task(node(**changes))


@pytest.fixture
def task(spec: Callable[..., TaskSpec]) -> Callable[..., Task]:
    """A bound task."""
    return lambda **changes: Task(spec(**changes))
