"""The tree that selecting gives, and when two configurations of one name are the same."""

from __future__ import annotations

from proctor.refs import Ref
from proctor.tasks.nodes import GroupNode, TaskNode, differing_keys


def task(name="t", **config):
    return TaskNode(name, config, {}, None)


def test_the_leaves_of_a_group_are_its_tasks_in_order_shared_ones_twice():
    shared = task("shared")
    inner = GroupNode("inner", {}, (task("a"), shared), {}, None)
    outer = GroupNode("outer", {}, (inner, shared), {}, None)
    assert [leaf.name for leaf in outer.leaves()] == ["a", "shared", "shared"]
    assert list(shared.leaves()) == [shared]


def test_configurations_differ_in_what_they_mean_and_not_in_how_they_are_shown():
    one, other = task(a=1, task_alias="x", b=[{"c": 2}]), task(a=1, task_alias="y", b=[{"c": 3}], d=None)
    assert differing_keys(one, one) == []
    assert differing_keys(one, other) == ["b"]


def test_a_function_is_the_same_wherever_it_is_named():
    here, there = (task(f=Ref("folder", "m.f", file, 3)) for file in ("one.yaml", "two.yaml"))
    assert differing_keys(here, there) == []
    assert differing_keys(here, task(f=Ref("elsewhere", "m.f", "one.yaml", 3))) == ["f"]
