"""``python -m proctor``: the command, whatever lies in the working directory."""

from __future__ import annotations

import subprocess
import sys


def test_a_file_of_the_working_directory_stands_for_no_module(tmp_path):
    (tmp_path / "argparse.py").write_text("raise SystemExit('of the working directory')\n")
    (tmp_path / "json.py").write_text("raise SystemExit('of the working directory')\n")
    command = [sys.executable, "-m", "proctor", "--version"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "of the working directory" not in done.stdout + done.stderr
    assert done.returncode == 0


def test_it_is_a_program_and_nothing_to_import():
    code = "import sys, proctor.__main__; print('proctor.cli.main' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
