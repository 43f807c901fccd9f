"""From names to nodes: names, globs, tags, groups, paths, overrides, and every name that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proctor.errors import TaskError, UsageError
from proctor.refs import Ref
from proctor.tasks.index import TaskIndex, build_index
from proctor.tasks.select import GroupNode, Selection, TaskNode, select
from proctor.tasks.suite import build_suite


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


FILES = {
    "_template_yaml": (
        "dataset_path: exam\nnum_fewshot: 0\nprocess_docs: !function utils.process\nmetadata: {version: 1}\n"
    ),
    "algebra.yaml": "task: algebra\ninclude: _template_yaml\ntag: [stem, all]\n",
    "biology.yaml": "task: biology\ninclude: _template_yaml\ntag: [stem, all]\nnum_fewshot: 2\n",
    "history.yaml": "task: history\ninclude: _template_yaml\ntag: all\n",
    "stem_group.yaml": "group: sciences\ntask: [stem]\naggregate_metric_list: [{metric: acc}]\n",
    "exam.yaml": "group: exam\ngroup_alias: Exam\ntask:\n  - sciences\n  - history\nmetadata: {version: 2}\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three tasks, two tags, a group over a tag and a group over that group."""
    for name, text in FILES.items():
        write(tmp_path / "exam", name, text)
    return tmp_path / "exam"


@pytest.fixture
def index(folder: Path) -> TaskIndex:
    return build_index([folder], defaults=False)


def pick(folder: Path, *names: str) -> Selection:
    return select(build_index([folder], defaults=False), names)


def leaf_names(selection: Selection) -> list[str]:
    return [task.name for task in selection.leaves()]


def leaf(selection: Selection, name: str) -> TaskNode:
    return next(task for task in selection.leaves() if task.name == name)


def tree(node: TaskNode | GroupNode) -> object:
    return {node.name: [tree(member) for member in node.members]} if isinstance(node, GroupNode) else node.name


def errors_of(folder: Path, *names: str) -> list[str]:
    with pytest.raises(TaskError) as caught:
        pick(folder, *names)
    return [str(finding) for finding in caught.value.errors]


class TestNames:
    """What an item may be."""

    def test_a_task(self, index, folder):
        (node,) = select(index, ["biology"]).nodes
        assert isinstance(node, TaskNode)
        assert (node.name, node.file) == ("biology", str(folder / "biology.yaml"))
        assert node.config == {
            "dataset_path": "exam",
            "num_fewshot": 2,
            "process_docs": Ref(str(folder), "utils.process", str(folder / "_template_yaml"), 3),
            "metadata": {"version": 1},
            "task": "biology",
        }
        assert node.places["num_fewshot",] == (str(folder / "biology.yaml"), 4)
        assert node.places["dataset_path",] == (str(folder / "_template_yaml"), 1)

    def test_a_group(self, index):
        (node,) = select(index, ["exam"]).nodes
        assert isinstance(node, GroupNode)
        assert tree(node) == {"exam": [{"sciences": ["algebra", "biology"]}, "history"]}
        assert node.config["group_alias"] == "Exam"
        assert node.config["metadata"] == {"version": 2}
        assert node.places["group_alias",].line == 2
        assert [task.name for task in node.leaves()] == ["algebra", "biology", "history"]

    def test_a_tag_in_the_order_of_the_alphabet(self, index):
        assert [node.name for node in select(index, ["all"]).nodes] == ["algebra", "biology", "history"]

    def test_a_glob_over_tasks_groups_and_tags(self, index):
        assert [node.name for node in select(index, ["*o*y"]).nodes] == ["biology", "history"]
        assert [node.name for node in select(index, ["s*"]).nodes] == ["sciences", "algebra", "biology"]
        assert leaf_names(select(index, ["[ab]*"])) == ["algebra", "biology", "history"]

    def test_a_name_with_glob_characters_means_itself(self, folder):
        write(folder, "odd.yaml", "task: 'algebra[1]'\ndataset_path: x\n")
        assert leaf_names(pick(folder, "algebra[1]")) == ["algebra[1]"]

    def test_what_is_asked_for_twice_runs_once(self, index):
        selection = select(index, ["history", "exam", "history", "hist*", "all", "sciences"])
        assert [node.name for node in selection.nodes] == ["history", "exam", "algebra", "biology", "sciences"]
        assert leaf_names(selection) == ["history", "algebra", "biology"]

    def test_nothing_asked_nothing_found(self, index):
        assert select(index, []).leaves() == ()

    def test_a_class_task_keeps_its_class(self, folder):
        write(folder, "c.yaml", "task: c\nclass: !function t.T\ngroup: old\ntag: x\ntask_list: [y]\nown: 1\n")
        assert set(leaf(pick(folder, "c"), "c").config) == {"task", "class", "own"}


class TestPaths:
    """Files and folders are named by a path, never by a bare name."""

    def test_a_file(self, index, tmp_path, monkeypatch):
        path = write(tmp_path, "own/mine.yaml", "task: mine\ndataset_path: x\n")
        assert leaf_names(select(index, [str(path)])) == ["mine"]
        monkeypatch.chdir(path.parent)
        for name in ("mine.yaml", "./mine.yaml", "*.yaml", "../own/m*.yaml"):
            (node,) = select(index, [name]).nodes
            assert node.name == "mine"

    def test_a_group_file_knows_its_neighbours_and_the_index(self, index, tmp_path):
        write(tmp_path, "own/mine.yaml", "task: mine\ndataset_path: x\n")
        write(tmp_path, "own/algebra.yaml", "task: algebra\ndataset_path: own\n")
        path = write(tmp_path, "own/_all.yaml", "group: own\ntask: [mine, algebra, history]\n")
        selection = select(index, [str(path)])
        assert leaf_names(selection) == ["mine", "algebra", "history"]
        assert leaf(selection, "algebra").config["dataset_path"] == "own"

    def test_a_folder_gives_what_no_group_of_it_contains(self, folder):
        write(folder, "deeper/extra.yaml", "task: extra\ndataset_path: x\n")
        write(folder, "inline.yaml", "group: other\ntask:\n  - group: inner\n    task: [{task: extra}]\n  - geo\n")
        write(folder, "geo.yaml", "task: geo\ndataset_path: x\n")
        write(folder, "loose.yaml", "task: loose\ndataset_path: x\n")
        selection = select(TaskIndex({}, {}), [str(folder)])
        assert [node.name for node in selection.nodes] == ["exam", "other", "loose"]
        assert len(selection.leaves()) == 6

    def test_dots(self, folder, monkeypatch):
        monkeypatch.chdir(folder)
        for name in (".", "./", "../exam"):
            assert [node.name for node in select(TaskIndex({}, {}), [name]).nodes] == ["exam"]

    def test_a_bare_name_is_never_a_folder(self, index, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        assert tree(select(index, ["exam"]).nodes[0]) == {"exam": [{"sciences": ["algebra", "biology"]}, "history"]}
        write(tmp_path, "mine/x.yaml", "task: x\n")
        with pytest.raises(UsageError) as caught:
            select(index, ["mine"])
        assert "'mine' is a folder here: write ./mine to run its tasks." in (caught.value.hint or "")
        write(tmp_path, "lone.yaml", "task: lone\n")
        with pytest.raises(UsageError, match="'lone'") as caught:
            select(index, ["lone"])
        assert "write lone.yaml to run it" in (caught.value.hint or "")

    def test_a_folder_that_shadows_nothing(self, index, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        write(tmp_path, "history/other.yaml", "task: other\n")
        assert leaf_names(select(index, ["history"])) == ["history"]

    def test_a_folder_without_tasks(self, index, tmp_path):
        (tmp_path / "empty").mkdir()
        with pytest.raises(UsageError, match=r"The folder .*empty' holds no task"):
            select(index, [f"{tmp_path}/empty"])

    def test_a_path_that_is_not_there(self, index, folder):
        with pytest.raises(UsageError) as caught:
            select(index, [f"{folder}/exma.yaml", "gone.yaml", "./gone"])
        hint = caught.value.hint or ""
        assert "Tasks not found: " in caught.value.message
        assert f"There is no file or folder {folder}/exma.yaml. Did you mean 'exam.yaml'" in hint

    def test_a_file_that_names_nothing(self, folder):
        path = write(folder, "x.yaml", "tsak: x\ndataset_path: y\n")
        (finding,) = errors_of(folder, str(path))
        assert finding.startswith(f"{path}:1: the file names neither a task nor a group.")
        assert "There is a key 'tsak'. Did you mean 'task'?" in finding

    def test_groups_that_contain_each_other(self, tmp_path):
        write(tmp_path, "a.yaml", "group: a\ntask: [b]\n")
        write(tmp_path, "b.yaml", "group: b\ntask: [a]\n")
        with pytest.raises(TaskError, match="the group 'a' contains itself: a -> b -> a"):
            select(TaskIndex({}, {}), [str(tmp_path)])


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

    def test_unknown_names_all_at_once(self, index):
        with pytest.raises(UsageError) as caught:
            select(index, ["algebr", "biology", "hsitory", "x*", "qqq"])
        assert caught.value.exit_code == 2
        assert caught.value.message == "Tasks not found: 'algebr', 'hsitory', 'x*', 'qqq'."
        hint = caught.value.hint or ""
        assert "'algebr': Did you mean 'algebra'?" in hint
        assert "--include_path FOLDER, or their path: --tasks ./FOLDER" in hint
        assert "'hsitory': Did you mean 'history'?" in hint
        assert "'x*': no name matches this pattern." in hint

    def test_a_name_that_a_error_may_hide(self, folder):
        write(folder, "aaa.yaml", "task: [\n")
        write(folder, "geo.yaml", "task: geo\n  x: 1\n")
        with pytest.raises(UsageError) as caught:
            pick(folder, "geo")
        hint = caught.value.hint or ""
        assert hint.index("geo.yaml:2: this is not valid YAML") < hint.index("aaa.yaml:2")

    def test_keys_that_are_there_twice_are_said(self, folder, caplog):
        path = write(folder, "t.yaml", "task: t\nx: 1\nx: 2\n")
        pick(folder, "t")
        assert caplog.messages == [f"{path}:3: the key 'x' is there twice (first on line 2); the last one counts."]


@pytest.fixture(scope="module")
def fixed_index(tmp_path_factory: pytest.TempPathFactory) -> TaskIndex:
    root = tmp_path_factory.mktemp("fixed")
    for name, text in FILES.items():
        write(root, name, text)
    return build_index([root], defaults=False, cache_dir=root / "cache")


ITEMS = ["algebra", "biology", "history", "stem", "all", "sciences", "exam", "*o*", "s*", "[a-h]*"]


@settings(deadline=None)
@given(st.data())
def test_the_order_of_names_does_not_change_what_is_selected(fixed_index, data):
    names = data.draw(st.lists(st.sampled_from(ITEMS), max_size=6))
    other = data.draw(st.permutations(names))
    one, two = select(fixed_index, names), select(fixed_index, other)
    assert {node.name for node in one.nodes} == {node.name for node in two.nodes}
    assert {task.name: task.config for task in one.leaves()} == {task.name: task.config for task in two.leaves()}


def test_everything_that_is_bundled_can_be_selected():
    index = build_index()
    selection = select(index, index.names)
    assert {task.name for task in selection.leaves()} >= {entry.name for entry in index.of_kind("task")}


@pytest.mark.parametrize("name", ["*/\ud800*", "./**/\ud800", "*/\0*", "./x\0.yaml", "x" * 5000 + "/*"])
def test_names_that_no_file_can_have_are_not_found(name, tmp_path, monkeypatch):
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="Tasks not found"):
        select(build_index([]), [name])
