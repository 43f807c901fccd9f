"""``proctor items``: a table of what should be read again, a file of all items."""

from __future__ import annotations

import json

import pytest
from stored_runs import choice_line, right_and_wrong, write_run

from proctor.cli.main import main


def lls(picked):
    return [0.0 if place == picked else -4.0 for place in range(4)]


@pytest.fixture
def folders(tmp_path):
    picks = [0] * 19 + [2]
    lines = [
        choice_line(n, lls(picked), 0, question=f"{n}번 문항의 답은 무엇입니까?") for n, picked in enumerate(picks)
    ]
    return [str(write_run(tmp_path / f"run{number}", {"t": lines})) for number in range(4)]


def test_a_doubtful_gold_is_shown_with_what_the_models_choose(folders, tmp_path, capsys):
    output = tmp_path / "items.jsonl"
    assert main(["items", *folders, "--output", str(output)]) == 0
    shown = capsys.readouterr().out
    assert "20 items under 4 models" in shown
    assert "1 suspicious gold" in shown
    assert "19번 문항의" in shown
    lines = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    assert [line["flags"] for line in lines] == [[]] * 19 + [["suspicious_gold"]]


def test_json_has_the_flagged_ones(folders, capsys):
    assert main(["items", *folders, "--json"]) == 0
    (line,) = json.loads(capsys.readouterr().out)
    assert (line["doc_id"], line["plurality"], line["agreement"]) == (19, 2, 1.0)


def test_one_model_doubts_nothing_and_that_is_said(folders, capsys):
    assert main(["items", folders[0]]) == 0
    shown = capsys.readouterr().out
    assert "nothing flagged" in shown
    assert "no gold is doubted: that takes four models above chance" in shown


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["/nowhere"], 2, "nothing at '/nowhere'"),
        (["--tasks", "gone"], 2, "no samples of gone"),
        (["--output", "/nowhere/items.jsonl"], 1, "cannot be written to /nowhere/items.jsonl"),
    ],
)
def test_mistakes_are_sentences(folders, words, code, message, capsys):
    assert main(["items", folders[0], *words]) == code
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(("words", "said"), [(["--show", "-3"], "--show -3"), (["--output", ""], "--output is empty")])
def test_values_that_make_no_sense_are_sentences(tmp_path, capsys, words, said):
    path = str(write_run(tmp_path, {"t": right_and_wrong("10")}))
    assert main(["items", path, *words]) == 2
    assert said in capsys.readouterr().err
