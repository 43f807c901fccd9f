"""A store of format 1, written by the code of then (version_1.sql): it is read, migrated, and nothing in it is lost."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from proctor.records import Query
from proctor.store import db
from proctor.store.admin import export, merge, opened
from proctor.store.response_cache import ResponseCache
from proctor.store.runs import list_runs, model_of
from proctor.store.store import open_store
from proctor.types import Generate, Loglikelihood, Rolling, RollingScore, Scores, Text, Usage

DUMP = Path(__file__).with_name("version_1.sql")
IDENTITY = {"kind": "stub", "weights": "abc", "generation": {"eos": 2}, "scoring": {"way": "tree"}}
SEEDS = (0, 1234, 1234)
SAMPLED = Generate("Count:", {"until": [], "do_sample": True, "temperature": 0.5})
PAIRS = [
    (
        Loglikelihood("Two and two is", (" four", " five", "")),
        Scores(((-0.1234567890123, True), (-float("inf"), False), (0.0, True))),
    ),
    (Loglikelihood("", (" 넷",)), Scores(((-3.5, False),))),
    (Rolling("A whole text, ümlauts too."), RollingScore(-41.75)),
    (Generate("Count:", {"until": ["\n"], "max_gen_toks": 4}), Text(" one two\u2028three")),
    (SAMPLED, Text("")),
    (Generate("Half:", {}), Text("\ud83d")),
]
QUERIES = [
    *(Query("a", number, 0, 0, request) for number, (request, _) in enumerate(PAIRS)),
    Query("a", 4, 0, 1, SAMPLED),
]
RESPONSES = [*(response for _, response in PAIRS), Text("second draw")]


@pytest.fixture
def old(tmp_path) -> Path:
    path = tmp_path / "store.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(DUMP.read_text(encoding="ascii"))
    return path


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA user_version").fetchone()[0]


def check_content(connection: sqlite3.Connection) -> None:
    first, second = list_runs(connection)
    assert (first.state, first.requested, first.cached) == ("finished", 7, 0)
    assert (second.state, second.requested, second.cached) == ("interrupted", 0, 2)
    assert first.config == {"tasks": ["a"]}
    assert first.digest is not None
    assert model_of(connection, first.digest) == (IDENTITY, {"model_num_parameters": 7})


def test_every_response_of_an_old_store_is_a_hit(old):
    store = open_store(old)
    assert store is not None
    assert store.writable
    found = ResponseCache(store, IDENTITY, SEEDS).find(QUERIES)
    store.close()
    assert found.responses == RESPONSES
    assert not found.parts
    assert version(old) == db.VERSION > 1


def test_runs_and_models_of_an_old_store_are_there(old):
    with opened(old, writable=True) as connection:
        check_content(connection)


def test_an_old_store_that_may_not_be_written_is_read_as_it_is(old):
    before = old.read_bytes()
    with opened(old) as connection:
        check_content(connection)
        assert connection.execute("SELECT count(*) FROM responses").fetchone() == (9,)
    assert (old.read_bytes(), version(old)) == (before, 1)


def test_an_old_store_on_a_read_only_disk_has_every_response(old, monkeypatch):
    def refuse(path):
        raise sqlite3.OperationalError("attempt to write a readonly database")

    monkeypatch.setattr("proctor.store.store.connect", refuse)
    store = open_store(old)
    assert store is not None
    assert not store.writable
    assert ResponseCache(store, IDENTITY, SEEDS).find(QUERIES).responses == RESPONSES
    store.close()
    assert version(old) == 1


def test_an_old_store_is_merged_into_a_new_one(old, tmp_path):
    new = tmp_path / "new.sqlite"
    with closing(db.connect(new)) as connection:
        assert merge(connection, old) == 9
    store = open_store(new)
    assert store is not None
    assert ResponseCache(store, IDENTITY, SEEDS).find(QUERIES).responses == RESPONSES
    store.close()


def test_an_export_of_format_1_has_its_texts_as_they_are(old, tmp_path):
    with opened(old) as connection:
        lines = [json.loads(line) for line in export(connection)]
    lines[0] = {"proctor_answers": 1}
    for line in lines:
        if isinstance(line.get("answer"), dict):
            line["answer"] = line["answer"]["text"]
    file = tmp_path / "export.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    with closing(db.connect(tmp_path / "new.sqlite")) as connection:
        assert merge(connection, file) == 9


def test_what_is_known_of_a_text_goes_through_store_export_and_merge(old, tmp_path):
    request, text = Generate("New:", {}), Text("a", "length", Usage(7, 3, 2))
    store = open_store(old)
    assert store is not None
    store.begin(_run(cache := ResponseCache(store, IDENTITY, SEEDS)))
    cache.keep(Query("a", 9, 0, 0, request), text)
    store.close()
    file = tmp_path / "export.jsonl"
    with opened(old) as connection:
        file.write_text("".join(line + "\n" for line in export(connection)), encoding="utf-8")
    with closing(db.connect(tmp_path / "new.sqlite")) as connection:
        merge(connection, file)
    for path in (old, tmp_path / "new.sqlite"):
        store = open_store(path)
        assert store is not None
        (found,) = ResponseCache(store, IDENTITY, SEEDS).find([Query("a", 9, 0, 0, request)]).responses
        assert (found, found.usage) == (text, text.usage)
        store.close()


def _run(cache: ResponseCache):
    from proctor.store.runs import NewRun

    return NewRun(1.0, "stub", "proctor run", "/", {}, IDENTITY, cache.digest)


def test_a_migration_that_fails_leaves_the_old_store(old, monkeypatch):
    monkeypatch.setattr(db, "MIGRATIONS", (db.MIGRATIONS[0], db.MIGRATIONS[1] + "; CREATE NONSENSE"))
    with pytest.raises(sqlite3.Error):
        db.connect(old)
    monkeypatch.undo()
    assert version(old) == 1
    test_every_response_of_an_old_store_is_a_hit(old)


def test_a_newer_store_is_refused_in_a_sentence_and_left_alone(old):
    with closing(sqlite3.connect(old)) as connection:
        connection.execute(f"PRAGMA user_version = {db.VERSION + 1}")
        connection.commit()
    before = old.read_bytes()
    for connect in (db.connect, db.connect_read_only):
        with pytest.raises(db.UnusableStoreError, match=r"newer version of proctor \(format 3, this one knows 2\)"):
            connect(old)
    assert old.read_bytes() == before
