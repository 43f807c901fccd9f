"""What scripts may rely on in ``lm_eval.api.group``: members, what is aggregated over them, and configurations."""

from __future__ import annotations

import math
from typing import Any

import pytest

from proctor.compat.tasks.group import AggMetricConfig, ConfigurableGroup, Group
from proctor.compat.tasks.task_types import MultipleChoiceTask, Task
from proctor.errors import UsageError


def _nothing(self: Task, doc: Any = None) -> Any:
    return None


class Named(MultipleChoiceTask):
    """A task of which only the name is asked."""

    has_training_docs = has_validation_docs = has_test_docs = doc_to_text = _nothing

    def __init__(self, name):
        self._called = name

    @property
    def task_name(self):
        return self._called


HILL, LAKE = Named("hill"), Named("lake")
FIGURES = {
    "hill": {
        "sample_len": 100,
        "acc,none": 0.6,
        "acc_stderr,none": 0.02,
        "acc,strict": 0.7,
        "acc_stderr,strict": 0.015,
        "acc_norm,none": 0.1,
        "acc_norm_stderr,none": 0.3,
    },
    "lake": {"sample_len": 200, "acc,none": 0.9, "acc_stderr,none": 0.01, "acc,loose": 0.5},
}


def group(*entries, members=(HILL, LAKE), **facts):
    made = Group("land", aggregate_metric_list=[AggMetricConfig(**entry) for entry in entries], **facts)
    for member in members:
        made.add(member)
    return made


# -- members


def test_members_go_in_and_out_by_name():
    land = group()
    assert (len(land), list(land), land.child_names) == (2, [HILL, LAKE], ["hill", "lake"])
    assert ("hill" in land, "moor" in land) == (True, False)
    assert (land.get("lake"), land.get("moor"), land.pop("moor")) == (LAKE, None, None)
    assert land.pop("hill") is HILL
    assert list(land) == [LAKE]
    assert (len(Group("bare")), list(Group("bare"))) == (0, [])
    assert repr(land) == "Group('land': 1 members, lake)"


def test_what_lies_below_and_what_lies_directly_below():
    inner, outer, top = Group("inner"), Group("outer"), Group("top")
    inner.add(HILL)
    outer.add(inner)
    top.add(outer)
    top.add(LAKE)
    assert top.get_all_tasks() == [HILL, LAKE]
    assert top.get_all_tasks(recursive=False) == [LAKE]
    assert top.get_all_groups() == [outer, inner]
    assert top.get_all_groups(recursive=False) == [outer]


# -- figures


def test_every_pipeline_of_the_members_is_aggregated():
    land = group({"metric": "acc"}).aggregate(FIGURES)
    assert (land["alias"], land["name"], land["sample_len"]) == ("land", "land", 300)
    assert land["acc,none"] == pytest.approx((0.6 * 100 + 0.9 * 200) / 300)
    assert (land["acc,strict"], land["acc,loose"]) == (0.7, 0.5)
    assert (land["acc_stderr,strict"], land["acc_stderr,loose"]) == (pytest.approx(0.015), "N/A")
    assert land["sample_count"] == {"acc,loose": 200, "acc,none": 300, "acc,strict": 100}
    assert "acc_norm,none" not in land


@pytest.mark.parametrize(
    ("filters", "keys"),
    [
        ("none", ["acc,none"]),
        (["none", "strict"], ["acc,none", "acc,strict"]),
        ([], []),
        (["other"], []),
    ],
)
def test_pipelines_that_are_named_are_the_only_ones(filters, keys):
    land = group({"metric": "acc", "filter_list": filters}).aggregate(FIGURES)
    assert [key for key in land if key.startswith("acc,")] == keys
    assert land["sample_len"] == 300
    assert list(land.get("sample_count", {})) == keys


def test_each_metric_has_its_own_pipelines():
    land = group({"metric": "acc_norm"}, {"metric": "acc", "filter_list": ["none"]}).aggregate(FIGURES)
    assert [key for key in land if "," in key and "stderr" not in key] == ["acc_norm,none", "acc,none"]


def test_a_plain_mean_has_the_error_of_a_plain_mean():
    sizes = {"hill": {**FIGURES["hill"], "sample_len": 1000}, "lake": {**FIGURES["lake"], "sample_len": 10}}
    entry = {"metric": "acc", "filter_list": ["none"]}
    plain = group({**entry, "weight_by_size": False}).aggregate(sizes)
    weighted = group(entry).aggregate(sizes)
    assert plain["acc,none"] == pytest.approx(0.75)
    assert plain["acc_stderr,none"] == pytest.approx(math.hypot(0.02, 0.01) / 2)
    assert weighted["acc,none"] == pytest.approx((0.6 * 1000 + 0.9 * 10) / 1010)
    # (1000 - 1) * 0.02^2 * 1000 + (10 - 1) * 0.01^2 * 10, pooled over 1010 - 2 and 1010
    pooled = math.sqrt((999 * 1000 * 0.02**2 + 9 * 10 * 0.01**2) / 1008 / 1010)
    assert weighted["acc_stderr,none"] == pytest.approx(pooled)


def test_one_member_without_an_error_leaves_none():
    alone = {"hill": {"sample_len": 1, "acc,none": 1.0, "acc_stderr,none": "N/A"}, "lake": FIGURES["lake"]}
    assert group({"metric": "acc", "filter_list": "none"}).aggregate(alone)["acc_stderr,none"] == "N/A"


def test_members_without_the_metric_are_left_out_and_said(caplog):
    land = group({"metric": "acc", "filter_list": ["none", "strict"]})
    land.aggregate(FIGURES)
    (said,) = [record.getMessage() for record in caplog.records]
    assert "acc,strict is missing in 1 of 2 tasks" in said
    assert "lake" in said
    caplog.clear()
    group({"metric": "depth", "filter_list": ["none"]}).aggregate(FIGURES)
    assert "depth,none is missing in 2 of 2 tasks" in caplog.text


def test_nothing_is_said_where_every_member_has_it(caplog):
    group({"metric": "acc", "filter_list": ["none"]}).aggregate(FIGURES)
    assert caplog.records == []


def test_tasks_that_did_not_run_do_not_count():
    land = group({"metric": "acc", "filter_list": ["none"]}).aggregate({"hill": FIGURES["hill"]})
    assert (land["acc,none"], land["sample_len"]) == (0.6, 100)


def test_without_anything_to_aggregate_there_are_names_only():
    assert group(alias="Land").aggregate(FIGURES) == {"alias": "Land", "name": "land"}


def test_groups_of_groups_weigh_the_tasks_below():
    inner = group(members=[HILL])
    top = Group("top", aggregate_metric_list=[AggMetricConfig("acc", ["none"])])
    top.add(inner)
    top.add(LAKE)
    assert top.aggregate(FIGURES)["acc,none"] == pytest.approx(0.8)


def test_a_task_in_two_subgroups_counts_twice_as_in_lm_eval():
    west, east, top = Group("west"), Group("east"), Group("top", aggregate_metric_list=[AggMetricConfig("acc", "none")])
    west.add(HILL)
    east.add(HILL)
    east.add(LAKE)
    top.add(west)
    top.add(east)
    figures = top.aggregate(FIGURES)
    assert (figures["sample_len"], figures["acc,none"]) == (400, pytest.approx(0.75))


# -- configurations


def test_what_an_entry_says_by_default():
    entry = AggMetricConfig(metric="acc")
    assert (entry.filter_list, entry.aggregation, entry.weight_by_size) == (None, "mean", True)
    assert AggMetricConfig(metric="acc", filter_list="none").filter_list == ["none"]
    assert AggMetricConfig(metric="acc", filter_list=[]).filter_list == []
    assert AggMetricConfig(metric="acc", aggregation=max).aggregation is max
    with pytest.raises(UsageError, match="'median': 'mean' is the only"):
        AggMetricConfig(metric="acc", aggregation="median")


def test_a_configuration_there_and_back():
    land = group({"metric": "acc", "filter_list": "none"}, alias="Land", metadata={"version": 7})
    entry = {"metric": "acc", "filter_list": ["none"], "aggregation": "mean", "weight_by_size": True}
    assert land.to_dict() == {
        "group": "land",
        "task": ["hill", "lake"],
        "group_alias": "Land",
        "aggregate_metric_list": [entry],
        "metadata": {"version": 7},
    }
    again = Group.from_config(land.to_dict())
    assert (again.name, again.alias, again.version) == ("land", "Land", "7")
    assert again.aggregate_metric_list == land.aggregate_metric_list
    assert Group("bare").to_dict() == {"group": "bare"}


def test_one_entry_may_stand_without_a_list():
    made = Group.from_config({"group": "land", "aggregate_metric_list": {"metric": "acc"}})
    assert made.aggregate_metric_list == [AggMetricConfig(metric="acc")]
    assert made.has_aggregation
    assert not Group("bare").has_aggregation
    assert not group().has_aggregation


def test_a_group_needs_a_name():
    with pytest.raises(TypeError, match="group"):
        Group.from_config({})


def test_the_older_name_is_the_same_group():
    land = group({"metric": "acc", "filter_list": "none"}, alias="Land")
    older = ConfigurableGroup.from_group(land)
    assert (older.group_name, older.group_alias, older.child_names) == ("land", "Land", ["hill", "lake"])
    assert older.aggregate(FIGURES) == land.aggregate(FIGURES)
    assert len({older, ConfigurableGroup.from_group(land)}) == 1
