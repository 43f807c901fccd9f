"""The model of a run, opened by its settings."""

from __future__ import annotations

import pytest
from rank_pipes import LengthModel, expected, ranks, requests

from proctor.errors import UsageError
from proctor.models.dummy import DummyModel
from proctor.models.pool.launchers import Ranks
from proctor.run import model as module
from proctor.run.model import open_configured, open_on_ranks
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


def test_the_other_ranks_open_the_same_model_with_the_same_settings(monkeypatch):
    with ranks(LengthModel(1), open_all=False) as group:
        monkeypatch.setattr("proctor.models.pool.opening.open_on_rank", lambda settings, ranks, join: LengthModel())
        config = build_config({"model": "hf", "tasks": ["a"], "model_args": {"pretrained": "x"}, "batch_size": 3})
        model = open_on_ranks(config, Ranks("torchrun", 0, 2, 0, 2, "127.0.0.1", 1), group)
        assert dict(model.respond(requests())) == expected(requests())
        settings = {"name": "hf", "args": {"pretrained": "x"}, "batch_size": 3, "max_batch_size": None}
        assert [one.items() >= settings.items() for _, one in group.opened] == [True]
