"""The task files of one folder: which they are, what is remembered of them, and when it is not believed."""

from __future__ import annotations

import json
import logging
import os
import tempfile
import time
from pathlib import Path

import pytest
from dated_files import LONG_AGO, index_of, write, write_exam
from hypothesis import given, settings
from hypothesis import strategies as st

from proctor.tasks import scan, yaml_head


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_exam(tmp_path / "exam")


def test_what_is_not_a_task_file_is_left_alone(folder):
    for name in ("__pycache__/x.yaml", ".ipynb_checkpoints/x.yaml", "._mac.yaml", "x.yml", "x.json", "notes.yaml.bak"):
        write(folder, name, "task: [\n")
    write(folder, "inner.yaml/t.yaml", "task: in_a_folder_named_like_a_file\n")
    index = index_of(folder)
    assert index.errors == ()
    assert "in_a_folder_named_like_a_file" in index.entries


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
