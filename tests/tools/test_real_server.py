"""Waiting for a server: it responds, it ends, or it does not respond, and then it is gone."""

from __future__ import annotations

import os
import sys

import pytest
from real_server import ServerFailedError, free_port, start_server, stop_server


def test_a_server_that_responds_is_given_and_ends(tmp_path):
    port = free_port()
    command = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)]
    process = start_server(command, f"http://127.0.0.1:{port}/", tmp_path / "log", os.environ)
    assert process.poll() is None
    stop_server(process)
    assert process.poll() is not None


def test_a_server_that_ends_is_an_error_with_its_last_words(tmp_path):
    command = [sys.executable, "-c", "raise SystemExit('no such model')"]
    with pytest.raises(ServerFailedError, match=r"the server ended (?s:.*)no such model"):
        start_server(command, f"http://127.0.0.1:{free_port()}/", tmp_path / "log", os.environ)


def test_a_server_that_says_nothing_is_stopped(tmp_path, monkeypatch):
    code = "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(600)"
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ServerFailedError, match="does not respond"):
        start_server([sys.executable, "-c", code], f"http://127.0.0.1:{free_port()}/", tmp_path / "log", os.environ, 3)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
