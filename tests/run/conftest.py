"""Exams of four and of twenty documents."""

from __future__ import annotations

import pytest
from dummy_runs import change


@pytest.fixture
def exam(tmp_path, write_exam):
    """Two tasks of four documents whose examples come from the questions themselves."""
    folder = write_exam(tmp_path, "one", "two", documents=4, more="fewshot_split: test\n")
    for name in ("one", "two"):
        change(folder / f"{name}.yaml", "test_split: test\noutput", "validation_split: test\noutput")
    return folder


@pytest.fixture
def shaky(tmp_path, write_exam):
    """Twenty documents in two tasks; the first one's process_results fails on the third and fifth."""
    folder = write_exam(tmp_path / "shaky", "one", "two", documents=20)
    code = (
        "def measure(doc, results):\n    assert doc['question'] not in ('Q2', 'Q4'), 'odd one'\n    return {'m': 1}\n"
    )
    (folder / "own.py").write_text(code, encoding="utf-8")
    with (folder / "one.yaml").open("a", encoding="utf-8") as file:
        file.write("process_results: !function own.measure\nmetric_list: [{metric: m, aggregation: mean}]\n")
    return folder
