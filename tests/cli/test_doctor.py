"""``proctor doctor``: a line for each thing that was tried, and the exit code of what a run needs."""

from __future__ import annotations

import pytest

from proctor.cli.main import main
from proctor.models.dummy import DummyModel
from proctor.models.protocols import Check

WORDS = ["doctor", "--model", "local-completions", "--model_args", "model=tiny,base_url=http://localhost:1/v1"]


@pytest.fixture
def doctor(monkeypatch, capsys):
    """Runs the command on a model of which some checks come out as given; returns the code and the lines."""

    def run(*checks):
        model = DummyModel()
        model.check = lambda: list(checks)
        monkeypatch.setattr("proctor.run.model.open_model", lambda *words, **settings: model)
        code = main(WORDS)
        return code, capsys.readouterr().out.splitlines()

    return run


def test_each_check_is_a_line_and_a_remedy_stands_below_it(doctor):
    code, lines = doctor(
        Check("server", "passed", "it answers"),
        Check("text", "skipped", "not tried"),
        Check("tokenizer", "failed", "there is none", "Name one: tokenizer=..."),
    )
    assert code == 0
    assert lines == [
        "server     ok      it answers",
        "text       -       not tried",
        "tokenizer  FAILED  there is none",
        "                   -> Name one: tokenizer=...",
    ]


@pytest.mark.parametrize(("name", "code"), [("scoring", 1), ("text", 1), ("server", 0), ("tokenizer", 0)])
def test_only_what_a_run_needs_makes_the_command_fail(doctor, name, code):
    assert doctor(Check(name, "failed", "no"))[0] == code
    assert doctor(Check(name, "skipped", "no"))[0] == 0


def test_what_a_server_said_is_shown_without_control_characters(doctor):
    _, [line] = doctor(Check("server", "passed", "it says \x1b[31mred"))
    assert "\x1b" not in line
    assert line.startswith("server  ok      it says ")


@pytest.mark.parametrize("kind", ["hf", "dummy"])
def test_a_model_of_this_process_has_no_server(capsys, kind):
    assert main(["doctor", "--model", kind, "--model_args", "pretrained=x"]) == 2
    shown = capsys.readouterr().err
    assert f"'{kind}' runs within proctor: there is no server to try." in shown
    assert "proctor preview --plan" in shown


def test_a_kind_that_there_is_not(capsys):
    assert main(["doctor", "--model", "lcoal-completions"]) == 2
    assert "Did you mean 'local-completions'" in capsys.readouterr().err
