"""From names to nodes: names, globs, tags, groups, paths, and every name that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from group_folder import errors_of, leaf, leaf_names, pick, tree, write, write_groups
from hypothesis import given, settings
from hypothesis import strategies as st

from proctor.errors import TaskError, UsageError
from proctor.refs import Ref
from proctor.tasks.index import TaskIndex, build_index
from proctor.tasks.select import GroupNode, TaskNode, select


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_groups(tmp_path / "exam")


@pytest.fixture
def index(folder: Path) -> TaskIndex:
    return build_index([folder], defaults=False)


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


class TestNotSelected:
    """What is not selected, and why."""

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
    root = write_groups(tmp_path_factory.mktemp("fixed"))
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
