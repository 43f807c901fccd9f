"""One folder of task files: its names, faulty files, and include paths that are wrong."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from dated_files import index_of, write, write_exam

from proctor.errors import UsageError
from proctor.tasks.index import build_index


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_exam(tmp_path / "exam")


def test_a_class_makes_a_task_even_where_a_group_is_said(folder):
    write(folder, "c.yaml", "task: pyt\ngroup: whatever\nclass: !function t.T\n")
    assert index_of(folder).entries["pyt"].kind == "task"


def test_a_file_without_a_name_is_kept_in_mind_unless_it_is_included(folder):
    write(folder, "base.yaml", "x: 1\n")
    write(folder, "user.yaml", "task: user\ninclude: base.yaml\n")
    alone = write(folder, "alone.yaml", "tsak: x\n")
    assert index_of(folder).nameless == (str(alone),)


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("a.yaml", "task: [\n", "a.yaml:2: this is not valid YAML"),
        (
            "a.yaml",
            "task: 2024\n",
            "a.yaml:1: 'task' must be a name in text, but YAML reads this one as a number: 2024.",
        ),
        ("a.yaml", "task: [a, b]\n", "a.yaml:1: 'task' is a list, but no 'group'"),
        ("a.yaml", "x: 1\ntask:\n", "a.yaml:2: 'task' is empty"),
        ("a.yaml", "group:\ntask: [a]\n", "a.yaml:1: 'group' is empty"),
        ("a.yaml", "class: !function a.B\n", "'task' is empty"),
        ("a.yaml", "task: a\ntag: 5\n", "a.yaml:2: tag must be a name or a list of names."),
        ("a.yaml", "task: a\ninclude: _none\n", "a.yaml:2: include: '_none' does not exist"),
        ("a.yaml", "task: a\ninclude: b.yaml\n", "includes itself"),
    ],
)
def test_a_faulty_file_is_a_error_and_one_warning(tmp_path, name, text, sentence, caplog):
    write(tmp_path, name, text)
    write(tmp_path, "b.yaml", "task: b\ninclude: a.yaml\n" if "b.yaml" in text else "task: b\n")
    index = index_of(tmp_path)
    assert any(sentence in str(finding) for finding in index.errors)
    assert len(caplog.records) == 1
    assert sentence in caplog.text


def test_a_task_with_a_broken_include_keeps_its_name(tmp_path):
    write(tmp_path, "_base_yaml", "x: [\n")
    for name in "abc":
        write(tmp_path, f"{name}.yaml", f"task: {name}\ninclude: _base_yaml\n")
    index = index_of(tmp_path)
    assert sorted(index.entries) == ["a", "b", "c"]
    assert len(index.errors) == 1


def test_a_linked_file_includes_from_its_own_folder(folder, tmp_path):
    other = tmp_path / "links"
    other.mkdir()
    (other / "x.yaml").symlink_to(folder / "algebra.yaml")
    index = index_of(other)
    assert index.errors == ()
    assert index.entries["algebra"].output_type == "multiple_choice"


class TestIncludePaths:
    """A wrong path says what was looked for, and where."""

    def test_one_that_does_not_exist(self, folder):
        with pytest.raises(UsageError, match=r"does not exist \(looked for .*/exma\)") as caught:
            index_of(folder.parent / "exma")
        assert caught.value.hint == "Did you mean 'exam'?"

    @pytest.mark.parametrize("empty", ["", " "])
    def test_an_empty_one(self, empty):
        with pytest.raises(UsageError, match="The include path is empty"):
            build_index([empty], defaults=False)

    def test_a_file(self, folder):
        with pytest.raises(UsageError, match="is a file, not a folder"):
            index_of(folder / "algebra.yaml")

    def test_one_without_any_task(self, tmp_path):
        with pytest.raises(UsageError, match=rf"holds no task: no \*.yaml file in {tmp_path} or below says"):
            index_of(tmp_path)

    def test_one_in_which_everything_is_wrong(self, tmp_path):
        write(tmp_path, "a.yaml", "task: [\n")
        write(tmp_path, "b.yaml", "tsak: b\n")
        write(tmp_path, "c.yml", "task: c\n")
        with pytest.raises(UsageError) as caught:
            index_of(tmp_path)
        hint = caught.value.hint or ""
        assert "a.yaml:2: this is not valid YAML" in hint
        assert f"such as {tmp_path}/b.yaml" in hint
        assert f"rename {tmp_path}/c.yml" in hint

    def test_one_whose_only_file_is_broken_is_not_said_to_lack_a_task(self, tmp_path):
        write(tmp_path, "a.yaml", "task: a\ndoc_to_text: Q: {{q}}\n")
        with pytest.raises(UsageError) as caught:
            index_of(tmp_path)
        said = str(caught.value)
        assert "holds no task that can be read: its *.yaml file cannot." in said
        assert "says 'task:'" not in said
        assert "a.yaml:2: this is not valid YAML" in said
        assert 'A template needs quotes: doc_to_text: "Q: {{q}}"' in said

    def test_two_in_one(self, folder, tmp_path):
        other = write(tmp_path, "more/m.yaml", "task: more\n").parent
        index = build_index([f"{folder}{os.pathsep}{other}"], defaults=False)
        assert {"more", "algebra"} <= index.entries.keys()

    def test_the_home_folder(self, folder, monkeypatch):
        monkeypatch.setenv("HOME", str(folder.parent))
        assert "algebra" in build_index(["~/exam"], defaults=False).entries
