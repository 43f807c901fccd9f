"""A results file alone gives a group the interval that its documents give."""

from __future__ import annotations

import math

import pytest
from stored_runs import document_of, right_and_wrong, write_run

from proctor.analysis.audit import audit_run
from proctor.analysis.file_intervals import group_interval_of_file, is_share
from proctor.analysis.task_scores import document_count
from proctor.results.open_runs import open_runs
from proctor.stats.intervals import wilson_interval
from proctor.view.run_facts import run_facts

ACC = ("acc", "none")


def stored(tmp_path, patterns, score=None, *, sizes=True, stderrs=True):
    tasks = {task: right_and_wrong(pattern) for task, pattern in patterns.items()}
    document = document_of(tasks, group_subtasks={"g": list(patterns)})
    every = [line["acc"] for lines in tasks.values() for line in lines]
    for task, lines in tasks.items():
        n, right = len(lines), sum(line["acc"] for line in lines)
        error = math.sqrt(right / n * (1 - right / n) / (n - 1)) if stderrs else "N/A"
        document["results"][task]["acc_stderr,none"] = error
        if sizes:
            document.setdefault("n-samples", {})[task] = {"original": n, "effective": n}
    mean = sum(every) / len(every) if score is None else score
    document["results"]["g"] = {"alias": "g", "acc,none": mean, "acc_stderr,none": 0.05}
    return open_runs([write_run(tmp_path, tasks, document=document)]).runs[0]


@pytest.mark.parametrize("patterns", [{"t": "1110" * 10, "u": "10" * 15}, {"t": "1" * 20, "u": "1" * 10}])
def test_a_list_of_runs_a_report_and_a_file_without_samples_say_the_same(tmp_path, patterns):
    run = stored(tmp_path, patterns)
    (group,) = audit_run(run).groups
    assert group_interval_of_file(run, "g", ACC) == pytest.approx(group.score.interval)
    assert run_facts(run).interval == pytest.approx(group.score.interval)
    bare = type(run)(run.name, run.source, run.stamp, run.document, {})
    (by_file,) = audit_run(bare).groups
    assert by_file.score.interval == pytest.approx(group.score.interval)
    assert by_file.score.method == "groups"


def test_a_mean_over_tasks_has_the_error_of_the_file(tmp_path):
    run = stored(tmp_path, {"t": "1110" * 10, "u": "10" * 5}, score=0.625)
    assert group_interval_of_file(run, "g", ACC) is None
    assert run_facts(run).interval == pytest.approx((0.625 - 1.96 * 0.05, 0.625 + 1.96 * 0.05), abs=1e-3)


@pytest.mark.parametrize("lacking", [{"sizes": False}, {"stderrs": False}])
def test_what_the_file_lacks_gives_none(tmp_path, lacking):
    assert group_interval_of_file(stored(tmp_path, {"t": "1100", "u": "10"}, **lacking), "g", ACC) is None


def test_shares_and_documents(tmp_path):
    assert is_share(0.75, 4)
    assert not is_share(0.7, 4)
    assert not is_share(1.5, 2)
    run = stored(tmp_path, {"t": "1100", "u": "10"})
    assert document_count(run, "t") == 4
    assert document_count(run, "g") is None
    assert wilson_interval(1, 4)[0] > 0
