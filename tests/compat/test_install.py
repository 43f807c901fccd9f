"""Processes that a script starts import proctor as ``lm_eval``, once ``proctor compat install`` was asked for."""

import os
import subprocess
import sys

import pytest

from proctor.compat import install as hook

SHOW = (
    "import lm_eval, importlib.metadata as m; "
    "print('.'.join(lm_eval.__file__.split('/')[-3:-1]), m.version('lm-eval'), m.version('lm_eval'))"
)
SERVED = "proctor.compat 0.4.13 0.4.13\n"


@pytest.fixture
def environment(tmp_path, monkeypatch, repository):
    """A folder that stands for site-packages, and how an interpreter is started on it."""
    monkeypatch.setattr(hook, "path_of_hook", lambda: tmp_path / "proctor_compat.pth")
    start = f"import site; site.addsitedir({str(tmp_path)!r}); "

    def run(code, path=repository / "src", **variables):
        env = {key: value for key, value in os.environ.items() if key != hook.VARIABLE}
        env |= {"PYTHONPATH": str(path), **variables}
        done = subprocess.run(
            [sys.executable, "-c", start + code], capture_output=True, text=True, env=env, cwd=tmp_path, check=False
        )
        return done.stdout, done.stderr

    return run


def test_the_hook_serves_where_the_variable_is_set_and_says_so_once(environment):
    assert "Written: " in hook.install()
    out, err = environment(SHOW + "\n" + "import os; print(os.environ['PROCTOR_COMPAT'])", PROCTOR_COMPAT="1")
    assert out == f"{SERVED}said\n"
    assert err == "proctor: 'import lm_eval' is proctor here and in child processes (PROCTOR_COMPAT).\n"
    assert environment(SHOW, PROCTOR_COMPAT="said") == (SERVED, "")


@pytest.mark.parametrize("variables", [{}, {"PROCTOR_COMPAT": ""}, {"PROCTOR_COMPAT": "0"}])
def test_without_the_variable_nothing_changes(environment, variables):
    hook.install()
    code = "import sys; print([f for f in sys.meta_path if f.__class__.__module__.startswith('proctor')], "
    assert environment(code + "'proctor' in sys.modules)", **variables) == ("[] False\n", "")


def test_without_proctor_nothing_breaks(environment, tmp_path):
    hook.install()
    code = "import sys; sys.modules['proctor'] = None; import site; site.addsitedir(FOLDER); print('fine')"
    code = code.replace("FOLDER", repr(str(tmp_path)))
    (tmp_path / "empty").mkdir()
    env = {**os.environ, "PROCTOR_COMPAT": "1"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=False)
    assert (done.stdout, done.stderr) == ("fine\n", "")


def test_uninstall(environment, tmp_path):
    hook.install()
    assert hook.uninstall() == f"Removed: {tmp_path / 'proctor_compat.pth'}."
    assert hook.uninstall().startswith("There is nothing to remove: ")
    assert not list(tmp_path.glob("*.pth"))


def test_a_script_hands_it_on(tmp_path):
    code = f"import os; print(os.environ[{hook.VARIABLE!r}])"
    done = subprocess.run(
        [sys.executable, "-m", "proctor.compat", "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert (done.stdout, done.stderr) == ("said\n", "")


def test_the_command_of_lm_eval_as_a_module(environment):
    hook.install()
    code = "import runpy, sys; sys.argv = ['lm_eval', '--help']; runpy.run_module('lm_eval', run_name='__main__')"
    out, _ = environment(code, PROCTOR_COMPAT="said")
    assert "usage: proctor" in out
