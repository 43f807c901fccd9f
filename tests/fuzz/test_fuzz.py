"""Odd input of every kind, for a few seconds each: a sentence or success, never another exception, never a hang.

``make fuzz`` does the same for longer, guided by what the input reaches.
"""

from __future__ import annotations

import faulthandler
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import fuzz_targets  # noqa: E402

EXAMPLES = {
    "chat_templates": 200,
    "special_files": 60,
    "aliases": 150,
    "task_files": 50,
    "answer_files": 80,
    "prompts": 150,
    "exceptions": 200,
    "fields": 400,
    "metrics": 300,
    "whole_tasks": 400,
}
LONGEST = 60


@pytest.mark.parametrize("name", sorted(fuzz_targets.TARGETS))
def test_only_sentences(name, tmp_path):
    @settings(max_examples=EXAMPLES.get(name, 800), database=None, suppress_health_check=list(HealthCheck))
    @given(st.binary(min_size=4, max_size=300))
    @example(b"")
    def feed(data):
        # A hang shows its stack and ends the process: no test can go on beside it.
        faulthandler.dump_traceback_later(LONGEST, exit=True)
        try:
            fuzz_targets.run(name, data, tmp_path)
        finally:
            faulthandler.cancel_dump_traceback_later()

    feed()


def test_make_fuzz_runs_a_target(tmp_path):
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("atheris is not installed: pip install -e '.[fuzz]'")
    command = [sys.executable, str(HERE / "fuzz_guided.py"), "env_file", "--seconds", "2", "--corpus", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, check=False, text=True, timeout=240, env={**os.environ})
    assert done.returncode == 0, done.stderr[-3000:]
    assert "env_file: " in done.stdout
