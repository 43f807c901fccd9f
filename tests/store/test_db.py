"""The file of a store: another program's, a newer version's, damaged or busy."""

from __future__ import annotations

import logging
import os
import sqlite3
import time

import pytest
from response_store import ANSWERS, QUERIES, find, keep, open_cache, rolling, start

from proctor.errors import DataError, UsageError
from proctor.store import db
from proctor.store.admin import opened, shelved
from proctor.store.store import open_store
from proctor.types import RollingScore


def test_two_processes_share_a_file(path):
    both = [start(path, first, 2000, 0) for first in (0, 2000)]
    for process in both:
        process.communicate()
        assert process.returncode == 0
    assert find(path, rolling(4000)).responses == [RollingScore(-float(n)) for n in range(4000)]


def test_a_file_that_is_no_database_is_set_aside(path, caplog):
    path.write_bytes(b"no database at all" * 100)
    keep(path)
    assert "set aside as" in caplog.text
    (kept,) = path.parent.glob("answers.sqlite.broken-*")
    assert kept.read_bytes() == b"no database at all" * 100
    assert find(path).responses == ANSWERS


def test_a_file_of_somebody_s_own_stays_where_it_is(tmp_path):
    mine = tmp_path / "results.json"
    mine.write_text("{}")
    with pytest.raises(UsageError, match="is not a file of cached responses"):
        open_store(mine)
    assert mine.read_text() == "{}"


def test_the_database_of_another_program_is_left_alone(path, caplog):
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE songs (name TEXT)")
    other.commit()
    other.close()
    before = path.read_bytes()
    assert open_store(path) is None
    assert "it is a database of another program. The run goes on without a store." in caplog.text
    assert path.read_bytes()[100:] == before[100:]


def test_a_newer_store_is_left_alone(path, caplog):
    keep(path)
    connection = db.connect(path)
    connection.execute(f"PRAGMA user_version = {db.VERSION + 1}")
    connection.close()
    assert open_store(path) is None
    assert "written by a newer version of proctor" in caplog.text
    assert path.exists()


def torn(path, count=4000):
    keep(path, queries=rolling(count), responses=[RollingScore(-float(n)) for n in range(count)])
    os.truncate(path, path.stat().st_size // 2)


def test_a_torn_file_is_set_aside_and_a_new_one_begins(path, caplog):
    torn(path)
    found = find(path, rolling(4000))
    assert None in found.responses
    assert "set aside as" in caplog.text
    assert list(path.parent.glob("answers.sqlite.broken-*"))
    keep(path)
    assert find(path).responses == ANSWERS


def test_a_busy_file_is_waited_for(path, monkeypatch):
    monkeypatch.setattr(db, "BUSY_SECONDS", 0.2)
    answers = open_cache(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    answers.keep(QUERIES[0], ANSWERS[0])
    time.sleep(0.5)
    other.execute("COMMIT")
    other.close()
    answers.store.close()
    assert find(path).responses[0] == ANSWERS[0]


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
