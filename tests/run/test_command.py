"""The command of this process, as it is shown and stored."""

from __future__ import annotations

import pytest

from proctor.run.command import command_line, command_note


def test_secrets_are_not_written_down(monkeypatch):
    secret = "hf_" + "aB3" * 8
    monkeypatch.setattr("sys.argv", ["/x/bin/proctor", "run", "--model_args", f"pretrained=x,token={secret}"])
    assert command_line() == "proctor run --model_args 'pretrained=x,token=***'"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["/x/proctor/__main__.py", "run", "--tasks", "a b"], "proctor run --tasks 'a b'"),
        (["lm_eval", "--tasks", "it's"], """lm_eval --tasks 'it'"'"'s'"""),
        ([""], "proctor"),
        ([None, "run"], "proctor run"),
        ([], "proctor"),
    ],
)
def test_the_line_can_be_given_to_a_shell_again(monkeypatch, words, line):
    monkeypatch.setattr("sys.argv", words)
    assert command_line() == line


def test_a_note_names_the_launcher_whose_command_is_not_all_of_it(monkeypatch):
    monkeypatch.setattr("sys.argv", ["proctor", "run"])
    assert command_note("the same command continues") == "the same command continues: proctor run"
    for name, value in {"RANK": "0", "WORLD_SIZE": "2", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "2"}.items():
        monkeypatch.setenv(name, value)
    assert command_note("it continues") == "it continues, started by torchrun as before: proctor run"
    monkeypatch.setenv("RANK", "3")  # no launcher leaves that: whoever starts the run is told so, and not here
    assert command_note("it continues") == "it continues: proctor run"
