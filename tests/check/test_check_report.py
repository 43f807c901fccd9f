"""Errors and notes of one task or group, each at the line of its key."""

from __future__ import annotations

from proctor.check.report import Report
from proctor.tasks.nodes import GroupNode, TaskNode
from proctor.tasks.source_map import Location

PLACES = {("metric_list",): Location("t.yaml", 4), ("metric_list", 0, "metric"): Location("t.yaml", 5)}


def report():
    return Report("task", TaskNode("sums", {}, PLACES, "t.yaml"))


def test_an_error_stands_at_its_key_and_makes_the_key_unusable():
    found = report()
    found.error("no such metric.", "metric_list", 0, "metric", hint="Did you mean 'acc'?")
    found.error("it is empty.", "filter_list")
    assert [(one.message, one.file, one.line, one.hint) for one in found.errors] == [
        ("task 'sums': no such metric.", "t.yaml", 5, "Did you mean 'acc'?"),
        ("task 'sums': it is empty.", "t.yaml", None, None),
    ]
    assert found.keys == {"metric_list", "filter_list"}
    assert found.notes == []


def test_an_error_of_the_whole_task_makes_no_key_unusable():
    found = report()
    found.error("it has no documents.")
    assert (found.errors[0].line, found.keys) == (None, set())


def test_a_note_may_be_meant_and_its_key_stays_usable():
    found = report()
    found.note("looks odd.", "metric_list")
    assert [one.line for one in found.notes] == [4]
    assert (found.errors, found.keys) == ([], set())


def test_a_group_is_named_as_one():
    found = Report("group", GroupNode("all", {}, (), {}, "g.yaml"))
    found.error("it has no members.", "task")
    assert (found.errors[0].message, found.errors[0].file) == ("group 'all': it has no members.", "g.yaml")
