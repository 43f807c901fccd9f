"""Paths of stores: one that is not there yet, and one without responses."""

from __future__ import annotations

import sqlite3

import pytest

from proctor.store.store import open_store


@pytest.fixture
def path(tmp_path):
    return tmp_path / "answers.sqlite"


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
