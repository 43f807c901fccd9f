"""Data that were edited between two runs are read anew, whatever layout they have, also with size and time kept."""

from __future__ import annotations

import json
import os
import shutil
import time
import zipfile
from pathlib import Path

import datasets
import pyarrow
import pytest
from pyarrow import parquet

from proctor.errors import ProctorError
from proctor.tasks.sources.stamps import digest, folder_stamp, name_of, stamp

CARD = "---\nconfigs:\n- config_name: default\n  data_files:\n  - split: train\n    path: '{}'\n---\n"


def put(file: Path, values: list[str]) -> None:
    """Write a file of rows, in the format of its name, as old as it was before."""
    before = os.stat(file) if file.exists() else None
    file.parent.mkdir(parents=True, exist_ok=True)
    rows = [{"q": value} for value in values]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    if file.suffix == ".parquet":
        parquet.write_table(pyarrow.Table.from_pylist(rows), file)
    elif file.suffix == ".arrow":
        made = file.parent.parent / "arrow"
        datasets.Dataset.from_list(rows).save_to_disk(made)
        shutil.move(next(made.glob("*.arrow")), file)
    elif file.suffix == ".csv":
        file.write_text("q\n" + "".join(f"{value}\n" for value in values))
    elif file.suffix == ".zip":
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("x.jsonl", lines)
    else:
        file.write_text(json.dumps(rows) if file.suffix == ".json" else lines)
    if before is not None:
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("form", ["data_files", "glob", "folder", "card", "data_dir", "link"])
@pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet"])
def test_every_layout(rows, tmp_path, form, suffix):
    file = tmp_path / "set" / f"x.{suffix}"
    put(file, ["a", "b"])
    builder = "json" if suffix == "jsonl" else suffix
    path, kwargs = "./set", None
    if form == "data_files":
        path, kwargs = builder, {"data_files": f"set/x.{suffix}"}
    elif form == "glob":
        path, kwargs = builder, {"data_files": f"set/*.{suffix}"}
    elif form == "data_dir":
        path, kwargs = builder, {"data_dir": "set"}
    elif form == "card":
        (tmp_path / "set" / "README.md").write_text(CARD.format(f"*.{suffix}"))
    elif form == "link":
        (tmp_path / "linked").mkdir()
        (tmp_path / "linked" / f"y.{suffix}").symlink_to(file)
        path = "./linked"
    assert [row["q"] for row in rows(path, kwargs)] == ["a", "b"]
    put(file, ["c", "d"])  # as large and as old as before
    assert [row["q"] for row in rows(path, kwargs)] == ["c", "d"]
    put(file, ["c", "d", "e"])
    assert [row["q"] for row in rows(path, kwargs)] == ["c", "d", "e"]


@pytest.mark.parametrize("name", ["x.json", "x.arrow", "x.zip"])
def test_every_format(rows, tmp_path, name):
    put(tmp_path / "set" / name, ["a", "b"])
    assert [row["q"] for row in rows("./set")] == ["a", "b"]
    put(tmp_path / "set" / name, ["c", "d"])
    assert [row["q"] for row in rows("./set")] == ["c", "d"]


def test_a_card_that_names_other_files(rows, tmp_path):
    put(tmp_path / "set" / "x.jsonl", ["a"])
    put(tmp_path / "set" / "y.jsonl", ["b"])
    for name, value in (("x", "a"), ("y", "b")):
        (tmp_path / "set" / "README.md").write_text(CARD.format(f"{name}.jsonl"))
        assert [row["q"] for row in rows("./set")] == [value]


def test_a_folder_that_has_gone_is_not_answered_for_by_a_cache(rows, tmp_path, monkeypatch):
    # What other runs on this machine have left in the usual place is none of this.
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    put(tmp_path / "gone_exam" / "x.jsonl", ["a"])
    monkeypatch.chdir(tmp_path)
    assert rows("gone_exam") == [{"q": "a"}]
    shutil.rmtree(tmp_path / "gone_exam")
    with pytest.raises(ProctorError, match="gone_exam"):
        rows("gone_exam")


def test_what_is_unchanged_is_not_prepared_again(rows, tmp_path, monkeypatch):
    from proctor.tasks import hub
    from proctor.tasks.sources import stamps

    monkeypatch.setattr(stamps, "_YOUNG_NS", 0)
    put(tmp_path / "set" / "x.jsonl", ["a"])
    assert rows("./set") == [{"q": "a"}]
    monkeypatch.setattr(hub, "_LOADED", {})

    def prepare(*_, **__):
        raise AssertionError("the cache was not used")

    monkeypatch.setattr(datasets.DatasetBuilder, "_download_and_prepare", prepare)
    assert rows("./set") == [{"q": "a"}]


def test_a_file_replaced_with_its_size_time_and_inode_has_another_stamp(tmp_path, monkeypatch):
    monkeypatch.setattr("proctor.tasks.sources.stamps._YOUNG_NS", 0)  # or the content is in the stamp
    file = tmp_path / "x.jsonl"
    put(file, ["a"])
    before, status = stamp(str(file)), os.stat(file)
    time.sleep(0.05)  # so that the clock of the file system goes on
    put(file, ["b"])
    after = os.stat(file)
    assert stamp(str(file)) != before
    assert (after.st_size, after.st_mtime_ns, after.st_ino) == (status.st_size, status.st_mtime_ns, status.st_ino)


def test_stamps_of_a_folder_hold_every_file_and_end_where_links_lead_round(tmp_path):
    (tmp_path / "set" / "sub").mkdir(parents=True)
    for name in ("b", "a", "sub/c"):
        (tmp_path / "set" / name).write_text(name)
    (tmp_path / "set" / "sub" / "up").symlink_to(tmp_path / "set")
    found = folder_stamp(str(tmp_path / "set"))
    assert [os.path.basename(one[0]) for one in found] == ["a", "b", "c"]
    assert name_of(found) == name_of(reversed(found))
    (tmp_path / "set" / "sub" / "c").write_text("d")
    assert name_of(folder_stamp(str(tmp_path / "set"))) != name_of(found)


def test_a_file_that_is_not_there_is_its_path_alone(tmp_path):
    assert stamp(str(tmp_path / "gone")) == (str(tmp_path / "gone"),)
    assert stamp("a\0b") == ("a\0b",)
    assert digest(str(tmp_path)) == ""
