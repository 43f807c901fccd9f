"""``proctor view`` as a process: it prints its address, serves, and ends with Ctrl-C; mistakes are sentences."""

from __future__ import annotations

import http.client
import signal
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from stored_runs import right_and_wrong, write_run

from proctor.cli.main import main


@pytest.mark.server
def test_it_serves_until_ctrl_c_and_leaves_no_process(tmp_path):
    write_run(tmp_path / "a", {"t": right_and_wrong("10")})
    command = [sys.executable, "-m", "proctor", "view", str(tmp_path), "--language", "ko"]
    # A shell that starts tests in the background has switched Ctrl-C off for all that they start.
    code = "import os, signal, sys; signal.signal(2, signal.default_int_handler); os.execv(sys.argv[1], sys.argv[1:])"
    words = [sys.executable, "-c", code, *command]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            address = urlsplit(process.stdout.readline().strip())
            connection = http.client.HTTPConnection(address.hostname, address.port, timeout=20)
            connection.request("GET", f"{address.path}?{address.query}")
            assert connection.getresponse().status == 303
            connection.close()
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 0
            assert "Traceback" not in process.stderr.read()
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nowhere"], "There is nothing at 'nowhere'"),
        (["--host", "0.0.0.0"], "add --i_know_others_can_read_this"),
        (["--port", "70000"], "--port 70000 is no port"),
        (["--port", "x"], "invalid int value"),
        (["--host", "256.1.1.1", "--i_know_others_can_read_this"], "Nothing can listen on 256.1.1.1"),
    ],
)
def test_mistakes_are_sentences(capsys, tmp_path, monkeypatch, words, sentence):
    monkeypatch.chdir(tmp_path)
    assert main(["view", *words]) in (1, 2)
    error = capsys.readouterr().err
    assert sentence in error
    assert "Traceback" not in error
