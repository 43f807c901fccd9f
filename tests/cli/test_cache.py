"""``cache``: a store looked at, made smaller, and carried elsewhere."""

from __future__ import annotations

import json
import sqlite3

import pytest
from two_models_store import ANSWERS, QUERIES, fill, said

from proctor.store.response_cache import ResponseCache
from proctor.store.runs import NewRun
from proctor.store.store import open_store


def found(path, weights):
    shelf = open_store(path)
    assert shelf is not None
    try:
        return ResponseCache(shelf, {"weights": weights}).find(QUERIES).responses
    finally:
        shelf.close()


def test_what_is_in_it(store, capsys):
    shown = said(capsys, "cache", "ls")
    assert "|model-one|4        |" in shown
    assert shown.index("model-one") < shown.index("model-two")
    shown = said(capsys, "cache", "info")
    assert "models    2\nruns      2\nresponses 8\nstate     whole" in shown
    assert json.loads(said(capsys, "cache", "info", "model-one"))["identity"] == {"weights": "one"}
    assert "no model 'x' in the store" in said(capsys, "cache", "info", "x", code=2)


def test_old_runs_go_and_nothing_else(store, capsys):
    assert "4 responses of 1 run deleted" in said(capsys, "cache", "prune", "--older_than", "4w")
    assert found(store, "one") == [None] * 3
    assert found(store, "two") == ANSWERS


def test_a_model_goes_by_name_or_digest(store, capsys):
    digest = fill(store, "three", 3.0)
    said(capsys, "cache", "prune", "--model", "model-two")
    said(capsys, "cache", "prune", "--model", digest[:10])
    assert [found(store, name)[0] is None for name in ("one", "two", "three")] == [False, True, True]


def test_a_run_that_goes_on_is_left_alone(store, capsys):
    shelf = open_store(store)
    assert shelf is not None
    answers = ResponseCache(shelf, {"weights": "now"})
    shelf.begin(NewRun(1.0, "now", "c", "/", {}, {"weights": "now"}, answers.digest))
    said(capsys, "cache", "prune", "--older_than", "1d")
    answers.keep(QUERIES[0], ANSWERS[0])
    shelf.close()
    assert found(store, "now") == [ANSWERS[0], None, None]


def test_an_export_comes_back_to_the_last_bit(store, tmp_path, capsys):
    export, other = tmp_path / "all.jsonl", tmp_path / "other.sqlite"
    said(capsys, "cache", "export", export)
    assert "8 new responses" in said(capsys, "cache", "merge", export, "--store", other)
    assert "0 new responses" in said(capsys, "cache", "merge", export, "--store", other)
    assert found(other, "one") == found(other, "two") == ANSWERS
    assert said(capsys, "cache", "export", "-", "--store", other).splitlines() == export.read_text().splitlines()


def test_stores_are_merged(store, tmp_path, capsys):
    other = tmp_path / "other.sqlite"
    fill(other, "one", 5.0)
    assert "4 new responses" in said(capsys, "cache", "merge", store, "--store", other)
    assert found(other, "two") == ANSWERS
    assert "cache merge answers.sqlite" in said(capsys, "runs", "--store", other)
    assert "has no settings to grade by" in said(capsys, "regrade", "3", "--store", other, code=2)
    assert "0 (all of them) or more" in said(capsys, "runs", "-1", "--store", other, code=2)
    assert "cannot be merged into itself" in said(capsys, "cache", "merge", other, "--store", other, code=2)


@pytest.mark.parametrize("content", [b"", b"junk", b'{"proctor_answers": 1}\n{"key": "zz"}\n', b"\xff\xfe" * 100])
def test_what_is_no_store_is_not_merged(store, tmp_path, capsys, content):
    junk = tmp_path / "junk.sqlite"
    junk.write_bytes(content)
    before = said(capsys, "cache", "export", "-")
    assert "proctor: error: " in said(capsys, "cache", "merge", junk, code=1)
    assert said(capsys, "cache", "export", "-") == before


@pytest.mark.parametrize(
    ("words", "sentence", "code"),
    [
        (["prune"], "needs to know what to delete", 2),
        (["prune", "--older_than", "soon"], "must be a number of days", 2),
        (["export"], "needs one file", 2),
        (["export", "/nowhere/x"], "cannot be written", 1),
        (["merge"], "needs the files", 2),
        (["merge", "/nowhere"], "There is no file /nowhere", 1),
        (["lose"], "invalid choice", 2),
    ],
)
def test_mistakes_are_sentences(store, capsys, words, sentence, code):
    assert sentence in said(capsys, "cache", *words, code=code)


def test_without_a_store_or_with_a_strange_one(tmp_path, capsys):
    assert "There is no store at" in said(capsys, "cache", "ls", "--store", tmp_path / "none", code=1)
    strange = tmp_path / "songs.sqlite"
    connection = sqlite3.connect(strange)
    connection.execute("CREATE TABLE songs (name TEXT)")
    connection.commit()
    connection.close()
    for words in (["cache", "ls"], ["runs"]):
        shown = said(capsys, *words, "--store", strange, code=1)
        assert "it is a database of another program" in shown


def test_a_bare_cache_says_what_it_can_do(capsys):
    assert "prune" in said(capsys, "cache")
