"""compare, gate and audit of runs that stopped early: never by a fixed number of documents, and they say so."""

from __future__ import annotations

import json

import pytest
from quiz_files import write_quiz
from scripted_model import ScriptedModel
from stopped_runs import mostly_right, run, scopes, write_group

from proctor.analysis.audit import audit_run
from proctor.analysis.compare import compare_runs
from proctor.analysis.compare_text import notes, option_notes, task_sentence
from proctor.analysis.comparison import CompareOptions
from proctor.analysis.gate import check_gate
from proctor.analysis.gate_policy import Rule
from proctor.analysis.run_audit import AuditOptions
from proctor.analysis.score_table import ScoreTableOptions, score_table
from proctor.analysis.sequences import REASON
from proctor.errors import UsageError
from proctor.results.open_runs import open_path
from proctor.results.table import stopped_names


def stored(folder):
    return open_path(folder).runs[-1]


def made(tmp_path, name, task, share, **options):
    folder = tmp_path / name
    finished = run(task, ScriptedModel(mostly_right(share)), log_samples=True, output_path=str(folder), **options)
    return stored(folder), finished


@pytest.fixture
def quiz(tmp_path):
    """A whole run, and one that stopped: 50 and 80 % right."""
    task = write_quiz(tmp_path, documents=1000)
    return made(tmp_path, "whole", task, 5), made(tmp_path, "part", task, 8, early_stop="width=0.06")


def test_a_task_is_tested_by_the_e_value(quiz):
    (whole, _), (part, finished) = quiz
    asked = scopes(finished)[0]["asked"]
    comparison = compare_runs([whole, part])
    (one,) = comparison.pairs[0].tasks
    assert (one.result.test, one.result.n, one.result.sequence.documents) == ("e-value", asked, 1000)
    assert one.judgement.verdict == "better"
    low, high = one.result.interval
    assert low <= 0.3 <= high
    sentence = task_sentence(one)
    assert "B is better than A by" in sentence
    assert "e-value, valid at any time: p" in sentence
    assert "McNemar" not in json.dumps(comparison.to_dict())
    assert any("A run stopped early" in note and "(quiz)" in note for note in notes(comparison.pairs[0]))


def test_a_stopped_run_is_not_divided_by_a_column_that_it_has(quiz):
    (whole, _), (part, _) = quiz
    column = next(iter(next(iter(part.samples(part.tasks[0]))).line["doc"]))
    with pytest.raises(UsageError, match=f"--by {column}: a run stopped early"):
        compare_runs([whole, part], CompareOptions(by=column))
    with pytest.raises(UsageError, match="no document that two runs have in common has such a column"):
        compare_runs([whole, part], CompareOptions(by="nothing"))


def test_tasks_that_a_division_leaves_out_are_named(tmp_path):
    one, two = write_quiz(tmp_path, "one", 900), write_quiz(tmp_path, "two", 100, "other {}")
    more = {"tasks": [one, two]}
    whole, _ = made(tmp_path, "whole", one, 5, **more)
    part, finished = made(tmp_path, "part", one, 9, early_stop="width=0.08", **more)
    assert [(scope["name"], scope["stopped"]) for scope in scopes(finished)] == [("one", True), ("two", False)]
    comparison = compare_runs([whole, part], CompareOptions(by="answer"))
    (pair,) = comparison.pairs
    assert [(found.name, found.left_out) for found in pair.divided] == [("two", ())]
    assert any(note.startswith("By answer without one: a run stopped early") for note in option_notes(pair, comparison))
    plain = compare_runs([whole, part])
    assert not list(option_notes(plain.pairs[0], plain))


def test_it_is_the_same_the_other_way_round(quiz):
    (whole, _), (part, _) = quiz
    first, second = (compare_runs(pair).pairs[0].tasks[0] for pair in ([whole, part], [part, whole]))
    assert (first.result.p, first.result.n) == (second.result.p, second.result.n)
    assert first.result.interval == pytest.approx([-end for end in second.result.interval[::-1]], abs=2e-3)
    assert second.judgement.verdict == "worse"


def test_nothing_decided_is_said_without_an_mde(tmp_path):
    task = write_quiz(tmp_path, documents=1000)
    (whole, _), (part, _) = (
        made(tmp_path, "whole", task, 8), made(tmp_path, "part", task, 8, early_stop="width=0.06"),
    )  # fmt: skip
    (one,) = compare_runs([whole, part]).pairs[0].tasks
    assert one.judgement.verdict == "not resolved"
    assert one.result.p == 1.0
    assert "not fixed before" in task_sentence(one)
    assert "one time in five" not in task_sentence(one)


def test_clusters_are_taken_by_bets(quiz):
    (whole, _), (part, _) = quiz
    (one,) = compare_runs([whole, part], CompareOptions(cluster="answer")).pairs[0].tasks
    assert one.result.test == "betting"
    assert one.result.p < 0.05


def test_scores_beyond_0_to_1_are_not_tested(quiz, tmp_path):
    (whole, _), (_part, _) = quiz
    for file in (tmp_path / "part").rglob("samples_*.jsonl"):
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        for line in lines:
            line["acc"] = 100.0
        file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    for file in (tmp_path / "part").rglob("results_*.json"):
        document = json.loads(file.read_text(encoding="utf-8"))
        document["results"]["quiz"]["acc,none"] = 100.0
        file.write_text(json.dumps(document), encoding="utf-8")
    options = CompareOptions(metric="acc")
    (one,) = compare_runs([whole, stored(tmp_path / "part")], options).pairs[0].tasks
    assert one.result is None
    assert "stopped early, and acc is not between 0 and 1" in one.reason


def test_a_group_is_one_sequence(tmp_path):
    task = write_group(tmp_path, (900, 300))
    more = {"include_path": str(tmp_path)}
    whole, _ = made(tmp_path, "whole", task, 5, **more)
    part, finished = made(tmp_path, "part", task, 9, early_stop="width=0.06", **more)
    (group,) = compare_runs([whole, part]).pairs[0].groups
    assert (group.n, group.sequence.documents) == (scopes(finished)[0]["asked"], 1200)
    assert group.judgement.verdict == "better"
    assert group.result.p < 1e-6
    assert (group.result.micro_stderr, group.estimate, group.detectable_effect) == (None, None, None)
    assert group.interval[0] <= 0.4 <= group.interval[1]


def test_a_group_within_a_stopped_one_is_stopped_too(tmp_path):
    write_group(tmp_path, (600, 200))
    write_quiz(tmp_path, "three", 200, "third {}")
    outer = "group: outer\ntask: [both, three]\naggregate_metric_list: [{metric: acc}]\n"
    (tmp_path / "outer.yaml").write_text(outer, encoding="utf-8")
    part, finished = made(tmp_path, "part", "outer", 9, early_stop="width=0.06", include_path=str(tmp_path))
    assert [scope["name"] for scope in scopes(finished)] == ["outer"]
    assert stopped_names(finished.document) == {"outer", "both", "one", "two", "three"}
    assert part.early_stop("both").scope == part.early_stop("one").scope == "outer"
    assert finished.document["results"]["both"]["acc_stderr,none"] == "N/A"
    # It has no sequence of its own: rather no interval than one of a fixed number of documents.
    inner = next(group for group in audit_run(part, AuditOptions()).groups if group.group == "both")
    assert (inner.score.interval, inner.score.method, inner.score.mark) == (None, None, "~")
    whole, _ = made(tmp_path, "whole", "outer", 5, include_path=str(tmp_path))
    for group in compare_runs([whole, part]).pairs[0].groups:
        assert group.result.reason == REASON
        assert group.sequence.documents == {"outer": 1000, "both": 800}[group.group]


def test_a_group_whose_tasks_stopped_apart_has_no_test(tmp_path):
    task = write_group(tmp_path, (900, 900))
    more = {"include_path": str(tmp_path)}
    whole, _ = made(tmp_path, "whole", task, 5, **more)
    part, _ = made(tmp_path, "part", task, 9, tasks=["one", "two"], early_stop="width=0.06", **more)
    # The same group over both, as a file of an edited run has it.
    document = {**part.document, "group_subtasks": whole.document["group_subtasks"]}
    document["results"] = {**document["results"], "both": whole.document["results"]["both"]}
    part = type(part)(part.name, part.source, part.stamp, document, part.samples_files)
    (group,) = compare_runs([whole, part]).pairs[0].groups
    assert (group.interval, group.result.p, group.judgement.verdict) == (None, None, "not resolved")


@pytest.mark.parametrize(("share", "margin", "state"), [(9, 0.01, "pass"), (1, 0.01, "fail"), (5, 0.0, "inconclusive")])
def test_a_gate_decides_by_bets(tmp_path, share, margin, state):
    task = write_quiz(tmp_path, documents=1000)
    whole, _ = made(tmp_path, "whole", task, 5)
    part, _ = made(tmp_path, "part", task, share, early_stop="width=0.06")
    report = check_gate(part, whole, {"quiz": Rule(max_drop=margin)})
    (check,) = report.rules[0].checks
    assert str(check.state) == state
    assert "bounds of bets, valid at any time" in check.note
    assert check.lower < check.value < check.upper or check.lower <= check.value


def test_a_gate_of_a_group_and_of_a_floor(tmp_path):
    task, more = write_group(tmp_path, (900, 300)), {"include_path": str(tmp_path)}
    whole, _ = made(tmp_path, "whole", task, 5, **more)
    part, _ = made(tmp_path, "part", task, 9, early_stop="width=0.06", **more)
    report = check_gate(part, whole, {"both": Rule(max_drop=0.0, min=0.7)})
    assert [str(check.state) for check in report.rules[0].checks] == ["pass", "pass"]
    assert "at any time" in report.rules[0].checks[1].note
    assert str(check_gate(part, None, {"both": Rule(min=0.99)}).rules[0].checks[0].state) == "fail"


def test_an_audit_has_the_interval_of_the_sequence(quiz):
    (_, _), (part, finished) = quiz
    (task,) = audit_run(part, AuditOptions()).tasks
    assert task.main.method == "sequence"
    assert list(task.main.interval) == scopes(finished)[0]["interval"]
    from proctor.analysis.audit_text import score_sentence

    assert "at every look of a run that stopped early" in score_sentence(task.main)


def test_tables_mark_its_scores(quiz):
    (whole, _), (part, _) = quiz
    table = score_table([whole, part], ScoreTableOptions())
    assert [cell.mark for cell in table.rows[0].cells] == ["", "~"]
    (task,) = audit_run(part, AuditOptions()).tasks
    assert task.main.mark == "~"


def test_means_over_tasks_of_a_stopped_run_are_marked_and_have_no_interval(tmp_path):
    task = write_group(tmp_path, (900, 300))
    whole, _ = made(tmp_path, "whole", task, 9, include_path=str(tmp_path))
    part, _ = made(tmp_path, "part", task, 9, early_stop="width=0.06", include_path=str(tmp_path))
    [row] = [row for row in score_table([whole, part], ScoreTableOptions()).rows if row.kind == "macro"]
    first, second = row.cells
    assert (first.mark, first.interval is None) == ("", False)
    assert (second.mark, second.interval) == ("~", None)


def test_an_audit_of_a_group_has_it_too(tmp_path):
    task = write_group(tmp_path, (900, 300))
    part, finished = made(tmp_path, "part", task, 9, early_stop="width=0.06", include_path=str(tmp_path))
    (group,) = audit_run(part, AuditOptions()).groups
    assert (group.score.method, list(group.score.interval)) == ("sequence", scopes(finished)[0]["interval"])


def test_without_samples_the_interval_is_that_of_the_file_and_a_gate_decides_nothing(quiz):
    (whole, _), (part, finished) = quiz
    bare = type(part)(part.name, part.source, part.stamp, part.document, {})
    (task,) = audit_run(bare, AuditOptions()).tasks
    assert (task.main.method, list(task.main.interval)) == ("sequence", scopes(finished)[0]["interval"])
    (check,) = check_gate(bare, whole, {"quiz": Rule(max_drop=0.5)}).rules[0].checks
    assert str(check.state) == "inconclusive"
    assert "a run stopped early" in check.note


@pytest.mark.parametrize(
    "section",
    [None, [], {"scopes": None}, {"scopes": [3]}, {"scopes": [{"stopped": True, "tasks": ["quiz"]}], "seed": "x"}],
)
def test_a_section_that_is_none_is_no_early_stop(quiz, section):
    (_, _), (part, _) = quiz
    config = {**part.document["config"], "early_stop": section}
    document = {**part.document, "config": config, "proctor": {"scores": [None, {"method": "sequence"}]}}
    other = type(part)(part.name, part.source, part.stamp, document, part.samples_files)
    assert other.early_stop("quiz") is None
    assert other.sequence_interval("quiz", ("acc", "none")) is None
