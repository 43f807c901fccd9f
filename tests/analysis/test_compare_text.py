"""A comparison in sentences: a finding, its size, its uncertainty; no "no difference" without what was detectable."""

from __future__ import annotations

import pytest
from stored_runs import choice_line, document_of, right_and_wrong, write_run

from proctor.analysis.compare import compare_runs
from proctor.analysis.compare_text import (
    group_sentence,
    letter,
    notes,
    option_notes,
    task_sentence,
    verdict_counts,
)
from proctor.analysis.comparison import CompareOptions
from proctor.results.open_runs import open_runs


def compared(tmp_path, first, second, options=None, more=({}, {})):
    runs = []
    for place, tasks in enumerate((first, second)):
        lines = {task: right_and_wrong(given) if isinstance(given, str) else given for task, given in tasks.items()}
        runs += open_runs([write_run(tmp_path / str(place), lines, **more[place])]).runs
    return compare_runs(runs, options)


def test_a_difference_that_was_found(tmp_path):
    comparison = compared(tmp_path, {"t": "0" * 10 + "1" * 20}, {"t": "1" * 30})
    (task,) = comparison.pairs[0].tasks
    assert task_sentence(task) == (
        "B is better than A by 33.3 points (95 %: 13.0 to 49.5; McNemar p = 0.002; "
        "10 documents right only by B, 0 only by A)."
    )


def test_what_was_not_resolved_says_what_would_have_been(tmp_path):
    comparison = compared(tmp_path, {"t": "10" * 10}, {"t": "11" + "10" * 9})
    sentence = task_sentence(comparison.pairs[0].tasks[0])
    assert sentence.startswith("Not resolved: +5.0 points (95 %: −10.8 to 19.9). With these 20 documents a difference")
    assert "is missed more than one time in five; to see 1 point takes about 3,700 documents." in sentence


def test_the_same_within_a_margin(tmp_path):
    comparison = compared(tmp_path, {"t": "10" * 500}, {"t": "10" * 500}, CompareOptions(margin=0.02))
    assert task_sentence(comparison.pairs[0].tasks[0]).startswith("The same within the margin: 0.0 points")


def test_verdicts_are_counted_with_their_correction(tmp_path):
    first = {"t": "1" * 40, "u": "10" * 20}
    comparison = compared(tmp_path, first, {"t": "0" * 20 + "1" * 20, "u": "01" + "10" * 19})
    text = verdict_counts(comparison.pairs[0], comparison)
    assert text.startswith("2 tasks: 1 worse (t), 0 better (Holm, 5 %); 1 not resolved (MDE ")


def test_runs_without_a_difference_say_so(tmp_path):
    given = {"g_one": "1100", "g_two": "1010"}
    group = {"group_subtasks": {"g": ["g_one", "g_two"]}, "groups": {"g": {"acc,none": 0.5}}}
    (pair,) = compared(tmp_path, given, given, more=(group, group)).pairs
    (found,) = pair.groups
    assert group_sentence(found).startswith("The same score in all 8 documents (95 %: ")
    assert found.detectable_effect is not None
    assert "is missed more than one time in five" in group_sentence(found)
    assert task_sentence(pair.tasks[0]).startswith("The same score in all 4 documents (95 %: ")
    comparison = compared(tmp_path / "other", given, {**given, "g_two": "1011"}, more=(group, group))
    assert verdict_counts(comparison.pairs[0], comparison).endswith("; in 1 of them no document differs.")
    assert (comparison.pairs[0].groups[0].counts.only_a, comparison.pairs[0].groups[0].counts.only_b) == (0, 1)
    assert group_sentence(comparison.pairs[0].groups[0]).startswith("Not resolved: +12.5 points")


def test_a_task_whose_alias_is_another_s_as_well_is_named_with_its_group(tmp_path):
    given = {"g_one": "1" * 40, "h_one": "1" * 40}
    groups = {"group_subtasks": {"g": ["g_one"], "h": ["h_one"]}}
    more = tuple(
        {
            **groups,
            "results": {"g_one": {"alias": "isles", "acc,none": 1.0}, "h_one": {"alias": "isles", "acc,none": acc}},
        }
        for acc in (1.0, 0.5)
    )
    comparison = compared(tmp_path, given, {**given, "h_one": "0" * 20 + "1" * 20}, more=more)
    assert verdict_counts(comparison.pairs[0], comparison).startswith("2 tasks: 1 worse (isles (h)), 0 better")


def test_notes_say_prompts_settings_and_what_is_missing(tmp_path):
    lines = right_and_wrong("111", prompt_hash="other")
    first = {"t": right_and_wrong("1111"), "u": "1"}
    comparison = compared(tmp_path, first, {"t": lines}, more=({}, {"n-shot": {"t": 5}}))
    text = "\n".join(notes(comparison.pairs[0]))
    assert "Same documents, different prompts: 3 of 3 (t). The model is the same." in text
    assert "Also different: num_fewshot 0 → 5 (in t)." in text
    assert "Left out: 1 document only in A, 0 only in B (t)." in text
    assert "Only in A: 1 task (u)." in text


def test_notes_of_equal_runs_of_old_files(tmp_path):
    text = "\n".join(notes(compared(tmp_path, {"t": right_and_wrong("10", style="old")}, {"t": "10"}).pairs[0]))
    assert "No other setting differs." in text
    assert "paired by number" in text
    assert "a file has no prompt_hash" in text
    (first, *_) = notes(compared(tmp_path / "new", {"t": "10"}, {"t": "10"}).pairs[0])
    assert first == "Same prompts. No other setting differs."


def test_notes_of_clusters_and_numbers(tmp_path):
    lines = [choice_line(i, [0, -1, -2, -3], 0, passage="p") for i in range(3)]
    broken = [*lines[:2], {**lines[2], "acc": float("nan")}]
    text = "\n".join(notes(compared(tmp_path, {"t": lines}, {"t": broken}, CompareOptions(cluster="passage")).pairs[0]))
    assert "All documents are one cluster" in text
    assert "Left out: 1 score that is not a number (t)." in text


def test_a_group_and_whether_its_tasks_agree(tmp_path):
    first = {"t": "1" * 100, "u": "10" * 50}
    second = {"t": "0" * 30 + "1" * 70, "u": "11" * 25 + "10" * 25}
    comparison = compared(tmp_path, first, second, more=({"group_subtasks": {"g": ["t", "u"]}},) * 2)
    sentence = group_sentence(comparison.pairs[0].groups[0])
    assert sentence.startswith("Not resolved: −2.5 points (95 %: ")
    assert "The difference differs between its tasks (Cochran's Q, p = " in sentence


@pytest.mark.parametrize(("place", "text"), [(0, "A"), (2, "C"), (25, "Z"), (26, "A1")])
def test_letters(place, text):
    assert letter(place) == text


def test_what_became_of_what_was_asked_for_is_said(tmp_path):
    other = right_and_wrong("10")
    for line in other:
        del line["doc"]["passage"]
    tasks = {"t": right_and_wrong("1010"), "u": other}
    found = compared(tmp_path, tasks, tasks, CompareOptions(cluster="passage", by="passage"))
    said = " ".join(option_notes(found.pairs[0], found))
    assert said == "No column passage: u. No column passage: u."
    runs = [found.runs[0]] * 2
    same = compare_runs(runs)
    assert list(option_notes(same.pairs[0], same)) == ["Both are the same run."]


def test_files_that_contradict_each_other_are_named(tmp_path):
    document = document_of({"t": right_and_wrong("1010")})
    document["results"]["t"] |= {"acc,none": 0.75, "brier,none": 0.1}
    found = compared(tmp_path, {"t": "1010"}, {"t": "1010"}, more=({"document": document}, {}))
    assert found.pairs[0].tasks[0].result is None
    said = " ".join(notes(found.pairs[0]))
    assert "A: the results file has 0.7500 as acc of t and its samples have 0.5000: it is left out" in said
    assert "B: the results file" not in said
