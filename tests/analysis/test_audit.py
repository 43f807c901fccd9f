"""A run looked through: intervals, clusters, groups, what the results file alone says."""

from __future__ import annotations

import math

import pytest
from audited_runs import audited, said
from stored_runs import choice_line, document_of, right_and_wrong, write_run

from proctor.analysis.audit import audit_run, check_some_score
from proctor.analysis.audit_document import audit_document
from proctor.analysis.audit_text import parts_of
from proctor.analysis.intervals import share_interval
from proctor.analysis.run_audit import AuditOptions
from proctor.errors import DataError, UsageError
from proctor.results.open_runs import open_runs
from proctor.stats.intervals import wilson_interval


def test_all_right_has_an_interval_with_a_width(tmp_path):
    (task,) = audited(tmp_path, {"t": "1" * 10}).tasks
    assert task.main.interval == share_interval(10, 10)
    assert task.main.method == "wilson"
    exact = audited(tmp_path, {"t": "1" * 10}, AuditOptions(interval="exact")).tasks[0].main
    assert exact.interval == share_interval(10, 10, method="exact")


def test_scores_that_are_no_shares_have_t_or_none(tmp_path):
    lines = right_and_wrong("1100")
    for value, line in zip((0.25, 0.5, 0.75, 1.0), lines, strict=True):
        line |= {"bleu": value, "flat": 0.3, "metrics": ["bleu", "flat"]}
    document = document_of({"t": lines})
    document["results"]["t"] = {"bleu,none": 0.625, "flat,none": 0.3}
    bleu, flat = audited(tmp_path, {"t": lines}, document=document).tasks[0].scores
    assert bleu.method == "t"
    assert bleu.interval[0] < 0.625 < bleu.interval[1]
    assert flat.interval is None
    assert "their spread is unknown" in flat.reason


def test_clusters_widen_the_interval(tmp_path):
    lines = [choice_line(i, [-0.1 if i % 8 < 4 else -5.0, -1, -2, -3], 0, passage=f"p{i // 4}") for i in range(32)]
    plain = audited(tmp_path, {"t": lines}).tasks[0].main
    audit = audited(tmp_path, {"t": lines}, AuditOptions(cluster="passage"))
    clustered = audit.tasks[0].main
    assert (clustered.clusters.clusters, clustered.method) == (8, "clustered")
    assert clustered.interval[1] - clustered.interval[0] > plain.interval[1] - plain.interval[0]
    assert "Fewer than 20 clusters" in said(audit)
    assert audit_document(audit)["results"]["t"]["acc_stderr_clustered,none"] == clustered.clusters.stderr


def test_one_cluster_has_no_error_and_a_reason(tmp_path):
    audit = audited(tmp_path, {"t": "1100"}, AuditOptions(cluster="passage"))
    assert audit.tasks[0].main.interval is None
    assert "no interval: all documents are one cluster" in said(audit)


def test_not_a_number_is_left_out_and_counted(tmp_path):
    lines = right_and_wrong("1101")
    lines[3] = {**choice_line(3, [float("nan"), -1, -2, -3], 3), "acc": 0.0}
    lines += [{**choice_line(4, [-1, -2, -3, -4], 0), "acc": float("nan")}]
    (task,) = audited(tmp_path, {"t": lines}).tasks
    assert (task.not_finite, task.main.n, task.choices.confidence.left_out) == (1, 4, 1)
    assert "1 score left out: not a number." in said(audited(tmp_path, {"t": lines}))


def test_a_group_is_its_documents_together(tmp_path):
    audit = audited(tmp_path, {"t": "1100" * 10, "u": "1110" * 10}, group_subtasks={"g": ["t", "u"]})
    (group,) = audit.groups
    assert (group.score.n, group.score.score, group.tasks) == (80, 0.625, ("t", "u"))
    assert 0 < group.score.interval[0] < 0.625 < group.score.interval[1] < 1
    assert group.choices.confidence.calibration.n == 80
    assert group.mean.macro == 0.625
    assert [part.alias for part in parts_of(audit)] == ["g"]
    assert audit.tasks[0].choices.reasons["confidence"] == "looked at in the group"
    detailed = audited(tmp_path, {"t": "10", "u": "11"}, AuditOptions(details=True), group_subtasks={"g": ["t", "u"]})
    assert detailed.tasks[0].choices.confidence is not None


def test_a_group_in_which_all_is_right_has_an_interval(tmp_path):
    (group,) = audited(tmp_path, {"t": "1" * 10, "u": "1" * 10}, group_subtasks={"g": ["t", "u"]}).groups
    assert group.score.interval == share_interval(20, 20)


def test_without_samples_the_results_file_speaks(tmp_path):
    lines = {"t": right_and_wrong("1" * 15 + "0" * 5)}
    document = document_of(lines)
    document["n-samples"] = {"t": {"original": 20, "effective": 20}}
    document["results"]["t"] = {"acc,none": 0.75, "acc_stderr,none": math.sqrt(0.75 * 0.25 / 19), "f1,none": 0.5,
                                "f1_stderr,none": 0.1, "mcc,none": 0.2, "mcc_stderr,none": "N/A", "em,none": 1.0,
                                "em_stderr,none": 0.0}  # fmt: skip
    audit = audited(tmp_path, lines, document=document, samples=[])
    acc, f1, mcc, em = audit.tasks[0].scores
    assert acc.interval == pytest.approx(wilson_interval(15, 20))
    assert f1.interval == pytest.approx((0.5 - 1.96 * 0.1, 0.5 + 1.96 * 0.1), abs=1e-4)
    assert (mcc.interval, mcc.reason) == (None, "the results file has no standard error of it")
    assert em.interval == pytest.approx(wilson_interval(20, 20))
    assert "t has no samples" in audit.tasks[0].reason


def test_perplexities_have_the_interval_of_resamples(tmp_path):
    lines = right_and_wrong("1" * 30)
    for i, line in enumerate(lines):
        line |= {"metrics": ["word_perplexity"], "word_perplexity": [-float(i % 5) - 1, 2]}
    document = document_of({"t": lines})
    document["results"]["t"] = {"word_perplexity,none": math.exp(1.5)}
    (score,) = audited(tmp_path, {"t": lines}, document=document).tasks[0].scores
    assert score.method == "bootstrap"
    assert score.score == pytest.approx(math.exp(1.5))
    assert score.interval[0] < score.score < score.interval[1]


def test_a_broken_samples_file_is_a_reason(tmp_path):
    file = write_run(tmp_path, {"t": right_and_wrong("10")})
    next(tmp_path.glob("samples_*")).write_text("{")
    audit = audit_run(open_runs([file]).runs[0])
    assert "Line 1" in audit.tasks[0].reason
    assert f"By its results file alone: {audit.tasks[0].reason.removesuffix('.')}." in said(audit)
    assert audit.tasks[0].main.score == 0.5


def test_the_metric_and_tasks_that_were_named(tmp_path):
    tasks = {"t": right_and_wrong("1100", scores={"acc_norm": 1.0}), "u": "10"}
    audit = audited(tmp_path, tasks, AuditOptions(metric="acc_norm", tasks=("t",)))
    assert [(one.task, one.main.metric) for one in audit.tasks] == [("t", ("acc_norm", "none"))]
    with pytest.raises(UsageError, match="No task of this run has the metric 'accuracy'"):
        audited(tmp_path, tasks, AuditOptions(metric="accuracy"))
    with pytest.raises(UsageError, match="no task or group 'w'"):
        audited(tmp_path, tasks, AuditOptions(tasks=("w",)))


def test_so_few_documents_find_no_difference(tmp_path):
    (task,) = audited(tmp_path, {"t": "1"}).tasks
    assert task.detectable is None
    assert "must differ by" not in said(audited(tmp_path, {"t": "1"}))


def test_a_mass_above_one_is_said_to_be_impossible(tmp_path):
    lines = [choice_line(i, [-0.1, -0.1, -0.2, -0.3], 0) for i in range(8)]
    assert "The labels together have a probability of" in said(audited(tmp_path, {"t": lines}))
    assert "which cannot be" in said(audited(tmp_path, {"t": lines}))


def test_a_run_without_any_score_is_an_error_that_says_why(tmp_path):
    write_run(tmp_path, {"t": right_and_wrong("10")}, document={"results": {}})
    with pytest.raises(DataError, match="There are no tasks in"):
        check_some_score(audit_run(open_runs([next(tmp_path.glob("results_*"))]).runs[0]))
    file = tmp_path / "samples.jsonl"
    file.write_text("no json\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"There is no score in .*\n.*Line 1 of .* is not JSON"):
        check_some_score(audit_run(open_runs([file]).runs[0]))


def test_a_task_without_the_column_of_clusters_counts_as_independent_and_is_named(tmp_path):
    other = right_and_wrong("10")
    for line in other:
        del line["doc"]["passage"]
    audit = audited(tmp_path, {"t": right_and_wrong("1010"), "u": other}, AuditOptions(cluster="question"))
    assert [task.cluster is None for task in audit.tasks] == [False, False]
    audit = audited(tmp_path, {"t": right_and_wrong("1010"), "u": other}, AuditOptions(cluster="passage"))
    assert [task.cluster is None for task in audit.tasks] == [False, True]
    assert "No column passage, so that documents count as independent: u." in said(audit)


def test_a_task_of_a_group_that_contains_itself_is_shown(tmp_path):
    tasks = {"t": right_and_wrong("10")}
    audit = audited(tmp_path, tasks, document=document_of(tasks, group_subtasks={"g": ["g", "t"]}))
    assert [name for name, _ in audit.run.tree()] == ["g", "t"]
    assert "acc 0.500 on 2 documents" in said(audit)


def test_a_score_that_is_not_that_of_the_samples_is_left_out_and_said(tmp_path):
    lines = right_and_wrong("1010", scores={"acc_norm": 1.0})
    document = document_of({"t": lines})
    document["results"]["t"]["acc,none"] = 0.75
    audit = audited(tmp_path, {"t": lines}, document=document)
    assert [score.metric[0] for score in audit.tasks[0].scores] == ["acc_norm"]
    assert "The results file has 0.7500 as acc of t and its samples have 0.5000: it is left out" in said(audit)
