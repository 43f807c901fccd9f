"""The model of a run, opened by its settings."""

from __future__ import annotations

import pytest

from proctor.errors import UsageError
from proctor.models.dummy import DummyModel
from proctor.run import model as module
from proctor.run.model import open_configured
from proctor.settings.config import build_config


def test_every_setting_of_the_model_reaches_it(monkeypatch):
    calls = []
    monkeypatch.setattr(module, "open_model", lambda *words, **settings: calls.append((words, settings)))
    config = build_config(
        {"model": "dummy", "tasks": ["a"], "model_args": {"x": 1}, "batch_size": 3, "max_batch_size": 9,
         "device": "cpu", "threads": 2}
    )  # fmt: skip
    for lazily in (False, True):
        open_configured(config, lazily=lazily)
    settings = {"batch_size": 3, "max_batch_size": 9, "device": "cpu", "threads": 2}
    assert calls == [(("dummy", {"x": 1}), settings | {"lazily": lazily}) for lazily in (False, True)]


def test_a_model_by_its_name_and_a_name_that_there_is_not():
    assert isinstance(open_configured(build_config({"model": "dummy", "tasks": ["a"]})), DummyModel)
    with pytest.raises(UsageError, match="'dumy'"):
        open_configured(build_config({"model": "dumy", "tasks": ["a"]}))
