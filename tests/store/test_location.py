"""Where the store's file is: in the cache folder, in a folder, under a name, or nowhere."""

import pytest

from proctor.store.location import default_path, is_off, store_path

WORDS = [("off", True), (" None ", True), ("0", True), ("on", False), ("s.sqlite", False)]


def test_where_it_is(tmp_path, monkeypatch):
    monkeypatch.setenv("PROCTOR_CACHE", str(tmp_path))
    assert default_path() == tmp_path / "answers.sqlite"
    assert store_path(tmp_path) == tmp_path / "answers.sqlite"
    assert store_path(tmp_path / "other.db") == tmp_path / "other.db"


@pytest.mark.parametrize(("word", "off"), WORDS)
def test_some_words_mean_that_there_is_none(word, off):
    assert is_off(word) is off
