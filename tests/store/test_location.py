"""Where the store's file is: in the cache folder, in a folder, under a name, or nowhere."""

import pytest

from proctor.errors import UsageError
from proctor.store.location import default_path, existing_store, is_off, store_path

WORDS = [("off", True), (" None ", True), ("0", True), ("on", False), ("s.sqlite", False)]


def test_where_it_is(tmp_path, monkeypatch):
    monkeypatch.setenv("PROCTOR_CACHE", str(tmp_path))
    assert default_path() == tmp_path / "answers.sqlite"
    assert store_path(tmp_path) == tmp_path / "answers.sqlite"
    assert store_path(tmp_path / "other.db") == tmp_path / "other.db"


@pytest.mark.parametrize(("word", "off"), WORDS)
def test_some_words_mean_that_there_is_none(word, off):
    assert is_off(word) is off


def test_the_store_that_is_read(tmp_path, monkeypatch):
    monkeypatch.setenv("PROCTOR_CACHE", str(tmp_path))
    monkeypatch.setenv("PROCTOR_STORE", str(tmp_path / "mine.db"))
    assert existing_store() == tmp_path / "mine.db"
    assert existing_store(tmp_path / "named.db") == tmp_path / "named.db"
    for word in ("off", ""):
        monkeypatch.setenv("PROCTOR_STORE", word)
        assert existing_store() == tmp_path / "answers.sqlite"
    with pytest.raises(UsageError, match="--store must be a path"):
        existing_store(" ")
