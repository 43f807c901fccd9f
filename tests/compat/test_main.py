"""``python -m proctor.compat``: a program that says ``lm_eval`` runs on proctor, and is told what is not there."""

import os
import subprocess
import sys

import pytest

from proctor.compat.__main__ import main


def run(folder, *words, path=()):
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))}
    return subprocess.run(
        [sys.executable, "-m", "proctor.compat", *words],
        capture_output=True,
        text=True,
        cwd=folder,
        env=env,
        check=False,
    )


SCRIPT = """
import sys
import beside
import lm_eval
import lm_eval.api.filter as f
import lm_eval.tasks.copa.utils as named
from lm_eval import utils
from lm_eval.tasks.copa import utils as copa
from lm_eval.api.registry import get_filter
from proctor.alias import import_peer

assert lm_eval is import_peer("lm_eval") and sys.modules["lm_eval"] is lm_eval
assert "/proctor/compat/" in lm_eval.__spec__.origin
assert utils is import_peer("lm_eval.utils") is lm_eval.utils
assert issubclass(get_filter("regex"), f.Filter)
assert named is copa
print(__name__, sys.argv[1:], beside.N, lm_eval.__version__)
"""


def test_a_script_runs_with_its_arguments_and_neighbours(tmp_path, repository):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "s.py").write_text(SCRIPT)
    (tmp_path / "in" / "beside.py").write_text("N = 7")
    (tmp_path / "lm_eval.py").write_text("raise SystemExit('the real one')")
    done = run(tmp_path, "in/s.py", "--a", "b", path=[tmp_path, repository / "src"])
    assert (done.stdout, done.stderr, done.returncode) == ("__main__ ['--a', 'b'] 7 0.4.13\n", "", 0)


def test_code_and_modules(tmp_path):
    (tmp_path / "mod.py").write_text("import sys, lm_eval\nprint(__name__, sys.argv[1:], lm_eval.__version__)")
    assert run(tmp_path, "-m", "mod", "x").stdout == "__main__ ['x'] 0.4.13\n"
    assert run(tmp_path, "-c", "import sys, lm_eval; print(sys.argv)", "y").stdout == "['-c', 'y']\n"
    assert "usage" in run(tmp_path, "-m", "lm_eval", "--help").stdout.lower()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import lm_eval.nothing", "proctor serves no module 'lm_eval.nothing'."),
        (
            "from lm_eval.utils import mak_table",
            "proctor's 'lm_eval.utils' has no 'mak_table'. Did you mean 'make_table'?",
        ),
        (
            "import lm_eval\nfrom proctor.errors import UsageError\nraise UsageError('so')",
            "so",
        ),
    ],
)
def test_what_is_not_there_is_a_sentence_with_its_line(tmp_path, code, said):
    (tmp_path / "s.py").write_text(code)
    done = run(tmp_path, "s.py")
    assert done.returncode == 2
    place = "" if said == "so" else "s.py:1: "
    assert done.stderr == f"error: {place}{said}\n"


def test_other_errors_of_a_script_are_its_own(tmp_path):
    (tmp_path / "s.py").write_text("import json.nothing")
    done = run(tmp_path, "s.py")
    assert done.returncode == 1
    assert "No module named 'json.nothing'" in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, "usage: python -m proctor.compat"),
        (["--help"], 0, "usage: python -m proctor.compat"),
    ],
)
def test_usage(words, code, said, capsys):
    assert main(words) == code
    assert said in capsys.readouterr().out


def test_what_cannot_be_run_is_said(tmp_path):
    (tmp_path / "script.py").write_text("")
    done = run(tmp_path, "scrip.py")
    assert (done.returncode, done.stderr) == (2, "error: There is no script 'scrip.py'.\n  Did you mean 'script.py'?\n")
    assert "-m needs an argument" in run(tmp_path, "-m").stderr
