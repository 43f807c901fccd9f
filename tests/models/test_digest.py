"""Digests of files: of the content alone, and remembered only while nothing speaks against it."""

from __future__ import annotations

import json
import logging
import os

import pytest

from proctor.models import digest
from proctor.models.digest import digest_files

OLD = 1_600_000_000_000_000_000


@pytest.fixture
def memory(tmp_path, monkeypatch):
    monkeypatch.setenv("PROCTOR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(digest, "TICK_NS", 0)
    monkeypatch.setattr(digest, "TOO_YOUNG_NS", 0)
    return tmp_path / "cache" / "weights.json"


@pytest.fixture
def reads(monkeypatch):
    """The blocks that were read."""
    seen, before = [], digest._digest_block
    monkeypatch.setattr(digest, "_digest_block", lambda block: seen.append(block) or before(block))
    return seen


def write(file, content, mtime=OLD):
    file.write_bytes(content)
    os.utime(file, ns=(mtime, mtime))
    return file


def test_content_counts_and_nothing_else(tmp_path, memory, monkeypatch):
    monkeypatch.setattr(digest, "BLOCK", 1000)
    content = os.urandom(3500)
    files = [write(tmp_path / name, content) for name in "ab"]
    other = write(tmp_path / "c", content[:-1] + bytes([content[-1] ^ 1]))
    swapped = write(tmp_path / "d", content[1000:2000] + content[:1000] + content[2000:])
    empty = write(tmp_path / "e", b"")
    found = digest_files([*files, other, swapped, empty])
    assert found[0] == found[1]
    assert len(set(found)) == 4


def test_the_same_file_is_read_once(tmp_path, memory, reads):
    file = write(tmp_path / "a", b"x")
    first = digest_files([file])
    assert digest_files([file]) == first
    assert len(reads) == 1
    assert str(file) in memory.read_text()


@pytest.mark.parametrize("change", ["size", "time", "inode"])
def test_a_changed_file_is_read_again(tmp_path, memory, reads, change):
    file = write(tmp_path / "a", b"x")
    digest_files([file])
    if change == "inode":
        os.replace(write(tmp_path / "b", b"x"), file)
    else:
        write(file, b"xy" if change == "size" else b"y", OLD + (change == "time"))
    digest_files([file])
    assert len(reads) == 2


@pytest.mark.parametrize("how", ["over it", "anew"])
def test_a_file_replaced_with_its_size_time_and_inode_is_read_again(tmp_path, memory, reads, how):
    file = write(tmp_path / "a", b"x")
    first, inode = digest_files([file]), file.stat().st_ino
    if how == "anew":
        file.unlink()
    write(file, b"y")
    if file.stat().st_ino != inode:
        pytest.skip("this file system gives no inode twice")
    assert digest_files([file]) != first


@pytest.mark.parametrize("which", ["TICK_NS", "TOO_YOUNG_NS"])
def test_a_file_that_has_just_changed_is_not_remembered(tmp_path, memory, reads, monkeypatch, which):
    monkeypatch.setattr(digest, which, 10**12)
    file = tmp_path / "a"
    file.write_bytes(b"x")
    digest_files([file])
    digest_files([file])
    assert len(reads) == 2


@pytest.mark.parametrize("content", ["", "{", "[]", '{"a": 1}', '{"a": [1, 2, 3]}'])
def test_a_broken_memory_is_no_memory(tmp_path, memory, content):
    file = write(tmp_path / "a", b"x")
    first = digest_files([file])
    memory.write_text(content)
    assert digest_files([file]) == first
    assert str(file) in json.loads(memory.read_text())


def test_without_a_place_for_it_nothing_is_remembered(tmp_path, monkeypatch, reads):
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("PROCTOR_CACHE", str(tmp_path / "file" / "below"))
    file = write(tmp_path / "a", b"x")
    assert digest_files([file]) == digest_files([file])
    assert len(reads) == 2


def test_what_takes_long_is_said(tmp_path, memory, monkeypatch, caplog):
    caplog.set_level(logging.INFO, logger="proctor")
    monkeypatch.setattr(digest, "BLOCK", 10)
    monkeypatch.setattr(digest, "SLOW_SECONDS", -1.0)
    digest_files([write(tmp_path / "a", b"x" * 100)])
    assert caplog.text.count("Reading the weights to know the model again") == 1


def test_a_file_that_is_gone_is_an_error(tmp_path, memory):
    with pytest.raises(OSError, match="nothing"):
        digest_files([tmp_path / "nothing"])


def test_where_no_thread_is_to_be_had_it_is_computed_on_this_one(tmp_path, monkeypatch):
    file = tmp_path / "weights.safetensors"
    file.write_bytes(b"weights" * 1000)
    expected = digest_files([file])

    def refuse(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("threading.Thread.start", refuse)
    assert digest_files([file]) == expected
