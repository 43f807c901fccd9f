"""Formulations of groups, and what is said of many tasks."""

from __future__ import annotations

import random

from proctor.analysis.formulation_pairs import FormulationAnswers, formulation_pairs
from proctor.run.formulation_report import MOST_REPORTED, formulation_facts, group_formulations, report_formulations
from proctor.run.formulation_results import FormulationResult
from proctor.tasks.groups import GroupSpec


def answers(name, right):
    return FormulationAnswers(name, f"by {name}", right, [int(one) for one in right])


def result(name, letter, text, own="letter", alone=None, clusters=None):
    found = {"letter": answers("letter", letter), "text": answers("text", text)}
    if alone is not None:
        found["choices_only"] = answers("choices only", alone)
    found = {own: found[own], **found}
    pairs = formulation_pairs([found["letter"], found["text"]], random.Random(0))
    return FormulationResult(name, "none", own, 1, found, {}, pairs, clusters=clusters)


def group(name):
    return GroupSpec(name=name, alias=name, members=(), aggregates=(), version="1")


A = result("a", [1.0, 0.0, 1.0], [0.0, 0.0, 1.0], alone=[1.0, 0.0, 0.0])
B = result("b", [1.0, 1.0], [0.0, 1.0], alone=[0.0, 1.0])
OTHER = result("c", [1.0], [1.0], own="text")


def test_a_group_compares_all_documents_of_its_tasks_together():
    (one,) = group_formulations([group("both")], {"both": ["a", "b", "a"]}, [A, B], 0)
    assert (one.name, one.n, one.left_out) == ("both", 5, 2)
    assert one.answers["letter"].right == [1.0, 0.0, 1.0, 1.0, 1.0]
    counts = one.pairs[0].table.counts
    assert (counts.both, counts.only_a, counts.only_b, counts.neither) == (2, 2, 0, 1)
    assert one.scores["acc_choices_only"].value == 0.4
    assert one.scores["choices_only_share"].value == 0.5
    assert one.sentences[-1] == (
        "both: without the question 0.400 are right; of 4 documents that are right with it, 50% are right without it."
    )


def test_tasks_with_another_own_formulation_or_alone_are_not_put_together():
    groups = [group("mixed"), group("one"), group("none")]
    leaves = {"mixed": ["a", "c"], "one": ["a"], "none": ["x"]}
    assert group_formulations(groups, leaves, [A, B, OTHER], 0) == []


def test_formulations_that_only_some_tasks_have_are_left_out_of_the_group():
    plain = result("d", [1.0], [0.0])
    (one,) = group_formulations([group("both")], {"both": ["a", "d"]}, [A, plain], 0)
    assert list(one.answers) == ["letter", "text"]
    assert one.scores == {}


def test_the_file_has_all_and_the_log_the_first_ones(caplog):
    caplog.set_level("INFO", "proctor")
    groups = group_formulations([group("both")], {"both": ["a", "b"]}, [A, B], 0)
    facts = formulation_facts([A, B], groups, "task,text", choices_only=True)["formulations"]
    assert [one["task"] for one in facts["tasks"]] == ["a", "b"]
    assert [(one["group"], one["documents"]) for one in facts["groups"]] == [("both", 5)]
    report_formulations([*groups, *[A] * MOST_REPORTED])
    assert caplog.messages[0].startswith("both: letter 0.800, text 0.400 (n = 5)")
    assert "The formulations of 1 more task or group are compared in the results file" in caplog.text
    caplog.clear()
    report_formulations([])
    assert caplog.text == ""


def test_without_formulations_the_file_says_nothing():
    assert formulation_facts([], [], "task", choices_only=False) == {}


def test_a_group_of_which_a_task_has_clusters_is_tested_by_them():
    clustered = result("a", [1.0, 0.0, 1.0], [0.0, 0.0, 1.0], clusters=["p", "p", "q"])
    (one,) = group_formulations([group("both")], {"both": ["a", "b"]}, [clustered, B], 0)
    assert one.clusters == [("a", "p"), ("a", "p"), ("a", "q"), ("b", 0), ("b", 1)]
    assert one.pairs[0].clusters == 4
    facts = formulation_facts([], [one], "task,text", choices_only=False)["formulations"]["groups"][0]["pairs"][0]
    assert facts["clusters"] == 4
    (plain,) = group_formulations([group("both")], {"both": ["a", "b"]}, [A, B], 0)
    assert (plain.clusters, plain.pairs[0].clusters) == (None, None)
