"""Where proctor keeps what it can make again: its own variable, the user's cache folder, the home folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from proctor.folders import cache_folder


@pytest.mark.parametrize(
    ("own", "cache", "folder"),
    [
        ("/own", "/cache", "/own"),
        ("~/own", "", "/home/me/own"),
        ("", "/cache", "/cache/proctor"),
        ("", "~/cache", "/home/me/cache/proctor"),
        ("", "", "/home/me/.cache/proctor"),
    ],
)
def test_the_first_that_is_set_counts(monkeypatch, own, cache, folder):
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("PROCTOR_CACHE", own)
    monkeypatch.setenv("XDG_CACHE_HOME", cache)
    assert cache_folder() == Path(folder)


def test_nothing_set_is_as_nothing_in_it(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.delenv("PROCTOR_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cache_folder() == Path("/home/me/.cache/proctor")
