"""Only regular files of bounded size are read; everything else is an OSError that says what it is."""

from __future__ import annotations

import os
import socket

import pytest

from proctor import files
from proctor.files import first_hole


@pytest.fixture
def special(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        yield tmp_path


@pytest.mark.parametrize("name", ["pipe", "link", "folder", "socket", "/dev/urandom", "/dev/zero", "/dev/null"])
@pytest.mark.parametrize("read", [files.read_bytes, files.read_text, lambda path: list(files.text_lines(path))])
def test_what_is_no_file_is_not_opened(special, name, read):
    with pytest.raises(OSError, match=r"it is a (pipe|folder|socket|device), not a file"):
        read(special / name)


def test_a_file_that_becomes_a_pipe_meanwhile_is_not_waited_for(special, monkeypatch):
    monkeypatch.setattr(files, "not_a_file", lambda path: None)
    with pytest.raises(OSError, match="it is a pipe"):
        files.read_bytes(special / "pipe")


def test_the_size_is_bounded(tmp_path, monkeypatch):
    file = tmp_path / "f"
    file.write_bytes(b"x" * 100)
    assert files.read_bytes(file, largest=100) == b"x" * 100
    with pytest.raises(OSError, match="holds more than"):
        files.read_bytes(file, largest=99)
    monkeypatch.setattr(files, "LONGEST_LINE", 50)
    with pytest.raises(OSError, match="a line of it"):
        list(files.text_lines(file))


def test_text_is_read_as_open_reads_it(tmp_path):
    file = tmp_path / "f"
    file.write_bytes("é\r\nb\rc\n".encode())
    assert files.read_text(file) == file.read_text(encoding="utf-8")
    with pytest.raises(OSError, match="NUL"):
        files.read_bytes("a\0b")


def test_whole_files_have_no_hole(tmp_path):
    (tmp_path / "d").write_bytes(b"\0" * 100_000)
    (tmp_path / "empty").touch()
    assert first_hole(tmp_path / "d") is None
    assert first_hole(tmp_path / "empty") is None
    assert first_hole(tmp_path / "absent") is None
    assert first_hole(tmp_path) is None
