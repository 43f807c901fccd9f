"""Names and messages of strangers drive no terminal: control characters are written out."""

from __future__ import annotations

import pytest

from proctor.cli.ls import markdown_table
from proctor.cli.main import main
from proctor.errors import printable

TASK = """\
task: quiz
task_alias: "\\e]0;owned\\a\\e[2Jx"
dataset_path: json
dataset_kwargs: {data_files: {test: test.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: q
doc_to_choice: c
doc_to_target: g
"""


def test_letters_line_feeds_and_tabs_stay():
    assert printable("한국어 é\n\t{}") == "한국어 é\n\t{}"


@pytest.mark.parametrize("text", ["\x1b[2J", "\x07", "\r", "\x9b31m", "\u202eabc"])
def test_what_moves_a_cursor_or_turns_text_is_written_out(text):
    assert not set(text) & set("\x1b\x07\r\x9b\u202e") & set(printable(text))


def test_an_alias_does_not_reach_the_terminal(tmp_path, capsys):
    (tmp_path / "test.jsonl").write_text('{"q": "a", "c": ["x", "y"], "g": 0}\n', encoding="utf-8")
    (tmp_path / "t.yaml").write_text(TASK, encoding="utf-8")
    assert main(["run", "--model", "dummy", "--tasks", str(tmp_path / "t.yaml")]) == 0
    printed = capsys.readouterr()
    assert "\x1b" not in printed.out + printed.err
    assert r"\x1b[2Jx" in printed.out


def test_names_in_errors_and_listings_do_not(capsys):
    assert main(["run", "--model", "dummy", "--tasks", "ev\x1b[31mil"]) == 2
    assert "\x1b" not in capsys.readouterr().err
    assert "\x1b" not in markdown_table(("Task",), [("ev\x1b[31m\nil",)])
