"""Finding names: roots over roots, what is remembered and when it is not believed, and faulty folders."""

from __future__ import annotations

from pathlib import Path

import pytest
from dated_files import index_of, write, write_exam

from proctor.tasks.index import BUNDLED, Entry, build_index
from proctor.tasks.select import find


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_exam(tmp_path / "exam")


def test_tasks_groups_and_tags(folder):
    index = index_of(folder)
    assert index.names == ["algebra", "biology", "essay", "exam", "life", "stem"]
    assert index.entries["biology"] == Entry(
        "biology", "task", str(folder / "biology.yaml"), ("life", "stem"), "multiple_choice", str(folder)
    )
    assert index.entries["essay"].output_type is None
    assert index.entries["exam"].kind == "group"
    assert index.tags == {"stem": ("algebra", "biology"), "life": ("biology",)}
    assert [entry.name for entry in index.of_kind("task")] == ["algebra", "biology", "essay"]
    assert index.errors == ()
    assert index.nameless == ()


def test_paths_are_shown_as_the_folder_was_given(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    assert index_of(Path("exam")).entries["algebra"].file == "exam/algebra.yaml"
    monkeypatch.chdir(folder)
    assert index_of(Path(".")).entries["algebra"].file == "algebra.yaml"


def test_a_tag_lists_its_tasks_by_name_and_gives_way_to_a_group(folder):
    write(folder, "_0.yaml", "task: zoology\ntag: [stem, exam]\n")
    index = index_of(folder)
    assert index.tags == {"stem": ("algebra", "biology", "zoology"), "life": ("biology",)}
    assert index.entries["exam"].kind == "group"


def test_the_first_file_of_a_folder_wins_and_whoever_asks_for_the_name_is_told(folder, caplog):
    """The files and the remedy are named; nobody hears of names that were not asked for."""
    second = write(folder, "z.yaml", "task: algebra\ndataset_path: x\ntest_split: test\n")
    index = index_of(folder)
    first = index.entries["algebra"].file
    assert first.endswith("algebra.yaml")
    assert caplog.text == ""
    (warning,) = find(index, ["algebra"]).warnings
    assert (warning.file, warning.hint) == (str(second), "Rename or remove one of the two.")
    assert warning.message == f"'algebra' is defined here, too, but {first} is used, which comes first in its folder."
    others = [entry.name for entry in index.of_kind("task") if entry.name != "algebra"]
    assert others
    assert find(index, others).warnings == ()


def test_a_later_root_wins_and_it_is_said_once(folder, tmp_path, caplog):
    other = tmp_path / "other"
    write(other, "a.yaml", "task: algebra\ntag: stem\n")
    write(other, "b.yaml", "task: biology\n")
    index = index_of(folder, other)
    assert index.entries["algebra"].root == str(other)
    assert index.tags["stem"] == ("algebra",)
    assert [record.getMessage() for record in caplog.records] == [
        f"2 names are defined again in {other}, which replaces the earlier definition: algebra, biology"
    ]
    caplog.clear()
    index_of(folder, folder)
    assert caplog.text == ""


def test_the_bundled_benchmarks_are_there():
    index = build_index()
    assert index.roots == (str(BUNDLED),)
    assert index.errors == ()
    assert "mmlu" in index.entries
