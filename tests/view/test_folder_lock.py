"""One writer of a folder at a time: by flock on one machine, by a file between machines."""

from __future__ import annotations

import fcntl
import os
import threading
import time

import pytest

from proctor.errors import OutputError
from proctor.view import folder_lock
from proctor.view.folder_lock import NAME, locked


@pytest.fixture
def without_flock(monkeypatch):
    def refuse(*_):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)


def test_nothing_stays_behind(tmp_path):
    with locked(tmp_path):
        assert os.listdir(tmp_path) == [NAME]
    with pytest.raises(ValueError, match="of the block"), locked(tmp_path):
        raise ValueError("of the block")
    assert os.listdir(tmp_path) == []


def test_the_file_alone_keeps_others_out_until_it_goes(tmp_path, without_flock):
    order = []

    def other():
        with locked(tmp_path):
            order.append("other")

    with locked(tmp_path):
        thread = threading.Thread(target=other)
        thread.start()
        time.sleep(0.1)
        order.append("first")
    thread.join(timeout=60)
    assert order == ["first", "other"]


def test_a_file_that_a_dead_process_of_this_machine_left_is_taken_away(tmp_path, monkeypatch):
    monkeypatch.setattr(folder_lock, "_machine", lambda: "here (start 1)")
    (tmp_path / NAME).write_text("here (start 1)")
    with locked(tmp_path):
        assert (tmp_path / NAME).read_text() == "here (start 1)"
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("owner", ["there (start 1)", "here (start 0)", "here", ""])
def test_a_file_of_another_machine_is_never_taken_away(tmp_path, monkeypatch, owner):
    monkeypatch.setattr(folder_lock, "_machine", lambda: "here (start 1)")
    monkeypatch.setattr(folder_lock, "LONGEST_WAIT", 0.05)
    (tmp_path / NAME).write_text(owner)
    with pytest.raises(OutputError, match="is being written to by another 'proctor view'") as raised, locked(tmp_path):
        pass
    assert owner in raised.value.message
    assert str(tmp_path / NAME) in raised.value.hint
    assert (tmp_path / NAME).read_text() == owner


def test_without_flock_nobody_is_known_to_be_dead(tmp_path, monkeypatch, without_flock):
    monkeypatch.setattr(folder_lock, "LONGEST_WAIT", 0.05)
    (tmp_path / NAME).write_text(folder_lock._machine() or "")
    with pytest.raises(OutputError), locked(tmp_path):
        pass


def test_where_a_system_does_not_tell_its_start_nobody_is_known_to_be_dead(tmp_path, monkeypatch):
    monkeypatch.setattr(folder_lock, "_BOOT", tmp_path / "none")
    monkeypatch.setattr(folder_lock, "LONGEST_WAIT", 0.05)
    with locked(tmp_path):
        name = (tmp_path / NAME).read_text()
    (tmp_path / NAME).write_text(name)
    with pytest.raises(OutputError), locked(tmp_path):
        pass


def test_a_folder_that_is_gone_is_a_sentence(tmp_path):
    with pytest.raises(OutputError, match="cannot be written to: No such file"), locked(tmp_path / "none"):
        pass
