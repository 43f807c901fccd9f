"""The tool that writes down the names of a task folder."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

from proctor.tasks.index import build_index

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

import stock_names


def test_names_sizes_and_folders_are_written_and_no_text(tmp_path, write_exam):
    write_exam(tmp_path / "arith" / "deep", "add", more="tag: sums\n")
    write_exam(tmp_path / "arith", "sub", more="tag: sums\n")
    (tmp_path / "arith" / "g.yaml").write_text("group: g\ntask: [add, sub]\n")
    (tmp_path / "__pycache__").mkdir()
    facts = stock_names.names_of(build_index([tmp_path], defaults=False), tmp_path, "1.2")
    assert facts == {
        "version": "1.2",
        "tasks": ["add", "sub"],
        "groups": {"g": 2},
        "tags": {"sums": 2},
        "folders": ["arith"],
    }
    content = stock_names.written(facts)
    assert content == stock_names.written(facts)
    assert json.loads(gzip.decompress(content)) == facts
