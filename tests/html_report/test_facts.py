from __future__ import annotations

import pytest
from report_pages import facts_of, stored

from proctor.analysis.audit import audit_run
from proctor.analysis.compare import compare_runs
from proctor.analysis.comparison import CompareOptions
from proctor.analysis.run_audit import AuditOptions
from proctor.html_report.facts import ReportFacts, compared, score_rows


def test_rows_are_the_tree_with_the_scores_of_each_run(pair):
    rows = score_rows(facts_of(*pair))
    assert [(row.name, row.depth, row.is_group) for row in rows] == [
        ("exam", 0, True), ("exam_one", 1, False), ("exam_two", 1, False)
    ]  # fmt: skip
    assert rows[1].inside == ("exam",)
    assert [score.score for score in rows[0].scores if score] == [0.75, 1.0]
    assert rows[0].chance == 0.25
    assert rows[1].written("unread") == ()


def test_a_task_of_one_run_has_no_score_in_the_other(tmp_path, run):
    other = stored(tmp_path, "other", {"else": "11"})
    rows = {row.name: row for row in score_rows(facts_of(run, other))}
    assert rows["exam_one"].scores[1] is None
    assert rows["else"].scores[0] is None
    assert rows["else"].first is not None


def test_a_group_without_samples_has_the_score_of_its_file(tmp_path):
    more = {"results": {"exam": {"alias": "exam", "acc,none": 0.5, "acc_stderr,none": 0.1},
                        "exam_one": {"alias": "one", "acc,none": 0.5, "acc_stderr,none": 0.1}},
            "group_subtasks": {"exam": ["exam_one"]}}  # fmt: skip
    run = stored(tmp_path, "bare", {"exam_one": "10"}, samples=[], **more)
    score = score_rows(facts_of(run))[0].first
    assert score is not None
    assert score.interval == pytest.approx((0.5 - 0.196, 0.5 + 0.196), abs=1e-3)


def test_runs_that_cannot_be_compared_have_a_reason(tmp_path, run):
    assert compared([run]) == (None, None)
    comparison, reason = compared([run, stored(tmp_path, "other", {"else": "11"})])
    assert comparison is None
    assert reason is not None
    assert "no task in common" in reason


def test_of_chosen_tasks_there_is_what_was_chosen(pair):
    comparison = compare_runs(pair, CompareOptions(tasks=("exam_two",)))
    audits = tuple(audit_run(run, AuditOptions(tasks=("exam_two",))) for run in pair)
    rows = score_rows(ReportFacts(tuple(pair), audits, comparison))
    assert [(row.name, row.depth, row.inside) for row in rows] == [("exam_two", 0, ())]
