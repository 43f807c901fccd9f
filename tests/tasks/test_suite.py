"""What was selected as specs: each task once, groups after their members, all errors at once."""

from __future__ import annotations

import pytest

from proctor.errors import TaskError
from proctor.tasks.nodes import GroupNode, TaskNode
from proctor.tasks.suite import build_suite


@pytest.fixture
def leaf(node):
    def make(name, **changes):
        one = node(name, **changes)
        return TaskNode(name, one.config, one.places, one.file)

    return make


def group(name, *members, **keys):
    config = {"group": name, "task": [member.name for member in members], **keys}
    return GroupNode(name, config, members, {}, "g.yaml")


def test_tasks_are_built_once_and_groups_after_their_members(leaf):
    one, two, three = (leaf(name) for name in ("one", "two", "three"))
    inner = group("inner", two, one)
    suite = build_suite([one, group("outer", inner, three), inner])
    assert [task.name for task in suite.tasks] == ["one", "two", "three"]
    assert [each.name for each in suite.groups] == ["inner", "outer"]
    assert suite.leaves == {"inner": ("two", "one"), "outer": ("two", "one", "three")}


def test_a_task_of_two_subgroups_is_a_leaf_twice_and_equal_siblings_are_one(leaf):
    one, two = leaf("one"), leaf("two")
    outer = group("outer", group("a", one), group("b", one, two), group("a", one))
    suite = build_suite([outer])
    assert suite.leaves["outer"] == ("one", "one", "two")
    assert [task.name for task in suite.tasks] == ["one", "two"]


def test_the_metadata_of_a_run_reaches_every_task(leaf):
    suite = build_suite([leaf("one", metadata={"a": 1, "b": 1}), leaf("two")], {"a": 2})
    assert [task.metadata["a"] for task in suite.tasks] == [2, 2]
    assert suite.tasks[0].metadata["b"] == 1


def test_the_errors_of_all_tasks_and_groups_come_at_once_each_once(leaf):
    broken = leaf("one", output_type="multiple_chioce")
    empty = GroupNode("empty", {"group": "empty"}, (), {}, "g.yaml")
    with pytest.raises(TaskError) as caught:
        build_suite([broken, group("g", broken, leaf("two", repeats=0)), empty])
    assert [finding.message for finding in caught.value.errors] == [
        "task 'one': there is no output_type 'multiple_chioce'.",
        "task 'two': repeats must be 1 or more, but it is 0.",
        "group 'empty': it has no members.",
    ]


def test_nothing_selected_is_nothing_built():
    suite = build_suite([])
    assert (suite.tasks, suite.groups, suite.leaves) == ((), (), {})
