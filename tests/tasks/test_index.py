"""Finding names: roots over roots, what is remembered and when it is not believed, and faulty folders."""

from __future__ import annotations

import json
import logging
import os
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proctor.errors import UsageError
from proctor.tasks import scan, yaml_head
from proctor.tasks.index import BUNDLED, Entry, TaskIndex, build_index
from proctor.tasks.select import find

LONG_AGO = 1_600_000_000


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


def index_of(*folders: Path, cache: Path | None = None) -> TaskIndex:
    return build_index([*folders], defaults=False, cache_dir=cache)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small exam: a template, three tasks of which one stands deeper, and a group."""
    root = tmp_path / "exam"
    write(root, "_template_yaml", "output_type: multiple_choice\ntag: stem\n")
    write(root, "algebra.yaml", "task: algebra\ninclude: _template_yaml\n")
    write(root, "biology.yaml", "task: biology\ninclude: _template_yaml\ntag: [life, stem]\n")
    write(root, "deep/er/essay.yaml", "task: essay\n")
    write(root, "_group.yaml", "group: exam\ntask: [algebra, biology]\n")
    return root


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


def test_what_is_not_a_task_file_is_left_alone(folder):
    for name in ("__pycache__/x.yaml", ".ipynb_checkpoints/x.yaml", "._mac.yaml", "x.yml", "x.json", "notes.yaml.bak"):
        write(folder, name, "task: [\n")
    write(folder, "inner.yaml/t.yaml", "task: in_a_folder_named_like_a_file\n")
    index = index_of(folder)
    assert index.errors == ()
    assert "in_a_folder_named_like_a_file" in index.entries


def test_a_class_makes_a_task_even_where_a_group_is_said(folder):
    write(folder, "c.yaml", "task: pyt\ngroup: whatever\nclass: !function t.T\n")
    assert index_of(folder).entries["pyt"].kind == "task"


def test_a_tag_lists_its_tasks_by_name_and_gives_way_to_a_group(folder):
    write(folder, "_0.yaml", "task: zoology\ntag: [stem, exam]\n")
    index = index_of(folder)
    assert index.tags == {"stem": ("algebra", "biology", "zoology"), "life": ("biology",)}
    assert index.entries["exam"].kind == "group"


def test_a_file_without_a_name_is_kept_in_mind_unless_it_is_included(folder):
    write(folder, "base.yaml", "x: 1\n")
    write(folder, "user.yaml", "task: user\ninclude: base.yaml\n")
    alone = write(folder, "alone.yaml", "tsak: x\n")
    assert index_of(folder).nameless == (str(alone),)


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


def test_a_link_to_nothing_and_a_folder_that_cannot_be_read(folder, monkeypatch):
    (folder / "gone.yaml").symlink_to("nowhere.yaml")
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith("deep/"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    errors = sorted(str(finding) for finding in index_of(folder).errors)
    assert errors == [
        f"{folder}/deep/: the folder cannot be read: Permission denied.",
        f"{folder}/gone.yaml: the file cannot be read: No such file or directory.",
    ]


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


class TestCache:
    """Remembered per file; only believed where path, time and size are the same."""

    @pytest.fixture
    def parsed(self, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
        """Every file that is parsed."""
        seen: list[bytes] = []
        read_head = yaml_head.read_head
        monkeypatch.setattr(yaml_head, "read_head", lambda data: (seen.append(data), read_head(data))[1])
        return seen

    def test_warm_equals_cold_and_reads_nothing(self, folder, tmp_path, parsed):
        cold = index_of(folder, cache=tmp_path / "cache")
        assert len(parsed) == 5
        assert index_of(folder, cache=tmp_path / "cache") == cold
        assert len(parsed) == 5

    def test_one_json_file_per_root(self, folder, tmp_path):
        index_of(folder, cache=tmp_path / "cache")
        (file,) = (tmp_path / "cache").iterdir()
        assert json.loads(file.read_text())["files"]["algebra.yaml"] == [
            LONG_AGO * 10**9,
            (folder / "algebra.yaml").stat().st_size,
            {"task": "algebra", "include": "_template_yaml"},
        ]

    def test_changes_are_noticed(self, folder, tmp_path, parsed):
        cache = tmp_path / "cache"
        index_of(folder, cache=cache)
        parsed.clear()
        write(folder, "new.yaml", "task: new\n")
        (folder / "deep" / "er" / "essay.yaml").unlink()
        write(folder, "biology.yaml", "task: botany\n")
        assert index_of(folder, cache=cache).names == ["algebra", "botany", "exam", "new", "stem"]
        assert len(parsed) == 2

    def test_what_is_gone_is_forgotten(self, folder, tmp_path):
        index_of(folder, cache=tmp_path / "cache")
        (folder / "deep" / "er" / "essay.yaml").unlink()
        index_of(folder, cache=tmp_path / "cache")
        (file,) = (tmp_path / "cache").iterdir()
        assert len(json.loads(file.read_text())["files"]) == 4

    def test_a_changed_include_is_noticed_even_outside_of_the_root(self, folder, tmp_path):
        cache = tmp_path / "cache"
        base = write(tmp_path, "elsewhere/_base", "tag: old\n")
        write(folder, "t.yaml", f"task: t\ninclude: {base}\n")
        assert index_of(folder, cache=cache).entries["t"].tags == ("old",)
        write(tmp_path, "elsewhere/_base", "tag: newer\n")
        assert index_of(folder, cache=cache).entries["t"].tags == ("newer",)
        base.unlink()
        assert "does not exist" in str(index_of(folder, cache=cache).errors[0])
        write(tmp_path, "elsewhere/_base", "tag: back\n")
        assert index_of(folder, cache=cache).entries["t"].tags == ("back",)

    def test_a_file_written_just_now_is_read_again(self, tmp_path):
        now = time.time_ns()
        for name in ("one", "two"):
            path = write(tmp_path / "r", "t.yaml", f"task: {name}\n")
            os.utime(path, ns=(now, now))
            assert index_of(tmp_path / "r", cache=tmp_path / "cache").names == [name]

    def test_a_error_is_remembered_with_its_line(self, folder, tmp_path, parsed):
        write(folder, "bad.yaml", "task: b\nx: [\n")
        cold = index_of(folder, cache=tmp_path / "cache")
        parsed.clear()
        warm = index_of(folder, cache=tmp_path / "cache")
        assert warm.errors == cold.errors
        assert warm.errors[0].line == 3
        assert parsed == []

    @pytest.mark.parametrize(
        "damage",
        [
            "",
            "{",
            "[]",
            "null",
            '{"format": 0}',
            '{"format": 2, "root": "/elsewhere", "files": {}}',
            "\xff",
            "[" * 100_000,
            "rows",
            "files",
        ],
    )
    def test_a_damaged_cache_is_made_again(self, folder, tmp_path, damage, caplog):
        cache = tmp_path / "cache"
        cold = index_of(folder, cache=cache)
        (file,) = cache.iterdir()
        sound = json.loads(file.read_text())
        if damage == "rows":
            damage = json.dumps({**sound, "files": {"algebra.yaml": [1, 2, "x"]}})
        elif damage == "files":
            damage = json.dumps({**sound, "files": [1]})
        file.write_text(damage, encoding="latin-1")
        with caplog.at_level(logging.INFO):
            assert index_of(folder, cache=cache) == cold
        assert caplog.text == ""
        assert json.loads(file.read_text()) == sound

    def test_a_cache_that_cannot_be_written_is_no_error(self, folder, tmp_path, caplog):
        (tmp_path / "cache").write_text("a file")
        with caplog.at_level(logging.INFO):
            assert "algebra" in index_of(folder, cache=tmp_path / "cache").entries
        assert caplog.text == ""

    def test_nothing_is_left_of_a_write_that_failed(self, folder, tmp_path, monkeypatch):
        def refuse(self, target):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(Path, "replace", refuse)
        index_of(folder, cache=tmp_path / "cache")
        assert list((tmp_path / "cache").iterdir()) == []

    def test_where_it_is(self, monkeypatch):
        monkeypatch.setenv("PROCTOR_CACHE", "~/x")
        monkeypatch.setenv("HOME", "/home/me")
        assert scan.cache_folder() == Path("/home/me/x")
        monkeypatch.delenv("PROCTOR_CACHE")
        monkeypatch.setenv("XDG_CACHE_HOME", "/c")
        assert scan.cache_folder() == Path("/c/proctor")
        monkeypatch.delenv("XDG_CACHE_HOME")
        assert scan.cache_folder() == Path("/home/me/.cache/proctor")


NAMES = st.sampled_from(["a", "b", "c", "d"])
FILES = st.dictionaries(
    st.builds("{}{}.yaml".format, st.sampled_from(["", "x/", "x/y/"]), st.sampled_from("pqrs")),
    st.one_of(
        st.builds("task: {}\ntag: {}\n".format, NAMES, NAMES),
        st.builds("task: {}\ninclude: {}.yaml\n".format, NAMES, st.sampled_from(["p", "x/q", "../r", "none"])),
        st.builds("group: {}\ntask: [{}]\n".format, NAMES, NAMES),
        st.sampled_from(["x: 1\n", "task: [\n", "", "task: 5\n", "tag: b\n"]),
    ),
    min_size=1,
)


@settings(deadline=None, max_examples=60)
@given(st.lists(FILES, min_size=1, max_size=3))
def test_through_any_history_warm_equals_cold(states):
    with tempfile.TemporaryDirectory() as scratch:
        root, cache = Path(scratch, "root"), Path(scratch, "cache")
        for age, files in enumerate(states):
            for old in root.rglob("*.yaml"):
                old.unlink()
            write(root, "zz.yaml", "task: always\n")
            for name, text in files.items():
                os.utime(write(root, name, text), (LONG_AGO + age, LONG_AGO + age))
            first = index_of(root, cache=cache)
            assert first == index_of(root, cache=cache)
            assert first == index_of(root, cache=Path(scratch, f"fresh{age}"))
