"""Samples as rows of a table."""

import pytest
from stored_runs import choice_line, right_and_wrong, text_line, write_run

from proctor.analysis.sample_rows import sample_table
from proctor.errors import UsageError
from proctor.results.open_runs import open_runs


def runs(tmp_path, tasks, **more):
    return open_runs([write_run(tmp_path, tasks, model_name="org/m", **more)]).runs


def test_a_choice_is_a_row_with_what_was_picked_and_how_surely(tmp_path):
    line = choice_line(7, [-1.0, -3.0, -2.0, -4.0], 2)
    table = sample_table(runs(tmp_path, {"t": [line]}))
    (row,) = table.rows
    assert (row["model"], row["task"], row["doc_id"], row["doc_hash"]) == ("org/m", "t", 7, line["doc_hash"])
    assert (row["question"], row["options"]) == ("Question 7?", ["one", "two", "three", "four"])
    assert (row["gold"], row["gold_text"], row["picked"], row["picked_text"]) == ([2], "three", 0, "one")
    assert row["p"] == pytest.approx(0.6439, abs=1e-4)
    assert row["p_gold"] == pytest.approx(0.2369, abs=1e-4)
    assert row["margin"] == 1.0
    assert (row["score.acc"], row["doc.passage"], row["doc.answer"]) == (0.0, "p", "2")
    assert row["state"] is None
    assert list(row) == list(table.columns)


def test_a_written_text_is_a_row_with_its_answer(tmp_path):
    tasks = {"w": [text_line(0, "It is 4.", "4", 1.0), text_line(1, "Hm", "[invalid]", 0.0)]}
    first, second = sample_table(runs(tmp_path, tasks)).rows
    assert (first["response"], first["answer"], first["gold_text"], first["state"]) == ("It is 4.", "4", "4", "read")
    assert (second["answer"], second["state"], second["options"]) == ("[invalid]", "unread", None)


def test_infinite_numbers_are_none(tmp_path):
    line = choice_line(0, [-1.0, float("-inf")], 0, options="AB", texts=("a", "b"))
    (row,) = sample_table(runs(tmp_path, {"t": [line]})).rows
    assert (row["margin"], row["p"]) == (None, 1.0)


def test_columns_and_tasks_can_be_chosen(tmp_path):
    found = runs(tmp_path, {"t": right_and_wrong("10"), "u": right_and_wrong("1")}, group_subtasks={"g": ["u"]})
    table = sample_table(found, ("g",), ("score.acc", "task"))
    assert list(table.columns) == ["score.acc", "task"]
    assert list(table.rows) == [{"score.acc": 1.0, "task": "u"}]
    assert len(list(sample_table(found).rows)) == 3
    with pytest.raises(UsageError, match=r"no column 'score\.ac'") as caught:
        sample_table(found, (), ("score.ac",))
    assert "score.acc" in str(caught.value)


def test_runs_without_samples_say_what_writes_them(tmp_path):
    with pytest.raises(UsageError, match="have no samples") as caught:
        sample_table(runs(tmp_path / "a", {"t": right_and_wrong("10")}, samples=[]))
    assert "--log_samples" in str(caught.value)
    with pytest.raises(UsageError, match="no samples of what was named"):
        sample_table(runs(tmp_path / "b", {"t": right_and_wrong("10")}), ("x",))
