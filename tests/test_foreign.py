"""Code that is not proctor's never ends it: neither with success nor without a place."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

from proctor import foreign
from proctor.cli.main import main
from proctor.errors import ProctorError
from proctor.foreign import ForeignExitError, ends_in_errors, foreign_failure, no_exit, os_exit_raises
from proctor.models import MODELS
from proctor.models.dummy import DummyModel


class Unwinding(BaseException):
    pass


def leave():
    sys.exit(0)


def unwind():
    raise Unwinding


@pytest.mark.parametrize(
    ("function", "said"),
    [(leave, r"called sys\.exit\(0\)"), (unwind, "raised Unwinding"), (lambda: exit(), r"called sys\.exit\(\)")],
)
def test_what_would_end_the_process_is_an_error_with_its_place(function, said):
    with pytest.raises(ForeignExitError, match=said + r".*\(.*test_foreign\.py:\d+\)"), no_exit():
        function()


def arriving(error):
    """Raise it as Python does a signal's or a generator's: no statement of foreign code does."""
    (_ for _ in ()).throw(error)


@pytest.mark.parametrize("error", [ValueError(), KeyboardInterrupt(), GeneratorExit()])
def test_every_other_exception_passes(error):
    with pytest.raises(type(error)) as caught, no_exit():
        arriving(error)
    assert caught.value is error


def test_a_generator_exit_that_foreign_code_makes_up_is_an_error():
    with pytest.raises(ForeignExitError, match="raised GeneratorExit"), no_exit():
        raise GeneratorExit


def test_a_generator_that_is_closed_within_ends_quietly():
    def values():
        with no_exit():
            yield 1

    opened = values()
    next(opened)
    opened.close()


def test_a_function_that_ends_in_errors():
    with pytest.raises(ValueError, match="x"):
        ends_in_errors(lambda: int("x"))()
    with pytest.raises(ProctorError, match=r"code called sys\.exit\('why'\)"):
        ends_in_errors(lambda: sys.exit("why"))()


def test_os_exit_in_the_thread_of_a_run_is_an_error_with_its_place():
    real = os._exit
    place = r"\(.*test_foreign\.py:\d+\)"
    with pytest.raises(ForeignExitError, match=rf"called os\._exit\(0\) {place}"), no_exit(), os_exit_raises():
        os._exit(0)
    assert os._exit is real
    with pytest.raises(ProctorError, match=r"code called os\._exit\(0\)"):
        ends_in_errors(lambda: os._exit(0))()
    assert os._exit is real


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: os.execv(sys.executable, ["python", "-c", "0"]), "os.execv"),
        (lambda: os.execve(sys.executable, ["python"], {}), "os.execve"),
        (lambda: os.execve(path=sys.executable, argv=["python"], env={}), "os.execve"),
        (lambda: os.execl(sys.executable, "python"), "os.execv"),
        (lambda: os.execle(sys.executable, "python", {}), "os.execve"),
        (lambda: os.execvp(sys.executable, ["python"]), "os.execv"),
        (lambda: os.execlp(sys.executable, "python"), "os.execv"),
        (lambda: os.execvpe(sys.executable, ["python"], {}), "os.execve"),
    ],
)
def test_a_process_that_replaces_itself_is_an_error_with_its_place(call, sentence):
    real = (os._exit, os.execv, os.execve)
    place = r"\(.*test_foreign\.py:\d+\)"
    with pytest.raises(ForeignExitError, match=rf"called {sentence}\('.*'\) {place}"), no_exit(), os_exit_raises():
        call()
    assert (os._exit, os.execv, os.execve) == real


def test_a_child_may_be_replaced():
    with os_exit_raises():
        child = os.fork()
        if child == 0:
            os.execv(sys.executable, [sys.executable, "-S", "-c", "raise SystemExit(7)"])
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_a_child_and_another_thread_end_by_os_exit_as_ever(monkeypatch):
    statuses = []
    monkeypatch.setattr(os, "_exit", statuses.append)
    with os_exit_raises():
        thread = threading.Thread(target=os._exit, args=(3,))
        thread.start()
        thread.join()
        monkeypatch.setattr(os, "getpid", lambda: -1)
        os._exit(4)
    assert statuses == [3, 4]


class Leaving(DummyModel):
    name = "leaving"

    def __init__(self, when):
        self.when = when

    def respond(self, requests):
        if self.when == "at once":
            leave()
        if self.when == "os":
            os._exit(0)
        for number, answer in enumerate(super().respond(requests)):
            if number == 1:
                unwind() if self.when == "unwinding" else leave()
            yield answer

    def report(self):
        return leave() if self.when == "report" else super().report()


def open_leaving(args, **_):
    return leave() if args["when"] == "open" else Leaving(args["when"])


@pytest.mark.parametrize("when", ["open", "at once", "midway", "unwinding", "report", "os"])
def test_a_model_that_leaves_is_no_success(tmp_path, write_exam, monkeypatch, capsys, when):
    monkeypatch.setitem(MODELS._rows, "leaving", open_leaving)
    folder = write_exam(tmp_path / "exam", "odd")
    words = ["run", "--model", "leaving", "--model_args", f"when={when}", "--tasks", "odd", "--include_path"]
    assert main([*words, str(folder)]) == 1
    shown = capsys.readouterr().err
    assert "test_foreign.py:" in shown
    assert {"unwinding": "Unwinding", "os": "os._exit(0)"}.get(when, "sys.exit(0)") in shown
    assert "Traceback" not in shown


def test_a_plugin_that_leaves_when_it_is_imported_is_no_success(tmp_path, write_exam, monkeypatch, capsys):
    (tmp_path / "leaving_plugin.py").write_text("import sys\nsys.exit(0)\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(MODELS._rows, "leaving", "leaving_plugin:open")
    folder = write_exam(tmp_path / "exam", "odd")
    assert main(["run", "--model", "leaving", "--tasks", "odd", "--include_path", str(folder)]) == 1
    assert "leaving_plugin.py:2" in capsys.readouterr().err


def code_of(file, source, **names):
    """The function ``go`` of some source that stands in ``file``."""
    exec(compile(source, file, "exec"), names)
    return names["go"]


def test_foreign_code_is_to_blame_only_for_what_fails_within_it():
    own = str(Path(foreign.__file__).parent / "made_up.py")
    fails = "def go(x):\n    return 1 / 0\n"
    calls = "def go(f):\n    return f(None)\n"

    def blamed(function, argument):
        with pytest.raises(ZeroDivisionError) as caught:
            function(argument)
        error = caught.value
        error.__traceback__ = error.__traceback__.tb_next.tb_next  # without this file, which is foreign, too
        return foreign_failure(error)

    assert blamed(code_of(own, calls), code_of("/me/lm.py", fails)) == "/me/lm.py:2"
    assert blamed(code_of("/me/lm.py", calls), code_of(own, fails)) is None, "it called proctor, which failed"
    assert blamed(code_of(own, calls), code_of(own, fails)) is None
    library = str(Path(pytest.__file__))
    through = code_of("/me/lm.py", "def go(x):\n    return library(x)\n", library=code_of(library, fails))
    assert blamed(code_of(own, calls), through) == "/me/lm.py:2"
    assert blamed(code_of(own, calls), code_of(library, fails)) is None, "what proctor called is for its traceback"
