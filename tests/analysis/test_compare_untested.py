"""Two runs that cannot be tested, or in part: scores of the files, groups as usual, one sentence for one reason."""

from __future__ import annotations

from stored_runs import document_of, right_and_wrong, write_run

from proctor.analysis.compare import compare_runs
from proctor.analysis.compare_document import comparison_document
from proctor.analysis.compare_untested import no_metric, scored_group, untested_notes, without_samples
from proctor.analysis.comparison import CompareOptions
from proctor.analysis.task_scores import read_task
from proctor.cli.compare_tables import pair_lines
from proctor.results.open_runs import open_runs

TASKS = {"t": right_and_wrong("1010"), "u": right_and_wrong("1100"), "v": right_and_wrong("1110")}


def run(folder, samples=tuple(TASKS), sizes=(4, 4, 4)):
    document = document_of(TASKS, group_subtasks={"g": list(TASKS)})
    document["results"]["g"] = {"alias": "the exam", "acc,none": 7 / 12}
    document["n-samples"] = {task: {"original": n, "effective": n} for task, n in zip(TASKS, sizes, strict=True)}
    return open_runs([write_run(folder, TASKS, document=document, samples=samples)]).runs[0]


def test_a_run_without_samples_is_compared_by_the_scores_of_its_file(tmp_path):
    comparison = compare_runs([run(tmp_path / "a"), run(tmp_path / "b", ())])
    (pair,) = comparison.pairs
    (group,) = pair.scored
    assert (group.group, group.metric, group.n, group.a, group.b) == ("g", ("acc", "none"), 12, 7 / 12, 7 / 12)
    assert [(one.result, one.n, one.no_samples) for one in pair.tasks] == [(None, 4, (False, True))] * 3
    assert list(untested_notes(pair)) == [
        "B has no samples, so that there are only scores and no tests (--log_samples writes samples)."
    ]
    lines = pair_lines(pair, comparison)
    table = lines[0].splitlines()
    assert [line.split()[0] for line in table[1:]] == ["the", "t", "u", "v"]
    assert table[2].startswith("  t")
    assert not [line for line in lines if "0 worse" in line]
    assert comparison_document(comparison)["pairs"][0]["groups_without_test"][0]["n"] == 12


def test_a_run_that_lacks_some_samples_names_the_tasks_and_what_a_group_is_of(tmp_path):
    (pair,) = compare_runs([run(tmp_path / "a"), run(tmp_path / "b", ("t", "u"))]).pairs
    assert list(untested_notes(pair)) == [
        "No test: B has no samples of v (--log_samples writes them).",
        "the exam: the difference is without v.",
    ]
    assert (pair.groups[0].n, pair.groups[0].lacking, pair.scored) == (8, ("v",), ())


def test_runs_of_other_letters_are_called_by_them(tmp_path):
    runs = [run(tmp_path / "a"), run(tmp_path / "b"), run(tmp_path / "c", ())]
    pair = compare_runs(runs).pairs[2]
    assert next(untested_notes(pair, "B", "C")).startswith("C has no samples")


def test_a_group_without_a_common_metric_is_left_out(tmp_path):
    both = (run(tmp_path / "a", ()), run(tmp_path / "b", (), sizes=(4, 4, 2)))
    assert scored_group("g", both, ("f1", None)) is None
    assert scored_group("g", both, None).n is None
    assert without_samples("v", both, None, (True, True)).n is None


def test_a_metric_that_is_not_there_is_a_reason(tmp_path):
    both = (run(tmp_path / "a"), run(tmp_path / "b"))
    read = read_task(both[0], "t"), read_task(both[1], "t")
    assert "t has no metric 'f1' in both runs (there: acc)" in no_metric(both, read, [("acc", "none")], "f1")
    assert "have no score of t in common" in no_metric(both, read, [], None)
    (pair,) = compare_runs(both, CompareOptions(tasks=("t",))).pairs
    assert list(untested_notes(pair)) == []
