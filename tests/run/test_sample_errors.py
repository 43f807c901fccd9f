"""The error of a random sample as an estimate of the score of all documents."""

from __future__ import annotations

import json
import math

import pytest
from quiz_files import write_quiz as write

from proctor.analysis.subsets import random_subset
from proctor.results.schema import results_document
from proctor.results.stored_run import StoredRun
from proctor.results.table import make_table
from proctor.run.progress import Quiet
from proctor.run.sample_errors import group_errors, with_finite_error
from proctor.run.session import evaluate
from proctor.run_result import TaskResult, Value
from proctor.settings.config import build_config

GROUP = "group: both\ntask: [one, two]\naggregate_metric_list: [{metric: acc, weight_by_size: WEIGHT}]\n"


def task(value, total=1000):
    return TaskResult("t", "t", 1, 0, total, value.n or 0, value.n or 0, {("acc", "none"): value}, {}, {})


def run(tasks, **options):
    config = build_config({"model": "dummy", "tasks": tasks, "limit_order": "random", **options})
    return evaluate(config, progress=Quiet, bootstrap_iters=100, keep_records=True)


def test_the_error_is_that_of_a_random_subset(tmp_path):
    result = run([write(tmp_path)], limit=10)
    value = result.tasks[0].values["acc", "none"]
    scores = [record.metrics["acc"] for record in result.records["quiz"]]
    assert value.errors["finite"] == pytest.approx(random_subset(scores, 40).stderr, abs=1e-12)
    assert value.errors["finite"] == pytest.approx(value.stderr * math.sqrt(0.75), abs=1e-12)


def test_it_stands_beside_lm_evals_error_and_is_no_score(tmp_path):
    document = results_document(run([write(tmp_path)], limit=10), {})
    entry = json.loads(json.dumps(document))["results"]["quiz"]
    assert list(entry)[3:6] == ["acc,none", "acc_stderr,none", "acc_stderr_finite,none"]
    assert "finite" not in make_table(document)
    assert {metric for metric, _ in StoredRun("m", "", "", document, {}).scores("quiz")} == {"acc", "acc_norm"}
    assert {metric for metric, _ in StoredRun("m", "", "", document, {}).stderrs("quiz")} == {"acc", "acc_norm"}


def test_a_run_of_the_first_documents_has_none(tmp_path):
    result = run([write(tmp_path)], limit=10, limit_order="first")
    assert result.tasks[0].values["acc", "none"].errors == {}
    assert "limit_order" not in result.config


def test_all_documents_have_no_error_left(tmp_path):
    assert run([write(tmp_path)], limit=400).tasks[0].values["acc", "none"].errors == {"finite": 0.0}


@pytest.mark.parametrize("weight", ["true", "false"])
def test_a_group_combines_those_of_its_tasks(tmp_path, weight):
    write(tmp_path, "one", 40)
    write(tmp_path, "two", 15, "other {}")
    (tmp_path / "both.yaml").write_text(GROUP.replace("WEIGHT", weight), encoding="utf-8")
    result = run(["both"], include_path=str(tmp_path), limit=10)
    first, second = (one.values["acc", "none"].errors["finite"] for one in result.tasks)
    group = result.groups[0].values["acc", "none"]
    assert group.errors["finite"] == pytest.approx(math.hypot(first, second) / 2, abs=1e-12)


@pytest.mark.parametrize(
    "value",
    [Value(0.5, None, 1), Value(0.5, 0.1, 100, "bootstrap"), Value(0.5, 0.1, None, "mean")],
    ids=["one document", "a statistic of all documents", "documents unknown"],
)
def test_what_is_no_mean_of_documents_has_none(value):
    assert with_finite_error(task(value)).values["acc", "none"] == value


def test_a_group_with_a_task_of_which_it_is_not_known_has_none():
    known, unknown = Value(0.5, 0.1, 10, "mean", errors={"finite": 0.1}), Value(0.5, 0.1, 10)
    assert group_errors([known, unknown], [10, 10]) == {}
    assert group_errors([], []) == {}
    assert group_errors([known, known], [30, 10])["finite"] == pytest.approx(math.hypot(0.075, 0.025))
