"""A run looked through: intervals, chance, baselines, positions, mass, confidence; what does not exist has a reason."""

from __future__ import annotations

import math

import pytest
from stored_runs import choice_line, document_of, right_and_wrong, text_line, write_run

from proctor.analysis.audit import audit_run
from proctor.analysis.audit_document import audit_document
from proctor.analysis.audit_text import brief_line, inner_warnings, part_lines, parts_of
from proctor.analysis.baselines import against_chance, majority_position
from proctor.analysis.calibration import calibration, mass_bins
from proctor.analysis.intervals import share_interval
from proctor.analysis.positions import position_bias
from proctor.analysis.run_audit import AuditOptions
from proctor.errors import UsageError
from proctor.results.open_runs import open_runs
from proctor.stats.intervals import wilson_interval


def audited(tmp_path, tasks, options=None, **more):
    lines = {task: right_and_wrong(given) if isinstance(given, str) else given for task, given in tasks.items()}
    (run,) = open_runs([write_run(tmp_path, lines, **more)]).runs
    return audit_run(run, options)


def said(audit):
    parts = parts_of(audit)
    return "\n".join([line for part in parts for line in part_lines(part)] + list(inner_warnings(audit, parts)))


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


def test_chance_and_baselines_are_those_of_the_documents(tmp_path):
    (task,) = audited(tmp_path, {"t": "1" * 30 + "0" * 10}).tasks
    golds = [i % 4 for i in range(40)]
    found = task.choices
    assert found.chance == against_chance([4] * 40, [1] * 40, [1.0] * 30 + [0.0] * 10)
    assert found.majority == majority_position(golds, [4] * 40)
    # The texts are "one", "two", "three", "four": the third is always the longest.
    assert found.longest.acc == 0.25


def test_none_of_the_above_that_is_right_too_often(tmp_path):
    texts = ("one", "two", "three", "None of the above")
    lines = [choice_line(i, [-1, -2, -3, -0.5], 3, texts=texts) for i in range(20)] + right_and_wrong("1" * 20)
    lines = [{**line, "doc_id": i, "doc_hash": f"{i}"} for i, line in enumerate(lines)]
    audit = audited(tmp_path, {"t": lines})
    found = audit.tasks[0].choices
    assert (found.all_none_n, found.all_none.acc, found.all_none.chance) == (20, 1.0, 0.25)
    assert 'Of 20 documents with an option such as "none of the above", it is right in 1.000' in said(audit)


def test_positions_of_letters(tmp_path):
    lines = [choice_line(i, [-0.1 if place == 3 else -3.0 for place in range(4)], i % 4) for i in range(40)]
    audit = audited(tmp_path, {"t": lines})
    assert audit.tasks[0].choices.positions == position_bias([i % 4 for i in range(40)], [3] * 40, [4] * 40)
    assert "D is chosen in 100 % of documents and is the gold of 25 %" in said(audit)


def test_options_that_are_texts_have_no_positions(tmp_path):
    texts = ("a cat", "a dog", "a cow", "a hen")
    lines = [choice_line(i, [-1, -2, -3, -4], i % 4, options=texts, texts=texts) for i in range(8)]
    found = audited(tmp_path, {"t": lines}).tasks[0].choices
    assert (found.positions, found.mass, found.by_label) == (None, None, False)
    assert "order is not known to the model" in found.reasons["positions"]


def test_the_mass_of_the_labels(tmp_path):
    lines = [choice_line(i, [math.log(0.001)] * 3 + [math.log(0.002)], 3) for i in range(10)]
    audit = audited(tmp_path, {"t": lines})
    assert audit.tasks[0].choices.mass == pytest.approx(0.005)
    assert audit.tasks[0].choices.format_rate == 0
    assert "All labels together have 0.5 % of the probability" in said(audit)


def test_confidence_is_that_of_the_normalization_that_is_graded(tmp_path):
    audit = audited(tmp_path, {"t": "1100" * 10})
    found = audit.tasks[0].choices.confidence
    sure = [max(view) for view in [[math.exp(-0.05), math.exp(-5.0), math.exp(-6.0)]]]
    assert found.calibration.n == 40
    assert found.calibration.mean_confidence > sure[0]
    confidence = [math.exp(-0.05) / (math.exp(-0.05) + sum(math.exp(-4.0 - p) for p in range(4) if p != place))
                  for i in range(40) for place in [i % 4 if i % 4 < 2 else (i + 1) % 4]]  # fmt: skip
    correct = [1.0, 1.0, 0.0, 0.0] * 10
    assert found.calibration.ece == pytest.approx(calibration(confidence, correct, mass_bins(confidence)).ece)
    assert found.scaled is None
    detailed = audited(tmp_path, {"t": "1100" * 10}, AuditOptions(details=True)).tasks[0].choices.confidence
    assert detailed.scaled.temperature.value > 1
    assert "By chance ECE is" in said(audit)


def test_not_a_number_is_left_out_and_counted(tmp_path):
    lines = right_and_wrong("1101")
    lines[3] = {**choice_line(3, [float("nan"), -1, -2, -3], 3), "acc": 0.0}
    lines += [{**choice_line(4, [-1, -2, -3, -4], 0), "acc": float("nan")}]
    (task,) = audited(tmp_path, {"t": lines}).tasks
    assert (task.not_finite, task.main.n, task.choices.confidence.left_out) == (1, 4, 1)
    assert "1 score left out: not a number." in said(audited(tmp_path, {"t": lines}))


def test_a_score_at_chance_asks_for_the_prompt(tmp_path):
    assert "at or below chance, 0.250" in said(audited(tmp_path, {"t": "1000" * 10}))
    assert "Is it the prompt or the harness" in said(audited(tmp_path, {"t": "1000" * 10}))
    assert "no more than chance" in said(audited(tmp_path, {"t": "1000" * 9 + "1100"}))


def test_golds_at_few_positions_are_a_warning(tmp_path):
    lines = [choice_line(i, [-9, -0.1, -9, -9], 1 + (i % 2)) for i in range(100)]
    text = said(audited(tmp_path, {"t": lines}))
    assert "Always B is right in 0.500, 25.0 points more than chance: the exam gives that away" in text
    assert "The gold is A in 0.0 %: never saying A is worth 8.3 points" in text


def test_ties_are_a_warning(tmp_path):
    lines = [choice_line(i, [-1, -1, -2, -3], 0) for i in range(4)]
    assert "In 100 % of documents options have equal scores" in said(audited(tmp_path, {"t": lines}))


def test_texts_that_were_not_read(tmp_path):
    lines = [text_line(i, "x", "[invalid]" if i < 3 else "4", float(i >= 3)) for i in range(4)]
    document = document_of({"t": lines}, proctor={"texts": {"at_length": [{"task": "t", "texts": 2, "of": 4}]}})
    document["configs"]["t"]["output_type"] = "generate_until"
    audit = audited(tmp_path, {"t": lines}, document=document)
    assert dict(audit.tasks[0].texts) == {"unread": 3, "read": 1}
    assert "Of 4 texts: 3 unread, 2 truncated; these are not simply wrong. Is it the prompt" in said(audit)


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


def test_a_group_of_letters_and_texts_falls_into_its_members(tmp_path):
    texts = ("a cat", "a dog", "a cow", "a hen")
    tasks = {"t": "1100", "u": right_and_wrong("1000", options=texts, texts=texts)}
    audit = audited(tmp_path, tasks, group_subtasks={"g": ["t", "u"]})
    assert [part.alias for part in parts_of(audit)] == ["t", "u"]
    assert audit.tasks[0].choices.confidence is not None


def test_a_group_in_which_all_is_right_has_an_interval(tmp_path):
    (group,) = audited(tmp_path, {"t": "1" * 10, "u": "1" * 10}, group_subtasks={"g": ["t", "u"]}).groups
    assert group.score.interval == share_interval(20, 20)


def test_tasks_inside_a_group_warn_with_their_number(tmp_path):
    biased = [choice_line(i, [-9, -0.1, -9, -9], i % 4) for i in range(80)]
    audit = audited(tmp_path, {"t": biased, "u": "1" * 40}, group_subtasks={"g": ["t", "u"]})
    warnings = list(inner_warnings(audit, parts_of(audit)))
    assert any(line.startswith("t: B is chosen in 100 %") and "Holm over 2 tasks" in line for line in warnings)
    assert "Not above chance (Holm over 2 tasks): t." in warnings


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
    assert audit.tasks[0].main.score == 0.5


def test_a_document_that_could_not_be_scored(tmp_path):
    lines = right_and_wrong("10")
    lines[1] |= {"metrics": [], "error": "KeyError"}
    del lines[1]["acc"]
    assert "1 document could not be scored." in said(audited(tmp_path, {"t": lines}))


def test_a_gold_that_is_not_known(tmp_path):
    lines = right_and_wrong("110")
    lines[2]["target"] = "nobody"
    assert "Of 1 choice the gold is not known" in said(audited(tmp_path, {"t": lines}))


def test_scores_of_a_script_do_not_follow_from_the_options(tmp_path):
    lines = right_and_wrong("1100")
    lines[0]["acc"] = 0.0
    audit = audited(tmp_path, {"t": lines})
    found = audit.tasks[0].choices
    assert (found.disagreements, found.positions, found.confidence) == (1, None, None)
    assert "In 1 document the score is not that of the likeliest option." in said(audit)


def test_the_metric_and_tasks_that_were_named(tmp_path):
    tasks = {"t": right_and_wrong("1100", scores={"acc_norm": 1.0}), "u": "10"}
    audit = audited(tmp_path, tasks, AuditOptions(metric="acc_norm", tasks=("t",)))
    assert [(one.task, one.main.metric) for one in audit.tasks] == [("t", ("acc_norm", "none"))]
    with pytest.raises(UsageError, match="No task of this run has the metric 'accuracy'"):
        audited(tmp_path, tasks, AuditOptions(metric="accuracy"))
    with pytest.raises(UsageError, match="no task or group 'w'"):
        audited(tmp_path, tasks, AuditOptions(tasks=("w",)))


def test_json_has_the_keys_of_a_results_file(tmp_path):
    audit = audited(tmp_path, {"t": "1100" * 10}, AuditOptions(details=True))
    document = audit_document(audit)
    keys = document["results"]["t"]
    assert keys["acc,none"] == 0.5
    assert keys["acc_chance_corrected,none"] == pytest.approx(1 / 3)
    assert keys["acc_chance_corrected_stderr,none"] == pytest.approx(0.1 / 0.75)
    for name in ("chance", "p_above_chance", "longest_acc", "ece", "ece_null", "ece_p", "rmsce_debiased", "auroc",
                 "selective_acc_0.5", "aurc", "nll", "temperature", "ece_scaled", "choice_mass", "format_rate",
                 "majority_position_acc", "position_p", "position_rstd"):  # fmt: skip
        assert f"{name},none" in keys, name
    details = document["proctor"]["audit"]["t"]
    assert details["choices"]["positions"]["table"]
    assert "chance_items" not in details["choices"]["chance"]
    assert document["sentences"]["t"]


def test_brief_lines(tmp_path):
    audit = audited(tmp_path, {"t": "1110" * 10})
    line = brief_line(parts_of(audit)[0])
    assert line.startswith("t: acc 0.750 (95 %: 0.598 to 0.858); chance 0.25; overconfident by ")
    assert "positions " in line


@pytest.mark.parametrize("pattern", ["1", "0", "10"])
def test_no_score_is_ever_certain(tmp_path, pattern):
    audit = audited(tmp_path, {"t": pattern})
    low, high = audit.tasks[0].main.interval
    assert low < high
    assert "± 0" not in said(audit)
