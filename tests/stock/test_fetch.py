"""Getting lm-eval's tasks: what is checked, what is unpacked, and that it is there whole or not at all."""

from __future__ import annotations

import errno
import threading
from pathlib import Path

import pytest
from stock_packages import FILES, VERSION, digest, make_sdist, make_wheel, remains

from proctor.errors import DataError, OutputError, UsageError
from proctor.stock import archive, fetch
from proctor.stock.fetch import fetch_file, fetch_version, remove_versions
from proctor.stock.location import current_version, downloaded_root, downloaded_versions, versions_folder
from proctor.stock.record import read_record

MAKERS = pytest.mark.parametrize("make", [make_wheel, make_sdist])


@MAKERS
def test_a_checked_archive_becomes_a_root(make, tmp_path):
    path = make(tmp_path)
    fetched = fetch_file(path, sha256=digest(path).upper())
    root = downloaded_root()
    assert root is not None
    assert (fetched.version, fetched.new, root.version) == (VERSION, True, VERSION)
    unpacked = {file.relative_to(root.path.parents[1]).as_posix() for file in root.path.rglob("*") if file.is_file()}
    engine = {"lm_eval/__init__.py", *(f"lm_eval/tasks/{name}.py" for name in ("__init__", "_index", "manager"))}
    assert unpacked == FILES.keys() - engine
    record = read_record(fetched.folder)
    assert record is not None
    assert (record.sha256, record.archive, record.files) == (digest(path), path.name, len(unpacked))
    assert remains() == {VERSION, "current"}


def test_another_archive_is_refused_and_leaves_nothing(tmp_path):
    path = make_wheel(tmp_path)
    with pytest.raises(DataError) as caught:
        fetch_file(path)
    assert f"its SHA-256 is {digest(path)}. Nothing was unpacked" in caught.value.message
    assert "--sha256" in (caught.value.hint or "")
    with pytest.raises(DataError, match="is not what was expected"):
        fetch_file(path, sha256="0" * 64)
    assert remains() == set()


@pytest.mark.parametrize("text", ["", "abc", "g" * 64, "0" * 63, "sha256:" + "0" * 64])
def test_a_digest_that_is_none_is_refused(text, tmp_path):
    with pytest.raises(UsageError, match=r"64 digits|digests"):
        fetch_version(VERSION, sha256=text)


def test_a_version_that_cannot_be_checked_is_not_fetched(monkeypatch):
    monkeypatch.setattr(fetch, "download", lambda *_: pytest.fail("asked an index"))
    with pytest.raises(UsageError) as caught:
        fetch_version("0.3.0")
    assert "cannot be checked" in caught.value.message
    assert "0.4.13" in (caught.value.hint or "")


@pytest.mark.parametrize("version", ["", "--index-url=x", "../up", "1/2", "1 2", "v1", "1" * 99])
def test_a_version_is_no_flag_and_no_path(version):
    with pytest.raises(UsageError, match="is no version"):
        fetch_version(version)


def test_the_version_of_the_archive_must_be_the_one_asked_for(tmp_path):
    path = make_wheel(tmp_path)
    with pytest.raises(DataError, match=f"it is of version {VERSION}, not 1.0"):
        fetch_file(path, version="1.0", sha256=digest(path))
    assert remains() == set()


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(UsageError, match="is no file"):
        fetch_file(tmp_path)


# ---------------------------------------------------------------- stopped, twice at once, no room


def test_whoever_is_stopped_leaves_nothing(tmp_path, monkeypatch):
    path = make_wheel(tmp_path)
    write = archive._write

    def stopped(content, target: Path, room: int) -> int:
        if target.name == "pear.yaml":
            raise KeyboardInterrupt
        return write(content, target, room)

    monkeypatch.setattr(archive, "_write", stopped)
    with pytest.raises(KeyboardInterrupt):
        fetch_file(path, sha256=digest(path))
    assert remains() == set()
    assert downloaded_root() is None


def test_what_a_killed_process_left_goes_with_the_next(tmp_path):
    path = make_wheel(tmp_path)
    left = versions_folder() / ".unpacking-killed" / "whole"
    left.mkdir(parents=True)
    assert downloaded_versions() == []
    fetch_file(path, sha256=digest(path))
    assert remains() == {VERSION, "current"}


def test_two_at_once_do_so_one_after_the_other(tmp_path):
    path = make_wheel(tmp_path)
    done: list[bool] = []
    with fetch._locked():
        other = threading.Thread(target=lambda: done.append(fetch_file(path, sha256=digest(path)).new))
        other.start()
        other.join(0.2)
        assert done == []
        assert remains() == set()
    other.join()
    assert done == [True]
    assert remains() == {VERSION, "current"}


def test_a_disk_without_room_is_a_sentence_and_nothing_is_left(tmp_path, monkeypatch):
    path = make_wheel(tmp_path)

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(archive, "_write", full)
    with pytest.raises(OutputError, match=r"There is no room for .*: No space left on device") as caught:
        fetch_file(path, sha256=digest(path))
    assert "PROCTOR_CACHE" in (caught.value.hint or "")
    assert remains() == set()


def test_a_cache_folder_that_cannot_be_is_a_sentence(tmp_path, monkeypatch):
    path = make_wheel(tmp_path)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PROCTOR_CACHE", str(tmp_path / "file"))
    with pytest.raises(OutputError, match="Nothing can be written to"):
        fetch_file(path, sha256=digest(path))


def test_what_is_here_is_used_without_writing_or_asking(tmp_path, monkeypatch):
    path = make_wheel(tmp_path)
    fetch_file(path, sha256=digest(path))
    for name in ("_locked", "download"):
        monkeypatch.setattr(fetch, name, lambda *_: pytest.fail("wrote or asked"))
    assert not fetch_version(VERSION, sha256=digest(path)).new


def test_the_version_got_last_is_used_and_removing_it_leaves_the_other(tmp_path):
    for version in ("1.0", "2.0"):
        path = make_wheel(tmp_path, version)
        fetch_file(path, sha256=digest(path))
    assert (downloaded_versions(), current_version()) == (["1.0", "2.0"], "2.0")
    assert not fetch_version("1.0", sha256=digest(tmp_path / "lm_eval-1.0-py3-none-any.whl")).new
    assert current_version() == "1.0"
    assert remove_versions(["1.0"]) == ["1.0"]
    assert current_version() == "2.0"
    assert remove_versions([]) == ["2.0"]
    assert current_version() is None
    assert remains() == set()
    with pytest.raises(UsageError, match=r"no unpacked version '3\.0'"):
        remove_versions(["3.0"])
