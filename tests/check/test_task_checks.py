"""What is wrong with a task though every prompt can be made: run, preview and validate say the same."""

from __future__ import annotations

import json

from task_folders import SETTINGS, with_answers


def test_a_good_exam_has_nothing_said(ask):
    code, said = ask(*SETTINGS)
    assert code == 0
    assert "quiz.yaml" not in said


def test_results_carry_what_was_said(ask, tmp_path):
    ask(*SETTINGS, "--output_path", str(tmp_path / "out"), rows=with_answers([0, 7]))
    [file] = (tmp_path / "out").rglob("results_*.json")
    [line] = json.loads(file.read_text())["proctor"]["warnings"]["quiz"]
    assert "doc_to_target gave 7, but there are 4 choices" in line
