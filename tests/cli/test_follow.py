"""``proctor runs --follow``: what a run is doing, until it ends."""

from __future__ import annotations

import io
import json
import os
import socket
import sys

import pytest
from two_models_store import said

from proctor.cli.follow import follow
from proctor.cli.text_tables import text_width
from proctor.errors import DataError
from proctor.run.status_file import status_files
from proctor.store.runs import NewRun
from proctor.store.store import open_store

RUNNING = {"state": "running", "phase": "Answering", "done": 3, "total": 9, "unit": "requests", "model": "tiny"}
RUNNING |= {"command": "proctor run x", "pid": os.getpid(), "host": socket.gethostname(), "tasks": {}}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "out" / "tiny" / "progress.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(RUNNING))
    return path


class Time:
    """A clock whose sleep does what happens meanwhile."""

    def __init__(self, *happens):
        self.now, self.happens = 0.0, list(happens)

    def clock(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds
        self.happens.pop(0)()


def change(file, **facts):
    return lambda: file.write_text(json.dumps(RUNNING | facts))


def test_until_it_is_done_a_line_a_minute_without_a_terminal(file, capsys):
    time = Time(*[change(file, done=4)] * 30, change(file, done=8), file.unlink)
    assert follow(file, clock=time.clock, sleep=time.sleep) == 0
    assert capsys.readouterr().out.splitlines() == [
        "tiny: Answering: 3 of 9 requests (33 %)",
        "tiny: Answering: 4 of 9 requests (44 %)",
        "The run is done; 'proctor runs' says where its results are.",
    ]


def test_on_a_terminal_one_line_is_replaced(file, monkeypatch):
    screen = io.StringIO()
    screen.isatty = lambda: True
    monkeypatch.setattr(sys, "stdout", screen)
    time = Time(change(file, done=4), file.unlink)
    assert follow(file, clock=time.clock, sleep=time.sleep) == 0
    assert screen.getvalue() == (
        "\r\x1b[Ktiny: Answering: 3 of 9 requests (33 %)\r\x1b[Ktiny: Answering: 4 of 9 requests (44 %)"
        "\r\x1b[KThe run is done; 'proctor runs' says where its results are.\n"
    )


def test_a_line_that_is_longer_than_the_terminal_is_shortened(file, monkeypatch):
    screen = io.StringIO()
    screen.isatty = lambda: True
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("COLUMNS", "30")
    questions = {"done": 1, "total": 4}
    time = Time(change(file, done=4, model="한국어모델", questions=questions), file.unlink)
    assert follow(file, clock=time.clock, sleep=time.sleep) == 0
    lines = screen.getvalue().split("\r\x1b[K")[1:-1]
    assert [text_width(line) for line in lines] == [29, 29]
    assert lines[1].startswith("한국어모델: Answering: 4")


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"state": "stopped"}, "The run was stopped."),
        ({"state": "failed", "error": "no data"}, "The run failed: no data."),
        ({"pid": 2**22 + 7}, "The run died: its process is not there any more."),
    ],
)
def test_how_it_ended(file, capsys, facts, sentence):
    file.write_text(json.dumps(RUNNING | facts))
    assert sentence in said(capsys, "runs", "--follow", file.parents[1], code=1)
    assert said(capsys, "runs", "--follow", file, code=1).count("\n") >= 2


def test_a_file_that_is_half_written_is_looked_at_again(file, capsys):
    file.write_text("{")
    time = Time(change(file), file.unlink)
    assert follow(file, clock=time.clock, sleep=time.sleep) == 0
    assert "3 of 9" in capsys.readouterr().out


def test_the_newest_of_several(tmp_path, file):
    other = tmp_path / "out" / "old" / "progress_7.json"
    other.parent.mkdir()
    other.write_text("{}")
    os.utime(other, (1, 1))
    assert status_files(tmp_path) == [other, file]


def test_nothing_goes_on(tmp_path, store, capsys):
    assert "No run is in progress in" in said(capsys, "runs", "--follow", tmp_path, code=2)
    assert "No run is in progress in" in said(capsys, "runs", "--follow", tmp_path / "none", code=2)
    assert said(capsys, "runs", "--follow") == "No run is in progress.\n"


def begin(path, **settings):
    opened = open_store(path)
    assert opened is not None
    config = {"tasks": ["a"], "model": "hf", "model_args": {"pretrained": "tiny"}, **settings}
    opened.begin(NewRun(1.0, "tiny", "proctor run x", str(path.parent), config, None, None))
    opened.close()


def test_the_newest_run_of_the_store(tmp_path, file, capsys):
    begin(tmp_path / "a.sqlite", output_path="out")
    file.write_text(json.dumps(RUNNING | {"state": "failed", "error": "no data"}))
    assert "The run failed: no data." in said(capsys, "runs", "--follow", "--store", tmp_path / "a.sqlite", code=1)


def test_a_run_without_an_output_path_says_no_more(tmp_path, capsys):
    begin(tmp_path / "a.sqlite")
    shown = said(capsys, "runs", "--follow", "--store", tmp_path / "a.sqlite")
    assert "Run 1 goes on (proctor run x)." in shown
    assert "--output_path" in shown


@pytest.mark.parametrize("text", ['{"state":', "[]", "", "\x00"])
def test_a_file_that_is_no_state_of_a_run_is_not_awaited_for_ever(file, text):
    file.write_text(text)
    time = Time(*[lambda: None] * 9)
    with pytest.raises(DataError, match="cannot be read as the state of a run"):
        follow(file, clock=time.clock, sleep=time.sleep)
