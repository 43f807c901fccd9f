"""Models by tasks: scores, intervals, and which one is the best."""

import pytest
from stored_runs import right_and_wrong, text_line, write_run

from proctor.analysis.score_table import ScoreTableOptions, score_table
from proctor.errors import UsageError
from proctor.results.open_runs import open_runs

GROUP = {"group_subtasks": {"g": ["t", "u"]}}


def runs(tmp_path, *patterns, names=("a", "b", "c"), **more):
    found = []
    for name, tasks in zip(names, patterns, strict=False):
        lines = {
            task: right_and_wrong(pattern) if isinstance(pattern, str) else pattern for task, pattern in tasks.items()
        }
        folder = tmp_path / f"{len(found)}"
        found.append(write_run(folder, lines, model_name=f"org/{name}", **more))
    return open_runs(found).runs


def test_scores_have_intervals_and_the_best_is_better_beyond_noise(tmp_path):
    table = score_table(runs(tmp_path, {"t": "1" * 40}, {"t": "1" * 39 + "0"}, {"t": "10" * 20}))
    (row,) = table.rows
    assert [cell.score for cell in row.cells] == [1.0, 0.975, 0.5]
    assert row.best is None  # one document between the two best
    assert row.cells[2].half == pytest.approx(0.148, abs=0.001)  # Wilson's interval
    assert (row.kind, row.metric, row.cells[0].n) == ("task", ("acc", "none"), 40)
    (row,) = score_table(runs(tmp_path / "x", {"t": "10" * 20}, {"t": "1" * 40})).rows
    assert row.best == 1
    (row,) = score_table(runs(tmp_path / "y", {"t": "1" * 40}, {"t": "10" * 20})).rows
    assert row.best == 0


def test_groups_have_the_mean_over_documents_and_over_tasks(tmp_path):
    table = score_table(runs(tmp_path, {"t": "1" * 30, "u": "0" * 10}, **GROUP))
    rows = {(row.kind, row.label): row for row in table.rows}
    assert rows["group", "g"].cells[0].score == 0.75
    assert rows["macro", "g (mean of 2 tasks)"].cells[0].score == 0.5
    assert rows["task", "t"].depth == 1


def test_tasks_of_no_group_have_means_at_the_end(tmp_path):
    table = score_table(runs(tmp_path, {"t": "1" * 30, "u": "0" * 10}, {"t": "0" * 30, "u": "1" * 10}))
    micro, macro = table.rows[-2:]
    assert (micro.alias, macro.alias) == ("all documents (micro)", "mean of 2 tasks (macro)")
    assert [cell.score for cell in micro.cells] == [0.75, 0.25]
    assert [cell.score for cell in macro.cells] == [0.5, 0.5]
    assert (micro.best, macro.best) == (None, None)


def test_a_task_that_a_run_lacks_is_empty(tmp_path):
    table = score_table(runs(tmp_path, {"t": "11", "u": "10"}, {"t": "10"}))
    rows = {row.alias: row for row in table.rows}
    assert rows["u"].cells[1] is None
    assert rows["all documents (micro)"].cells[1] is None


def test_scores_by_a_column_and_above_chance(tmp_path):
    found = runs(tmp_path, {"t": "1110"})
    rows = score_table(found, ScoreTableOptions(by="answer")).rows
    assert [(row.alias, row.cells[0].score) for row in rows if row.kind == "part"] == [
        ("t: 0", 1.0), ("t: 1", 1.0), ("t: 2", 1.0), ("t: 3", 0.0),
    ]  # fmt: skip
    (row,) = score_table(found, ScoreTableOptions(chance_corrected=True)).rows
    assert row.cells[0].score == pytest.approx((0.75 - 0.25) / 0.75)


def test_the_mean_of_tasks_is_above_chance_where_they_have_one_chance(tmp_path):
    found = runs(tmp_path, {"t": "1" * 20, "u": "1" * 5 + "0" * 5}, **GROUP)
    rows = {row.kind: row for row in score_table(found, ScoreTableOptions(chance_corrected=True)).rows[:2]}
    assert rows["group"].cells[0].score == pytest.approx((25 / 30 - 0.25) / 0.75)
    assert rows["macro"].cells[0].score == pytest.approx((0.75 - 0.25) / 0.75)
    plain = score_table(found).rows[1].cells[0]
    assert rows["macro"].cells[0].half == pytest.approx(plain.half / 0.75)


def test_scores_without_chance_are_left_out_and_said(tmp_path):
    lines = [text_line(n, "4", "4", 1.0) for n in range(3)]
    found = runs(tmp_path, {"t": "1110", "w": lines})
    table = score_table(found, ScoreTableOptions(chance_corrected=True))
    assert {row.alias: row.cells[0] is None for row in table.rows} == {"t": False, "w": True}
    assert table.notes == ("Scores whose chance is not known are left out.",)


def test_every_model_has_a_name_of_its_own(tmp_path):
    first, second = runs(tmp_path, {"t": "11"}, {"t": "10"}, names=("a", "a"))
    assert score_table([first, second]).models == ("org/a (0)", "org/a (1)")


def test_runs_that_cannot_be_compared_have_no_best_and_say_why(tmp_path):
    table = score_table(runs(tmp_path, {"t": "11"}, {"u": "10"}))
    assert table.notes[0].startswith("No score is marked as the best: The runs have no task in common")
    with pytest.raises(UsageError, match="one run or more"):
        score_table([])


def test_tasks_of_one_alias_keep_rows_of_their_own(tmp_path):
    """``folk`` by letter and ``folk`` by text: neither takes the place of the other."""
    alone, both = {"text": "1110"}, {"letter": "0001", "text": "1111"}
    first, second = runs(tmp_path, alone, both)
    for run in (first, second):
        for task in run.tasks:
            run.document["results"][task]["alias"] = "folk"
    table = score_table([first, second])
    scores = {row.alias: [cell and cell.score for cell in row.cells] for row in table.rows if row.name}
    assert scores == {"text": [0.75, 1.0], "letter": [None, 0.25]}
