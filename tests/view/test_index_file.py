"""An index is made where there is none or none that can be used, and nobody else can read it."""

from __future__ import annotations

import sqlite3
import stat

import pytest

from proctor.errors import OutputError
from proctor.view.index_file import IndexFile, index_path


def test_it_is_in_the_cache_folder_and_is_named_by_the_paths_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("PROCTOR_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    assert index_path(["a", "b"]) == index_path([str(tmp_path / "b"), "a"]) != index_path(["a"])
    assert index_path(["a"]).parent == tmp_path / "cache" / "view"


def test_what_was_committed_is_there_again(tmp_path):
    with IndexFile(tmp_path / "deep" / "i.sqlite").transaction() as connection:
        connection.execute("INSERT INTO documents (key, question, folded) VALUES (x'00', 'Q', 'q')")
    with IndexFile(tmp_path / "deep" / "i.sqlite").connection() as connection:
        assert connection.execute("SELECT question FROM documents").fetchall() == [("Q",)]


def test_a_transaction_that_fails_leaves_nothing(tmp_path):
    index = IndexFile(tmp_path / "i.sqlite")
    with pytest.raises(RuntimeError), index.transaction() as connection:
        connection.execute("INSERT INTO documents (key, question, folded) VALUES (x'00', 'Q', 'q')")
        raise RuntimeError
    with index.connection() as connection:
        assert connection.execute("SELECT count(*) FROM documents").fetchone() == (0,)


@pytest.mark.parametrize("content", [b"no database", b"", b"SQLite format 3\x00" + b"\xff" * 200])
def test_a_file_that_is_no_index_is_made_anew(tmp_path, content):
    path = tmp_path / "i.sqlite"
    path.write_bytes(content)
    with IndexFile(path).connection() as connection:
        assert connection.execute("SELECT count(*) FROM rows").fetchone() == (0,)


def test_an_index_of_another_version_is_made_anew(tmp_path):
    path = tmp_path / "i.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE files (x)")
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with IndexFile(path).connection() as connection:
        assert connection.execute("SELECT count(*) FROM documents").fetchone() == (0,)


def test_nobody_else_can_read_it(tmp_path):
    IndexFile(tmp_path / "i.sqlite")
    assert stat.S_IMODE((tmp_path / "i.sqlite").stat().st_mode) == 0o600


def test_where_it_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="cannot be written to"):
        IndexFile(tmp_path / "file" / "i.sqlite")
