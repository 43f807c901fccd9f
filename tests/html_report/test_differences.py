from __future__ import annotations

from report_pages import Page, facts_of, stored

from proctor.html_report.differences import difference_table
from proctor.html_report.language import language_of


def table(*runs):
    comparison = facts_of(*runs).comparison
    assert comparison is not None
    return Page(difference_table(comparison.pairs[0], comparison, language_of("en")))


def test_tasks_are_sorted_by_their_difference(tmp_path):
    tasks = {"down": "1111" * 10, "same": "1111" * 10, "up": "0000" * 10}
    other = {"down": "0000" * 10, "same": "1111" * 10, "up": "1111" * 10}
    text = table(stored(tmp_path, "a", tasks), stored(tmp_path, "b", other)).text
    assert text.index("up 0.0000 1.0000 +1.0000") < text.index("same 1.0000") < text.index("down 1.0000 0.0000 −1.0000")
    assert "▼ worse" in text


def test_equal_aliases_have_their_group(tmp_path):
    tasks = {"x_one": "10" * 10, "y_one": "10" * 10}
    results = {name: {"alias": "one", "acc,none": 0.5, "acc_stderr,none": 0.1} for name in tasks}
    groups = {"results": results, "group_subtasks": {"left": ["x_one"], "right": ["y_one"]}}
    text = table(*(stored(tmp_path, name, tasks, **groups) for name in "ab")).text
    assert "one left" in text
    assert "one right" in text


def test_a_task_without_a_test_is_a_row(tmp_path, run):
    assert "no test" in table(run, stored(tmp_path, "bare", {"exam_one": "1"}, samples=[])).text
