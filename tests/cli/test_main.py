"""The command: verbs, the implied one, and what becomes of errors."""

from __future__ import annotations

import os
import subprocess
import sys
import types

import pytest

from proctor.cli import main as entry
from proctor.cli import run
from proctor.cli.main import main
from proctor.errors import Finding, ModelError, ProctorError, TaskError, UsageError


@pytest.fixture
def verb(monkeypatch):
    """A verb whose ``execute`` the test supplies; it stands where ``run`` does."""

    def install(execute):
        module = types.ModuleType("proctor.cli.run", "A verb of the tests.")
        module.add_flags = lambda parser: parser.add_argument("--tasks")  # type: ignore[attr-defined]
        module.execute = execute  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "proctor.cli.run", module)

    return install


def test_help_of_the_command(capsys):
    for words in ([], ["--help"], ["-h"]):
        assert main(words) == 0
        shown = capsys.readouterr().out
        assert all(name in shown for name in entry.SUBCOMMANDS)


def test_run_alone_and_run_help_show_the_flags(capsys):
    for words in (["run"], ["run", "--help"], ["--model", "hf", "--help"]):
        assert main(words) == 0
        assert "--model_args" in capsys.readouterr().out


def test_a_verb_may_have_a_word_of_its_own(capsys):
    assert main(["ls"]) == 0
    assert "usage: proctor ls" in capsys.readouterr().out
    assert main(["ls", "tsks"]) == 2


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("proctor ")


@pytest.mark.parametrize("words", [["--tasks=x"], ["--tasks", "x"], ["run", "--tasks", "x"]])
def test_run_is_implied(verb, words):
    seen = []
    verb(lambda namespace: seen.append(namespace.tasks) or 0)
    assert main(words) == 0
    assert seen == ["x"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["rnu"], "Did you mean 'run'?"),
        (["list"], "There is no subcommand 'list'."),
        (["--hepl"], "Did you mean '--help'?"),
        (["run", "--taks", "a"], "Did you mean '--tasks'?"),
        (["--tasks", "a", "--model", "hff"], "Did you mean 'hf'?"),
        (["--tasks", "a"], "pretrained=NAME_OR_FOLDER"),
        (["--tasks", "a", "--model_args", "pretraind=x"], "did you mean 'pretrained'?"),
        (["--tasks", "a", "--limit", "0"], "--limit must be"),
        (["--tasks", "a", "--config", "none.yaml"], "There is no configuration file none.yaml"),
        (["--model", "dummy"], "No task is given"),
        (["--tasks", "a", "--env_file", "none"], "No such file"),
    ],
)
def test_a_mistake_is_a_sentence_and_exit_code_2(capsys, words, sentence):
    assert main(words) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("proctor: error: ")
    assert sentence in shown.err
    assert "Traceback" not in shown.err


@pytest.mark.parametrize(
    ("error", "code", "shown"),
    [
        (UsageError("One."), 2, "proctor: error: One.\n"),
        (UsageError("One.\nTwo.", hint="Do."), 2, "proctor: error: One.\nproctor: error: Two.\n  Do.\n"),
        (ModelError("No."), 1, "proctor: error: No.\n"),
        (ProctorError("No."), 1, "proctor: error: No.\n"),
        (
            TaskError([Finding("bad", "a.yaml", 3, "Mend it."), Finding("worse", "b.yaml", 1)]),
            2,
            "proctor: error: a.yaml:3: bad\n  Mend it.\nproctor: error: b.yaml:1: worse\n",
        ),
    ],
)
def test_errors_become_sentences_and_codes(verb, capsys, error, code, shown):
    def fail(_):
        raise error

    verb(fail)
    assert main(["--tasks=x"]) == code
    assert capsys.readouterr().err == shown


def test_the_keyboard_stops_it_with_one_sentence(verb, capsys):
    def interrupt(_):
        raise KeyboardInterrupt

    verb(interrupt)
    assert main(["--tasks=x"]) == 130
    assert capsys.readouterr().err == "proctor: stopped by the keyboard.\n"


def test_a_error_of_ours_keeps_its_traceback(verb):
    verb(failing_in(run.__file__))
    with pytest.raises(ZeroDivisionError):
        main(["--tasks=x"])


def failing_in(file):
    """A function that fails in a line of ``file``."""
    names = {}
    exec(compile("def fail(_):\n    return 1 / 0\n", file, "exec"), names)
    return names["fail"]


def test_what_a_users_code_raises_is_a_sentence_with_its_place(verb, capsys):
    verb(failing_in("/home/me/own_lm.py"))
    assert main(["--tasks=x"]) == 1
    said = capsys.readouterr().err
    assert "a task's or a model's code raised ZeroDivisionError: division by zero (/home/me/own_lm.py:2)." in said
    assert "Traceback" not in said


def test_a_reader_who_leaves_is_no_error():
    code = "import sys; from proctor.cli.main import main; sys.exit(main(['--help']))"
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as gone:
        done = subprocess.run([sys.executable, "-c", code], stdout=gone, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (141, "")


def test_python_m_proctor(repository):
    done = subprocess.run([sys.executable, "-m", "proctor", "rnu"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Did you mean 'run'?" in done.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["runs", "--store="], "--store must be a path, and is empty"),
        (["cache", "ls", "--store="], "--store must be a path, and is empty"),
        (["regrade", "1", "--store="], "--store must be a path, and is empty"),
        (["preview", "--tasks", "demo", "--output_path="], "--output_path must be a path, and is empty"),
        (["run", "--tasks="], "--tasks/-t: expected a name, got an empty text"),
        (["validate", "--tasks="], "--tasks/-t: expected a name, got an empty text"),
        (["tasks", "get", "--version="], "--version is empty"),
        (["tasks", "get", "--from="], "--from is empty"),
    ],
)
def test_a_flag_with_an_empty_value_is_an_error_everywhere(words, sentence, capsys):
    assert main(words) == 2
    assert sentence in capsys.readouterr().err
