"""Looking after a store: models, runs that are deleted, export and merge."""

from __future__ import annotations

import json

import pytest
from response_store import ANSWERS, QUERIES, find, open_cache

from proctor.errors import DataError
from proctor.store.admin import MARK, check, export, merge, opened, prune, shelved
from proctor.store.db import VERSION
from proctor.store.runs import Counts, NewRun


def store_with(path, *, weights="abc", started=1_000.0, state="finished"):
    """A store with the responses of one run more; returns the model's digest."""
    cache = open_cache(path, {"weights": weights}, begin=False)
    cache.store.begin(NewRun(started, f"model-{weights}", "proctor run", "/", {}, {"weights": weights}, cache.digest))
    for query, response in zip(QUERIES, ANSWERS, strict=True):
        cache.keep(query, response)
    cache.store.end(state, Counts(requested=len(QUERIES)))
    cache.store.close()
    return cache.digest


def test_models_are_in_the_order_of_their_last_runs(path):
    late = store_with(path, weights="late", started=3_000.0)
    early = store_with(path, weights="early", started=2_000.0)
    store_with(path, weights="late", started=1_000.0)
    with opened(path) as connection:
        first, second = shelved(connection)
        assert check(connection) is None
    assert (first.digest, first.name, first.identity) == (early, "model-early", {"weights": "early"})
    assert (second.digest, second.runs, second.last) == (late, 2, 3_000.0)
    # One part for each of two options, one for each other query; the second run of one model finds them all there.
    assert (first.answers, second.answers) == (6, 6)
    assert first.size > 6 * 16


def test_runs_are_deleted_by_model_and_by_time(path):
    old, new = (store_with(path, weights=name, started=time) for name, time in (("old", 1_000.0), ("new", 9_000.0)))
    with opened(path, writable=True) as connection:
        assert prune(connection, digest=new, before=2_000.0) == (0, 0)
        assert prune(connection, digest=None, before=2_000.0) == (1, 6)
        assert [model.digest for model in shelved(connection)] == [new]
        assert prune(connection, digest=old, before=None) == (0, 0)
        assert prune(connection, digest=new, before=None) == (1, 6)
        assert shelved(connection) == []


def test_a_run_that_goes_on_is_not_deleted(path):
    cache = open_cache(path)
    cache.keep(QUERIES[0], ANSWERS[0])
    assert cache.store.flush()
    with opened(path, writable=True) as connection:
        assert prune(connection, digest=None, before=None) == (0, 0)
    cache.store.close()
    assert find(path, QUERIES[:1]).responses == ANSWERS[:1]


def test_an_export_is_merged_once(path, tmp_path):
    store_with(path)
    file, other = tmp_path / "export.jsonl", tmp_path / "other.sqlite"
    with opened(path) as connection:
        lines = list(export(connection))
    assert json.loads(lines[0]) == {MARK: VERSION}
    assert len(lines) == 1 + 1 + 6
    file.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    open_cache(other, begin=False).store.close()
    with opened(other, writable=True) as connection:
        assert [merge(connection, source) for source in (file, file, path)] == [6, 0, 0]
    assert find(other).responses == ANSWERS


@pytest.mark.parametrize("name", ["missing.sqlite", "folder"])
def test_a_store_that_is_no_file_is_a_sentence(tmp_path, path, name):
    (tmp_path / "folder").mkdir()
    with pytest.raises(DataError, match=r"There is no store at .*missing|folder is a folder, not a file"):
        opened(tmp_path / name).__enter__()
    open_cache(path, begin=False).store.close()
    with opened(path, writable=True) as connection:
        with pytest.raises(DataError, match=r"There is no file .*missing|folder is a folder, not a file"):
            merge(connection, tmp_path / name)
        assert shelved(connection) == []


MODEL = {"model": "ab" * 32, "name": "m", "identity": {}, "facts": None}


@pytest.mark.parametrize(
    "line",
    [
        {"model": "ab" * 32, "key": "00", "answer": 10**400},
        {"model": "ab" * 32, "key": "00", "answer": [10**400, True]},
        {"model": "ab" * 32, "key": "zz", "answer": 1.0},
        {"model": "cd" * 32, "key": "00", "answer": 1.0},
        {"model": "ab" * 32, "key": 7, "answer": 1.0},
        5,
    ],
)
def test_an_export_that_somebody_changed_is_refused_whole(store, tmp_path, line):
    lines = [{MARK: VERSION}, MODEL, {"model": "ab" * 32, "key": "01", "answer": "good"}, line]
    file = tmp_path / "export.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)))
    with opened(store, writable=True) as connection:
        with pytest.raises(DataError, match="neither a store nor an export"):
            merge(connection, file)
        assert connection.execute("SELECT count(*) FROM responses").fetchone() == (0,)
    file.write_text(json.dumps({MARK: VERSION}) + "\n" + "[" * 100_000)
    with opened(store, writable=True) as connection, pytest.raises(DataError, match="neither a store nor an export"):
        merge(connection, file)
