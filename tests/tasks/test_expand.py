"""Groups and tags spelt out: overrides on the way down, and members that are nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from group_folder import errors_of, leaf, leaf_names, pick, tree, write, write_groups

from proctor.errors import TaskError
from proctor.tasks.index import build_index
from proctor.tasks.select import GroupNode, select
from proctor.tasks.suite import build_suite


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_groups(tmp_path / "exam")


class TestOverrides:
    """A group's further keys and a member's keys come over the tasks' own, whole key by whole key."""

    def test_a_groups_further_keys(self, folder):
        write(folder, "g.yaml", "group: g\ntask: [exam]\nnum_fewshot: 7\nmetadata: {version: 9}\ndescription: d\n")
        selection = pick(folder, "g")
        assert [task.config["num_fewshot"] for task in selection.leaves()] == [7, 7, 7]
        assert leaf(selection, "algebra").config["metadata"] == {"version": 1}
        assert leaf(selection, "algebra").places["num_fewshot",] == (str(folder / "g.yaml"), 3)

    def test_the_outer_group_comes_over_the_inner_one_and_the_member_over_both(self, folder):
        write(
            folder, "in.yaml", "group: in\nnum_fewshot: 1\nrepeats: 1\ntask: [algebra, {task: biology, repeats: 5}]\n"
        )
        write(folder, "out.yaml", "group: out\nnum_fewshot: 2\ntask: [in]\n")
        selection = pick(folder, "out")
        shots = {task.name: (task.config["num_fewshot"], task.config["repeats"]) for task in selection.leaves()}
        assert shots == {"algebra": (2, 1), "biology": (2, 5)}

    def test_a_member_with_keys_of_its_own(self, folder):
        text = "group: g\ntask:\n  - task: algebra\n    task_alias: A\n    metadata: {version: 3}\n    tag: gone\n"
        write(folder, "g.yaml", text)
        node = leaf(pick(folder, "g"), "algebra")
        assert node.config["task_alias"] == "A"
        assert node.config["metadata"] == {"version": 3}
        assert node.places["metadata", "version"] == (str(folder / "g.yaml"), 5)
        assert "tag" not in node.config

    @pytest.mark.parametrize("way", ["task", "group"])
    def test_a_group_under_overrides(self, folder, way):
        text = f"group: g\ntask:\n  - {way}: sciences\n    group_alias: S\n    num_fewshot: 4\n"
        write(folder, "g.yaml", text)
        (node,) = pick(folder, "g").nodes
        assert tree(node) == {"g": [{"sciences": ["algebra", "biology"]}]}
        assert isinstance(node, GroupNode)
        (inner,) = node.members
        assert inner.config["group_alias"] == "S"
        assert inner.config["aggregate_metric_list"] == [{"metric": "acc"}]
        assert [(task.config["task"], task.config["num_fewshot"]) for task in node.leaves()] == [
            ("algebra", 4),
            ("biology", 4),
        ]
        assert all("group_alias" not in task.config for task in node.leaves())

    def test_a_group_member_comes_over_the_group_that_names_it(self, folder):
        write(folder, "g.yaml", "group: g\nnum_fewshot: 1\nrepeats: 3\ntask: [{task: sciences, num_fewshot: 4}]\n")
        shots = {(task.config["num_fewshot"], task.config["repeats"]) for task in pick(folder, "g").leaves()}
        assert shots == {(4, 3)}

    def test_the_alias_of_a_group_member_is_the_groups(self, folder):
        write(folder, "g.yaml", "group: g\ntask: [{task: sciences, task_alias: S}]\n")
        (node,) = pick(folder, "g").nodes
        assert isinstance(node, GroupNode)
        assert node.members[0].config["group_alias"] == "S"
        assert node.members[0].places["group_alias",].line == 2
        assert all("task_alias" not in task.config for task in node.leaves())

    def test_a_tag_under_overrides(self, folder):
        write(folder, "g.yaml", "group: g\ntask: [{task: stem, num_fewshot: 4}]\n")
        selection = pick(folder, "g")
        assert [(task.name, task.config["num_fewshot"]) for task in selection.leaves()] == [
            ("algebra", 4),
            ("biology", 4),
        ]

    def test_an_inline_subgroup_is_named_after_its_parent(self, folder):
        text = (
            "group: g\nnum_fewshot: 1\ntask:\n  - group: sub\n    group_alias: Sub\n    repeats: 3\n"
            "    task:\n      - algebra\n      - group: sub\n        task: biology\n"
        )
        write(folder, "g.yaml", text)
        (node,) = pick(folder, "g").nodes
        assert tree(node) == {"g": [{"g::sub": ["algebra", {"g::sub::sub": ["biology"]}]}]}
        assert {(task.config["num_fewshot"], task.config["repeats"]) for task in node.leaves()} == {(1, 3)}

    def test_a_subgroup_with_members_is_defined_here_even_if_its_name_is_taken(self, folder):
        write(folder, "g.yaml", "group: g\ntask: [{group: sciences, task: [history]}]\n")
        assert tree(pick(folder, "g").nodes[0]) == {"g": [{"g::sciences": ["history"]}]}

    def test_an_inline_task(self, folder):
        text = "group: g\nrepeats: 2\ntask:\n  - task: own\n    include: _template_yaml\n    dataset_name: n\n"
        write(folder, "g.yaml", text)
        node = leaf(pick(folder, "g"), "g::own")
        assert node.config["dataset_path"] == "exam"
        assert (node.config["task"], node.config["dataset_name"], node.config["repeats"]) == ("g::own", "n", 2)
        assert node.places["dataset_name",].line == 6
        assert node.file == str(folder / "g.yaml")

    def test_an_inline_task_whose_include_is_missing(self, folder):
        write(folder, "g.yaml", "group: g\ntask:\n  - task: own\n    include: _tmplate_yaml\n")
        (finding,) = errors_of(folder, "g")
        assert finding.startswith(f"{folder}/g.yaml:4: include: '_tmplate_yaml' does not exist")

    def test_members_given_as_a_single_name_are_a_list_of_one(self, folder):
        write(folder, "g.yaml", "group: g\ntask: algebra\n")
        assert tree(pick(folder, "g").nodes[0]) == {"g": ["algebra"]}

    def test_equal_siblings_are_one_member(self, folder):
        write(folder, "g.yaml", "group: g\ntask: [algebra, algebra, sciences, stem]\n")
        (node,) = pick(folder, "g").nodes
        assert tree(node) == {"g": ["algebra", {"sciences": ["algebra", "biology"]}, "biology"]}
        assert [task.name for task in node.leaves()] == ["algebra", "algebra", "biology", "biology"]
        assert leaf_names(pick(folder, "g")) == ["algebra", "biology"]

    def test_how_a_task_is_shown_makes_no_second_task_of_it(self, folder):
        write(folder, "g.yaml", "group: g\ntask: [{task: algebra, task_alias: A}]\n")
        assert leaf_names(pick(folder, "algebra", "g")) == ["algebra"]

    def test_one_name_with_two_configurations(self, folder):
        write(folder, "g.yaml", "group: g\ntask:\n  - task: algebra\n    num_fewshot: 3\n    repeats: 2\n")
        (finding,) = errors_of(folder, "algebra", "g")
        assert finding.startswith(
            f"{folder}/g.yaml:3: the task 'algebra' is selected twice and differs in num_fewshot, repeats."
        )
        (finding,) = errors_of(folder, "g", "algebra")
        assert "differs in num_fewshot, repeats" in finding

    def test_the_same_file_by_name_and_by_path(self, folder, monkeypatch):
        monkeypatch.chdir(folder)
        assert leaf_names(pick(folder, "algebra", "./algebra.yaml")) == ["algebra"]


class TestFaults:
    """Everything that is wrong, at once, each with its line."""

    def test_members_that_are_nothing(self, folder):
        members = ("algebr", "zzz", "{task: bilogy, num_fewshot: 1}", "group: siences", "{x: 1}", "5")
        text = "group: g\ntask:\n" + "".join(f"  - {member}\n" for member in members)
        path = write(folder, "g.yaml", text)
        assert [finding.replace(str(path), "g") for finding in errors_of(folder, "g")] == [
            "g:3: the group 'g' names 'algebr', which is no task, group or tag.\n  Did you mean 'algebra'?",
            "g:4: the group 'g' names 'zzz', which is no task, group or tag.",
            "g:5: the group 'g' names 'bilogy', which is no task, group or tag.\n  Did you mean 'biology'?",
            "g:6: the group 'g' names 'siences', which is no task, group or tag.\n  Did you mean 'sciences'?",
            "g:7: a member of the group 'g' names neither a task nor a group: {'x': 1}.\n"
            "  A member is a name, or a mapping with 'task: NAME' or 'group: NAME'.",
            "g:8: a member of the group 'g' names neither a task nor a group: 5.\n"
            "  A member is a name, or a mapping with 'task: NAME' or 'group: NAME'.",
        ]

    def test_a_group_whose_members_are_no_list(self, folder):
        path = write(folder, "g.yaml", "group: g\ntask: 5\n")
        (finding,) = errors_of(folder, "g")
        assert finding.startswith(f"{path}:2: the group 'g' has no members.")

    @pytest.mark.parametrize("task", ["task: []", "task:", "group_alias: x"])
    def test_a_group_without_members_is_selected_and_cannot_be_asked(self, folder, task):
        write(folder, "g.yaml", f"group: g\n{task}\n")
        with pytest.raises(TaskError, match="group 'g': it has no members"):
            build_suite(select(build_index([str(folder)]), ["g"]).nodes)

    def test_a_group_within_itself(self, folder):
        path = write(folder, "g.yaml", "group: g\ntask:\n  - algebra\n  - g\n")
        assert errors_of(folder, "g") == [f"{path}:4: the group 'g' contains itself: g -> g."]

    def test_errors_of_several_files(self, folder):
        write(folder, "_base_yaml", "x: !no y\n")
        write(folder, "a.yaml", "task: a\ninclude: _base_yaml\n")
        write(folder, "b.yaml", "task: b\ninclude: _base_yaml\nx: !oh y\n")
        write(folder, "g.yaml", "group: g\ntask: [a, b, gone]\n")
        errors = errors_of(folder, "g", "a")
        assert len(errors) == 3
        assert [finding.split(": ")[0].rpartition("/")[2] for finding in errors] == [
            "_base_yaml:1",
            "b.yaml:3",
            "g.yaml:2",
        ]
