"""progress.json: replaced whole, removed at the end, kept with a state otherwise; and the signal that shows it."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from proctor.run import status_file
from proctor.run.progress import Quiet
from proctor.run.status_file import (
    NAME,
    SECONDS,
    pause_after,
    place_of,
    published_status,
    read_status,
    status_folder,
    status_lines,
    text_of,
    watched_progress,
)
from proctor.settings.config import build_config


@pytest.fixture
def config(tmp_path):
    return build_config({"model": "dummy", "tasks": ["a"], "output_path": str(tmp_path / "out")})


@pytest.fixture
def file(tmp_path):
    return tmp_path / "out" / "dummy" / NAME


def wait_for(condition):
    limit = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.01)


def test_written_at_once_and_removed_at_the_end(config, file):
    with published_status(config) as status:
        wait_for(file.exists)
        found = json.loads(file.read_text())
        assert (found["state"], found["pid"], found["host"]) == ("running", os.getpid(), socket.gethostname())
        assert found["model"] == "dummy"
        assert "command" in found
    assert status.state == "finished"
    assert list(file.parent.iterdir()) == []


def test_replaced_while_the_run_goes_on(config, file, monkeypatch):
    monkeypatch.setattr(status_file, "SECONDS", 0.01)
    monkeypatch.setattr(status_file, "SHARE", 0)
    with published_status(config) as status:
        status.begin("Answering", 10, "requests")
        wait_for(lambda: file.exists() and json.loads(file.read_text())["phase"] == "Answering")
        status.done = 7
        wait_for(lambda: json.loads(file.read_text())["done"] == 7)


@pytest.mark.parametrize(
    ("error", "state"), [(KeyboardInterrupt(), "stopped"), (SystemExit(1), "stopped"), (ValueError("no x"), "failed")]
)
def test_kept_with_its_state_where_the_run_ends_otherwise(config, file, error, state):
    with pytest.raises(type(error)), published_status(config) as status:
        status.begin("Answering", 10, "requests")
        status.done = 3
        raise error
    found = json.loads(file.read_text())
    assert (found["state"], found["done"]) == (state, 3)
    assert found.get("error") == ("no x" if state == "failed" else None)
    assert [one.name for one in file.parent.iterdir()] == [NAME]
    # The next run takes its place.
    with published_status(config):
        wait_for(lambda: json.loads(file.read_text())["state"] == "running")
    assert not file.exists()


def test_an_error_has_no_secret(config, file):
    with pytest.raises(ValueError), published_status(config):
        raise ValueError("401 for token=hf_abcDEF1234567xyz")
    assert "hf_abcDEF" not in file.read_text()


def test_warnings_are_in_it(config, file):
    with pytest.raises(KeyboardInterrupt), published_status(config):
        logging.getLogger("proctor").warning("api_key=sk-abcDEF12345 is %s", "old")
        logging.getLogger("proctor").info("no warning")
        raise KeyboardInterrupt
    found = json.loads(file.read_text())
    assert found["warned"] == 1
    assert "sk-abcDEF" not in found["warnings"][0]


def test_in_a_python_program_it_is_written_and_no_signal_is_caught(config, file, monkeypatch):
    before = signal.getsignal(signal.SIGUSR1)
    with watched_progress(config, Quiet) as progress, progress(9, "Answering", "requests") as display:
        display.advance(3)
        assert signal.getsignal(signal.SIGUSR1) is before
        wait_for(lambda: (read_status(file) or {}).get("done") == 3)
    assert not file.exists()
    with watched_progress(build_config({"model": "dummy", "tasks": ["a"]}), Quiet) as progress:
        assert progress is Quiet


def test_the_line_of_the_whole_run_is_below_that_of_its_phase():
    document = {"phase": "Grading", "questions": {"done": 3, "total": 12}}
    assert list(status_lines(document)) == ["Grading, 0 s so far", "  25 % · 3 of 12 questions"]


def test_nothing_is_written_without_an_output_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(KeyboardInterrupt), published_status(build_config({"model": "dummy", "tasks": ["a"]})):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_ends_no_run(tmp_path):
    (tmp_path / "out").write_text("x")
    config = build_config({"model": "dummy", "tasks": ["a"], "output_path": str(tmp_path / "out")})
    with published_status(config) as status:
        pass
    assert status.state == "finished"


def test_the_file_of_a_living_process_is_left_alone(config, file):
    other = {"state": "running", "host": socket.gethostname(), "pid": os.getppid()}
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(other))
    own = place_of(config)
    assert own.name == f"progress_{os.getpid()}.json"
    with published_status(config):
        wait_for(own.exists)
    assert json.loads(file.read_text()) == other
    assert not own.exists()
    file.write_text(json.dumps(other | {"host": "elsewhere", "pid": 1}))
    assert place_of(config).name == f"progress_{os.getpid()}.json"
    for free in ({"state": "stopped"}, {"state": "running", "host": socket.gethostname(), "pid": 2**22 + 7}):
        file.write_text(json.dumps(other | free))
        assert place_of(config) == file


def test_a_killed_process_is_seen(tmp_path):
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    file = tmp_path / NAME
    file.write_text(json.dumps({"state": "running", "host": socket.gethostname(), "pid": done.pid}))
    assert read_status(file)["state"] == "died"
    file.write_text(json.dumps({"state": "running", "host": "elsewhere", "pid": done.pid}))
    assert read_status(file)["state"] == "running"


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"state": 1}', "\udcff", "[" * 100_000]
    + [f'{{"state": "running", "done": 1, "total": 2, {more}}}' for more in (
        '"done": "x"', '"total": "x"', '"rate": "x"', f'"rate": {10**400}', '"eta": "x"', '"eta": NaN')],
)  # fmt: skip
def test_what_is_no_status(tmp_path, text):
    (tmp_path / NAME).write_bytes(text.encode("utf-8", "surrogateescape"))
    assert read_status(tmp_path / NAME) is None
    assert read_status(tmp_path / "none") is None


def test_a_pipe_of_that_name_is_no_status_and_nobody_waits_for_it(tmp_path):
    os.mkfifo(tmp_path / NAME)
    assert read_status(tmp_path / NAME) is None


@pytest.mark.parametrize("pid", [None, True, "x", -1, 0])
def test_odd_processes_are_gone(tmp_path, pid):
    (tmp_path / NAME).write_text(json.dumps({"state": "running", "host": socket.gethostname(), "pid": pid}))
    assert read_status(tmp_path / NAME)["state"] == "died"


def test_the_signal_shows_it_at_once_and_the_old_handler_comes_back(config, caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("proctor"), "propagate", True)
    caplog.set_level(logging.INFO, "proctor")
    before = signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    try:
        with published_status(config) as status:
            status.begin("Answering", 10, "requests")
            signal.raise_signal(signal.SIGUSR1)
            wait_for(lambda: "Answering: 0 of 10 requests" in caplog.text)
        assert signal.getsignal(signal.SIGUSR1) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_another_thread_than_the_main_one_has_no_signal(config):
    before = signal.getsignal(signal.SIGUSR1)
    seen = []

    def run():
        with published_status(config):
            seen.append(signal.getsignal(signal.SIGUSR1))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [before]


def test_no_thread_no_file(config, file, monkeypatch):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with published_status(config):
        pass
    assert not file.exists()


def test_it_takes_at_most_a_hundredth_of_a_core():
    assert pause_after(0.0001) == SECONDS
    assert pause_after(0.5) == 50.0


def test_the_text_is_json_with_a_line_for_each_key():
    document = {"state": "running", "tasks": {"a": {"done": 1}}, "eta": None, "model": "한\ud800"}
    assert json.loads(text_of(document)) == document
    assert len(text_of(document).splitlines()) == 6


def test_lines():
    tasks = {
        "a": {"done": 4, "total": 4, "metric": "acc", "score": 0.75, "n": 4, "interval": [0.3, 0.95]},
        "b": {"done": 1, "total": 4},
        "c": {"done": 0, "total": 4},
        "d": {"done": 2, "total": 2, "metric": "f1", "score": 0.5, "n": 2},
    }
    document = {"phase": "Answering", "done": 5, "total": 12, "unit": "requests", "tasks": tasks}
    assert list(status_lines(document | {"warned": 2, "warnings": ["old"]})) == [
        "Answering: 5 of 12 requests (41 %)",
        "  a: 4 of 4, acc 0.7500 [0.3000, 0.9500] of 4 documents",
        "  b: 1 of 4",
        "  d: 2 of 2, f1 0.5000 of 2 documents",
        "  2 warnings, the first: old",
    ]


def test_where_it_lies(tmp_path):
    assert status_folder("out", "hf", {"pretrained": "lab/tiny"}).as_posix() == "out/lab__tiny"
    assert status_folder("out/x.json", "hf", {"pretrained": "lab/tiny"}).as_posix() == "out"
