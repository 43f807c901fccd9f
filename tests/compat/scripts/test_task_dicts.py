"""lm-eval's dictionaries of tasks in both forms, there and back."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from proctor.compat.scripts.manager import get_task_dict
from proctor.compat.scripts.task_dicts import as_nested, flatten, name_of, refuse_doubles
from proctor.errors import UsageError


class Named:
    """An object of a script."""


@pytest.mark.parametrize(
    ("task", "name"),
    [
        (SimpleNamespace(config=SimpleNamespace(task="mine"), EVAL_HARNESS_NAME="other"), "mine"),
        (SimpleNamespace(config=SimpleNamespace(task=None), EVAL_HARNESS_NAME="other"), "other"),
        (Named(), "Named"),
    ],
)
def test_the_name_of_a_task(task, name):
    assert name_of(task) == name


def test_nested_groups_become_tasks_and_groups_children_first(exam):
    config = {"group": "outer", "task": [{"group": "inner", "task": ["one"]}, "two"]}
    tasks, groups = flatten(get_task_dict([config], exam))
    assert sorted(tasks) == ["one", "two"]
    assert list(groups) == ["outer::inner", "outer"]


def test_both_forms_have_the_same_tasks_and_groups(exam):
    config = {"group": "both", "task": ["one", "two"]}
    loaded = exam.load(config)
    tasks, groups = flatten(loaded)
    assert (list(tasks), list(groups)) == (["one", "two"], ["both"])
    nested = as_nested(loaded["groups"]["both"])
    again, also = flatten(nested)
    assert (list(again), list(also)) == (["one", "two"], ["both"])
    assert again["one"] is tasks["one"]


def test_a_task_alone_is_its_own_dictionary(exam):
    (task,) = exam.load("one")["tasks"].values()
    assert as_nested(task) == {"one": task}
    assert flatten({"one": task}) == ({"one": task}, {})
    assert flatten({}) == ({}, {})


class Key:
    """A group as a key."""

    def __init__(self, name):
        self.name = name


def test_a_task_of_two_groups_is_refused():
    below = {Key("inner"): {"one": 1, "two": 2}}
    with pytest.raises(UsageError, match="The task 'one' stands in the groups 'a' and 'b'"):
        refuse_doubles({Key("a"): {"one": 1}, Key("b"): below})
    refuse_doubles({Key("a"): {"three": 1}, Key("b"): below})
    refuse_doubles({"one": 1})
