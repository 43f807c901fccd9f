"""The command of this process, as it is shown and stored."""

from __future__ import annotations

import pytest

from proctor.run.command import command_line


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
