"""The store as a run sees it: what is kept is found, and a file that cannot be had is one sentence."""

from __future__ import annotations

import logging
import os
import sqlite3

import pytest
from response_store import ANSWERS, QUERIES, find, keep, open_cache

from proctor.records import Query
from proctor.store import store
from proctor.store.store import open_store
from proctor.types import Rolling, RollingScore


def test_a_store_that_may_not_be_written_is_read(path, caplog, monkeypatch):
    keep(path)

    def refuse(path):
        error = sqlite3.OperationalError("attempt to write a readonly database")
        error.sqlite_errorcode = sqlite3.SQLITE_READONLY
        raise error

    monkeypatch.setattr(store, "connect", refuse)
    answers = open_cache(path)
    assert answers.find(QUERIES).responses == ANSWERS
    answers.keep(Query("t", 0, 0, 0, Rolling("new")), RollingScore(-1.0))
    answers.store.close()
    assert "can be read, but not written (it may not be written)" in caplog.text


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written(path, caplog):
    keep(path)
    path.parent.chmod(0o500)
    try:
        assert find(path).responses == ANSWERS
    finally:
        path.parent.chmod(0o700)


def test_a_place_where_nothing_can_be_made(tmp_path, caplog):
    (tmp_path / "file").write_text("x")
    with caplog.at_level(logging.WARNING, logger="proctor"):
        assert open_store(tmp_path / "file" / "answers.sqlite") is None
    assert "cannot be opened: a file stands where its folder should be. The run goes on without it." in caplog.text
