"""Audits of runs that stopped early: nothing in them takes the number of documents for fixed before."""

from __future__ import annotations

import json

import pytest
from quiz_files import write_quiz
from scripted_model import ScriptedModel
from stopped_runs import mostly_right, run, write_group

from proctor.analysis.audit import audit_run
from proctor.analysis.audit_document import audit_document
from proctor.analysis.audit_stopped import REASON, any_stopped
from proctor.analysis.audit_text import STOPPED_TESTS, brief_line, inner_warnings, part_lines, parts_of
from proctor.analysis.e_values import guessing_anytime_p
from proctor.analysis.early_stop import share_set
from proctor.analysis.run_audit import AuditOptions
from proctor.results.open_runs import open_path


def stored(folder, task, share, **options):
    run(task, ScriptedModel(mostly_right(share)), log_samples=True, output_path=str(folder), **options)
    return open_path(folder).runs[-1]


@pytest.fixture
def part(tmp_path):
    return stored(tmp_path / "part", write_quiz(tmp_path, documents=1000), 8, early_stop="width=0.06")


def test_the_tests_that_hold_stay_and_the_others_go(part):
    (task,) = audit_run(part, AuditOptions()).tasks
    choices, n = task.choices, task.main.n
    assert n < 1000
    assert choices.chance.p_above == guessing_anytime_p([0.5] * n, round(task.main.score * n)) < 1e-6
    assert (choices.positions.test.p, choices.positions.test.reason) == (None, REASON)
    assert sum(choices.positions.chosen_share) == pytest.approx(1)
    assert (choices.confidence.null.p, choices.confidence.calibration.overconfidence_stderr) == (None, None)
    assert task.detectable is None


def test_it_says_so(part):
    audit = audit_run(part, AuditOptions())
    (said,) = parts_of(audit)
    lines = list(part_lines(said))
    assert STOPPED_TESTS in lines
    assert not any("(MDE)" in line for line in lines)
    assert any(line.startswith("Positions cannot be tested: the run stopped early") for line in lines)
    assert not any("overconfident" in line or "underconfident" in line for line in lines)
    assert "confident" not in brief_line(said)
    assert list(inner_warnings(audit, [said])) == []
    document = json.loads(json.dumps(audit_document(audit)))["results"]["quiz"]
    assert (document["position_p,none"], document["ece_p,none"]) == (None, None)
    assert document["p_above_chance,none"] < 1e-6


def test_a_division_has_intervals_that_hold_at_every_look(part):
    (task,) = audit_run(part, AuditOptions(by="answer")).tasks
    for cell in task.cells.cells:
        assert cell.interval == share_set(round(cell.score * cell.n), cell.n)
    assert task.cells.p is None
    (said,) = parts_of(audit_run(part, AuditOptions(by="answer")))
    assert any("cannot be tested: the run stopped early" in line for line in part_lines(said))
    assert audit_document(audit_run(part, AuditOptions(by="answer")))["proctor"]["audit"]["quiz"]["by"]["reason"]


def test_a_whole_run_keeps_its_tests(tmp_path):
    (task,) = audit_run(stored(tmp_path / "whole", write_quiz(tmp_path, documents=200), 8), AuditOptions()).tasks
    assert task.choices.positions.test.p is not None
    assert task.choices.confidence.null.p is not None
    assert task.detectable is not None


def test_a_group_that_stopped_is_looked_at_so_too(tmp_path):
    task = write_group(tmp_path, (900, 300))
    part = stored(tmp_path / "part", task, 9, early_stop="width=0.06", include_path=str(tmp_path))
    (group,) = audit_run(part, AuditOptions(by="answer")).groups
    assert (group.detectable, group.choices.positions.test.p, group.cells.p) == (None, None, None)
    assert group.cells.reason
    assert group.choices.chance.p_above < 1e-6
    assert any_stopped(part, "both", [])


def test_a_group_of_which_one_task_stopped_has_no_interval_of_a_fixed_number(tmp_path):
    write_group(tmp_path, (900, 100))
    part = stored(tmp_path / "part", "both", 9, tasks=["one", "two"], early_stop="width=0.08",
                  include_path=str(tmp_path))  # fmt: skip
    document = {**part.document, "group_subtasks": {"both": ["one", "two"]}}
    document["results"] = {**document["results"], "both": {"alias": "both", "acc,none": 0.9}}
    part = type(part)(part.name, part.source, part.stamp, document, part.samples_files)
    (group,) = audit_run(part, AuditOptions()).groups
    assert (group.score.interval, group.score.mark, group.detectable) == (None, "~", None)
