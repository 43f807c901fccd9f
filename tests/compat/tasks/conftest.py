"""A configuration over files, as classes of task folders take it."""

from __future__ import annotations

import json

import pytest
from choice_class import ROWS


@pytest.fixture
def config(tmp_path):
    """The configuration of a multiple-choice task over eight questions."""
    for split in ("train", "test"):
        rows = [{**row, "question": f"{split}: {row['question']}"} for row in ROWS]
        (tmp_path / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    files = {split: str(tmp_path / f"{split}.jsonl") for split in ("train", "test")}
    return {
        "task": "sums",
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": files, "trust_remote_code": True},
        "training_split": "train",
        "test_split": "test",
        "output_type": "multiple_choice",
        "doc_to_text": "Q: {{question}}\nA:",
        "doc_to_choice": "choices",
        "doc_to_target": "gold",
        "metadata": {"version": 4},
    }
