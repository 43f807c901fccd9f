"""Files whose very words are damaged: SQLite's complaint about them is not even text."""

from __future__ import annotations

import json
import logging
import sqlite3

import pytest

from proctor.errors import DataError
from proctor.store.admin import MARK, merge, opened, shelved
from proctor.store.codec import pack, unpack
from proctor.store.db import VERSION
from proctor.store.store import open_store
from proctor.types import Text


@pytest.fixture
def store(tmp_path):
    path = tmp_path / "answers.sqlite"
    shelf = open_store(path)
    assert shelf is not None
    shelf.close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path


def spoil(path):
    data = path.read_bytes()
    assert b"CREATE TABLE" in data
    path.write_bytes(data.replace(b'CREATE TABLE "responses"', b'CREATE \xf5\xf5BLE "responses"'))


def test_a_schema_that_is_no_text_is_damage(store, caplog):
    spoil(store)
    with pytest.raises(DataError, match="cannot be used: it is damaged"), opened(store) as connection:
        shelved(connection)
    with caplog.at_level(logging.WARNING, "proctor"):
        shelf = open_store(store)
    assert shelf is not None
    shelf.close()
    assert "set aside" in caplog.text


@pytest.mark.parametrize("value", [5, 1.5, "text", None, b"", b"S"])
def test_a_row_that_comes_out_as_something_else_is_damaged(value):
    with pytest.raises(ValueError, match="damaged"):
        unpack(b"k", value)
    assert unpack(b"k", pack(b"k", Text("a\ud800\0b"))) == Text("a\ud800\0b")


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
