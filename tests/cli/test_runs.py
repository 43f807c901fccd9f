"""The list of earlier runs."""

from __future__ import annotations

from contextlib import closing

import pytest
from stored_runs import right_and_wrong, write_run
from two_models_store import said

from proctor.cli.runs import _duration
from proctor.cli.text_tables import text_width
from proctor.store.db import connect
from proctor.store.runs import NewRun, note_results
from proctor.store.store import open_store


def test_runs(store, capsys):
    shown = said(capsys, "runs")
    assert "|New questions|Cached|" in shown
    assert "finished   |model-one|a, b, c and 1 more|3            |0     |/out/results.json|" in shown
    assert "interrupted" in shown
    assert "model-one" not in said(capsys, "runs", "1")
    assert said(capsys, "runs", "--commands") == "1: proctor run x\n2: proctor run x\n"


def test_the_first_score_of_a_run_is_shown_while_its_results_are_there(tmp_path, capsys):
    path, results = tmp_path / "scored.sqlite", write_run(tmp_path / "out", {"시험": right_and_wrong("1101")})
    store = open_store(path)
    assert store is not None
    store.begin(NewRun(1.0, "model", "proctor run x", "/", {"tasks": ["시험"]}, None, None))
    store.close()
    with closing(connect(path)) as connection:
        note_results(connection, 1.0, str(results))
    [line] = said(capsys, "runs", "--store", path).splitlines()[2:]
    assert line.endswith("|시험 acc 0.7500|")
    results.write_text("broken")
    assert "0.7500" not in said(capsys, "runs", "--store", path)
    results.unlink()
    assert "0.7500" not in said(capsys, "runs", "--store", path)


def test_as_many_as_are_wanted_the_last_at_the_end(store, capsys):
    lines = said(capsys, "runs", "0").splitlines()[2:]
    assert [line.split("|")[5].strip() for line in lines] == ["model-one", "model-two"]
    assert len(said(capsys, "runs", "9").splitlines()) == 4
    assert "'proctor runs -1': the number of runs to show is 0" in said(capsys, "runs", "-1", code=2)
    assert "invalid int value" in said(capsys, "runs", "many", code=2)


@pytest.mark.parametrize("columns", [150, 130, 110])
def test_a_table_fits_a_terminal_and_is_whole_elsewhere(tmp_path, capsys, monkeypatch, columns):
    path = tmp_path / "long.sqlite"
    place = "/home/joe/실험/한국어-모델/2026-11/" + "깊은/" * 8 + "results_2026-11-28T10-00-00.123456.json"
    store = open_store(path)
    assert store is not None
    store.begin(
        NewRun(1.0, "org/아주-긴-이름의-모델-7B-instruct", "proctor run", "/", {"tasks": ["kmmlu"]}, None, None)
    )
    store.close()
    with closing(connect(path)) as connection:
        note_results(connection, 1.0, place)
    assert place in said(capsys, "runs", "--store", path)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = said(capsys, "runs", "--store", path).splitlines()
    assert {text_width(line) for line in lines} == {columns}
    assert ".json|" in lines[2].replace(" ", "")
    assert "/" in lines[2]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0:00"), (61, "1:01"), (3599.6, "1:00:00"), (3600 * 30 + 5, "30:00:05")]
)
def test_how_long_a_run_took(seconds, text):
    assert _duration(seconds) == text


def test_a_run_that_goes_on_has_no_counts_yet(tmp_path, capsys):
    path = tmp_path / "goes_on.sqlite"
    shelf = open_store(path)
    assert shelf is not None
    shelf.begin(NewRun(1.0, "model", "proctor run x", "/", {"tasks": ["a"]}, None, None))
    [line] = said(capsys, "runs", "--store", path).splitlines()[2:]
    shelf.close()
    assert [cell.strip() for cell in line.split("|")][3:9] == ["", "running", "model", "a", "", ""]


def test_no_runs_and_no_store(tmp_path, capsys):
    shelf = open_store(tmp_path / "empty.sqlite")
    assert shelf is not None
    shelf.close()
    assert len(said(capsys, "runs", "--store", tmp_path / "empty.sqlite").splitlines()) == 2
    assert "There is no store at" in said(capsys, "runs", "--store", tmp_path / "none", code=1)
