"""Standard streams that are closed, or open the wrong way: the work is done and its results are written."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

RUN = "run --model dummy --tasks demo_text_sums --limit 2 --output_path out --no_store"


def start(words: str, redirections: str, folder, **variables):
    shell = f"exec {sys.executable} -m proctor {words} {redirections}"
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "PROCTOR_CACHE": str(folder / "cache"), **variables}
    return subprocess.run(
        ["sh", "-c", shell], cwd=folder, env=environment, capture_output=True, check=False, timeout=240
    )


@pytest.mark.parametrize(
    "redirections",
    [
        "2>&-",
        ">&- <&-",
        ">&- 2>&- <&-",
        "1</dev/null 2</dev/null",
        pytest.param("2>&1 | head -c 10; exit 0", id="reader gone"),
    ],
)
def test_results_are_written_without_the_standard_streams(tmp_path, redirections):
    command = f"{RUN} {redirections}" if "|" not in redirections else RUN
    done = start(command if "|" in redirections else RUN, redirections, tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(list(tmp_path.rglob("results_*.json"))) == 1
    assert b"Traceback" not in done.stderr + done.stdout


def test_what_is_wrong_still_sets_the_exit_code_without_the_streams(tmp_path):
    assert start("run --model dummy --tasks nothing_of_this_name", ">&- 2>&-", tmp_path).returncode == 2
    assert start("ls tasks", ">&- 2>&- <&-", tmp_path).returncode == 0


def test_a_file_that_is_opened_does_not_become_stdout(tmp_path):
    """With descriptor 1 closed the store would be it, and what a library prints would go into the store."""
    code = (
        "import os, sys\n"
        "from proctor.cli.streams import open_missing_streams\n"
        "open_missing_streams()\n"
        f"number = os.open({str(tmp_path / 'store')!r}, os.O_CREAT | os.O_WRONLY)\n"
        "print('text of a library', flush=True)\n"
        "sys.exit(0 if number > 2 else 1)\n"
    )
    done = subprocess.run(["sh", "-c", f'exec {sys.executable} -c "$0" >&- <&- 2>&-', code], check=False, timeout=60)
    assert done.returncode == 0
    assert (tmp_path / "store").read_bytes() == b""
