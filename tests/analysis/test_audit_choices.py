"""Choices of a run: chance, baselines, positions, mass, confidence; what does not exist has a reason."""

from __future__ import annotations

import math

import pytest
from audited_runs import audited, said
from stored_runs import choice_line, right_and_wrong

from proctor.analysis.baselines import against_chance, majority_position
from proctor.analysis.calibration import calibration, mass_bins
from proctor.analysis.positions import position_bias
from proctor.analysis.run_audit import AuditOptions


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


def test_scores_of_a_script_do_not_follow_from_the_options(tmp_path):
    lines = right_and_wrong("1100")
    lines[0]["acc"] = 0.0
    audit = audited(tmp_path, {"t": lines})
    found = audit.tasks[0].choices
    assert (found.disagreements, found.positions, found.confidence) == (1, None, None)
    assert "In 1 document the score is not that of the likeliest option." in said(audit)


def test_a_gold_that_is_not_known(tmp_path):
    lines = right_and_wrong("110")
    lines[2]["target"] = "nobody"
    assert "Of 1 choice the gold is not known" in said(audited(tmp_path, {"t": lines}))
