"""The table of what a run could show."""

from __future__ import annotations

from proctor.cli.main import main
from proctor.cli.power_table import power_lines
from proctor.preview.power import TaskPower

TASKS = [
    TaskPower("시험", 1000, 1000, None, is_group=True),
    TaskPower("a", 900, 900, 30),
    TaskPower("b", 100, 500, None),
]


def test_each_row_has_its_effect_and_small_ones_are_counted():
    text = "\n".join(power_lines(TASKS, 2))
    assert "시험  1,000  1,000  3.1 points   4.0 points" in text
    assert [line.split() for line in text.splitlines() if line.startswith("a ")] == [
        ["a", "900", "900", "3.3", "points", "4.2", "points", "4.6", "points", "30", "22.9", "points"]
    ]
    assert "Documents that a difference needs: 5.0 points 628; 2.0 points 3,925; 1.0 point 15,698." in text
    assert "would be missed more than one time in five by 1 row of 3." in text
    assert "MDE at most: if the documents of a cluster" in text


def test_one_task_has_nothing_to_be_corrected_for():
    text = "\n".join(power_lines([TASKS[2]], 1))
    assert "tasks)" not in text
    assert "clusters" not in text


def test_without_documents_there_is_no_effect():
    assert "\nx  0  10" in "\n".join(power_lines([TaskPower("x", 0, 10, None)], 1))


def test_no_model_is_needed(tmp_path, write_exam, capsys):
    folder = write_exam(tmp_path, "one", documents=8)
    assert main(["preview", "--tasks", "one", "--include_path", str(folder), "--power", "--limit", "6"]) == 0
    assert "one  6   8" in capsys.readouterr().out
