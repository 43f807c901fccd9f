"""Names that no file can have, and places that are no file, for every flag that takes a path: a sentence each."""

from __future__ import annotations

import os
import socket

import pytest

from proctor.cli.main import main

RUN = ("run", "--model", "dummy", "--tasks", "demo_text_sums", "--limit", "1")
COMMANDS = {
    "include_path of ls": ("ls", "tasks", "--include_path", "{}"),
    "include_path of run": (*RUN, "--no_store", "--include_path", "{}"),
    "tasks": ("run", "--model", "dummy", "--no_store", "--tasks", "{}/x.yaml"),
    "validate": ("validate", "--tasks", "{}/x.yaml"),
    "regrade": ("regrade", "{}"),
    "regrade --store": ("regrade", "1", "--store", "{}"),
    "runs": ("runs", "--store", "{}"),
    "cache ls": ("cache", "ls", "--store", "{}"),
    "cache merge": ("cache", "merge", "{}", "--store", "own.sqlite"),
    "cache export": ("cache", "export", "{}", "--store", "absent.sqlite"),
    "config": ("run", "--config", "{}"),
    "env_file": (*RUN, "--no_store", "--env_file", "{}"),
    "output_path": (*RUN, "--no_store", "--output_path", "{}"),
}
MAY_GO_ON = {"output_path", "env_file", "config"}


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROCTOR_CACHE", str(tmp_path / "cache"))
    os.mkfifo("pipe")
    os.symlink("circle", "circle")
    (tmp_path / "text").write_text("no database")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        yield tmp_path


NAMES = {
    "long": "x" * 300,
    **{name: name for name in ("text/below", "circle", "pipe", "socket", "/dev/full")},
    "not UTF-8": os.fsdecode(b"\xff"),
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("kind", NAMES)
def test_a_name_is_refused_in_a_sentence(here, capsys, command, kind):
    name = NAMES[kind]
    words = [word.replace("{}", name) for word in COMMANDS[command]]
    code = main(words)
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    if command not in MAY_GO_ON or "x" * 300 in name:
        assert code in (1, 2), said
        assert "error: " in said.err


def test_a_store_that_cannot_be_opened_does_not_stop_a_run(here, capsys):
    for flag in ("--store", "--use_cache"):
        for name in ("x" * 300, "text/below"):
            assert main([*RUN, flag, name]) == 0
            assert "goes on without it" in capsys.readouterr().err
    for name in ("circle", "pipe", "socket"):
        assert main([*RUN, "--store", name]) == 0
        assert "goes on without it" in capsys.readouterr().err


def test_a_byte_that_is_no_utf8_in_a_store_and_its_list(here, capsys):
    store = os.fsdecode(b"st\xff.sqlite")
    assert main([*RUN, "--use_cache", store]) == 0
    capsys.readouterr()
    assert main(["runs", "--store", os.fsdecode(b"st\xff.sqlite"), "--commands"]) in (0, 1)
    assert "Traceback" not in capsys.readouterr().err


def test_what_the_system_refuses_anywhere_is_a_sentence_with_the_path(monkeypatch, capsys):
    from proctor.cli import main as entry

    def refuse(_):
        raise PermissionError(13, "Permission denied", "/closed/folder")

    monkeypatch.setattr(entry, "_dispatch", refuse)
    monkeypatch.setattr(entry, "foreign_failure", lambda _: None)  # as if a line of proctor's had failed
    assert main(["ls"]) == 1
    said = capsys.readouterr().err
    assert "'/closed/folder' cannot be used: Permission denied." in said
    assert "Change its permissions" in said


def test_a_folder_closed_to_the_user(here, capsys):
    if os.geteuid() != 0:
        os.mkdir("closed", 0o000)
        assert main(["runs", "--store", "closed/store.sqlite"]) == 1
        return
    child = os.fork()
    if child == 0:
        os.mkdir("closed", 0o700)
        os.setresuid(65534, 65534, 65534)
        code = 90
        try:
            code = main(["runs", "--store", "closed/store.sqlite"])
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
