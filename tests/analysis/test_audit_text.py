"""What an audit says, and what it warns of."""

from __future__ import annotations

import pytest
from audited_runs import audited, said
from stored_runs import choice_line, document_of, right_and_wrong, text_line

from proctor.analysis.audit_text import brief_line, inner_warnings, parts_of


def test_a_score_at_chance_asks_for_the_prompt(tmp_path):
    assert "at or below chance, 0.250" in said(audited(tmp_path, {"t": "1000" * 10}))
    assert "Is it the prompt or the harness" in said(audited(tmp_path, {"t": "1000" * 10}))
    assert "not shown to be above chance" in said(audited(tmp_path, {"t": "1000" * 9 + "1100"}))


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


def test_a_group_of_letters_and_texts_falls_into_its_members(tmp_path):
    texts = ("a cat", "a dog", "a cow", "a hen")
    tasks = {"t": "1100", "u": right_and_wrong("1000", options=texts, texts=texts)}
    audit = audited(tmp_path, tasks, group_subtasks={"g": ["t", "u"]})
    assert [part.alias for part in parts_of(audit)] == ["t", "u"]
    assert audit.tasks[0].choices.confidence is not None


def test_tasks_inside_a_group_warn_with_their_number(tmp_path):
    biased = [choice_line(i, [-9, -0.1, -9, -9], i % 4) for i in range(80)]
    audit = audited(tmp_path, {"t": biased, "u": "1" * 40}, group_subtasks={"g": ["t", "u"]})
    warnings = list(inner_warnings(audit, parts_of(audit)))
    assert any(line.startswith("t: B is chosen in 100 %") and "Holm over 2 tasks" in line for line in warnings)
    assert "Not shown to be above chance (Holm over 2 tasks): t." in warnings


def test_a_document_that_could_not_be_scored(tmp_path):
    lines = right_and_wrong("10")
    lines[1] |= {"metrics": [], "error": "KeyError"}
    del lines[1]["acc"]
    assert "1 document could not be scored." in said(audited(tmp_path, {"t": lines}))


def test_brief_lines(tmp_path):
    audit = audited(tmp_path, {"t": "1110" * 10})
    line = brief_line(parts_of(audit)[0])
    assert "can detect differences of " in line
    assert " points or more" in line
    assert line.startswith("t: acc 0.750 (95 %: 0.598 to 0.858); chance 0.25; overconfident by ")
    assert "positions " in line


@pytest.mark.parametrize("pattern", ["1", "0", "10"])
def test_no_score_is_ever_certain(tmp_path, pattern):
    audit = audited(tmp_path, {"t": pattern})
    low, high = audit.tasks[0].main.interval
    assert low < high
    assert "± 0" not in said(audit)
