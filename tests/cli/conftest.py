"""A store that the command finds by itself."""

from __future__ import annotations

import pytest
from two_models_store import fill


@pytest.fixture
def store(tmp_path, monkeypatch):
    path = tmp_path / "answers.sqlite"
    monkeypatch.setenv("PROCTOR_STORE", str(path))
    fill(path, "one", 1_000_000.0)
    fill(path, "two", 2_000_000_000.0, state="interrupted")
    return path
