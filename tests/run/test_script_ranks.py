"""A script under a launcher: rank 0 goes on with all ranks' models, the others end with it."""

from __future__ import annotations

import sys
import types
from contextlib import contextmanager

import pytest

from proctor.run import script_ranks as module
from proctor.run.script_ranks import ranks_opener
from proctor.settings.config import build_config


def config(model="hf", **args):
    return build_config({"model": model, "tasks": ["demo"], "model_args": {"pretrained": "x", **args}})


@pytest.fixture(autouse=True)
def place(monkeypatch):
    """Rank 0 of two, which meet nobody."""
    environment = {"RANK": "0", "WORLD_SIZE": "2"}
    events = []

    @contextmanager
    def lead(ranks):
        events.append("met")
        yield "group"
        events.append("ended")

    monkeypatch.setattr(module.os, "environ", environment)
    monkeypatch.setattr(module, "lead", lead)
    monkeypatch.setattr(module, "_groups", [])
    monkeypatch.setattr(module, "_is_distributed", lambda: False)
    monkeypatch.setattr(module.atexit, "register", lambda call: events.append(call))
    monkeypatch.setattr(module, "open_on_ranks", lambda config, ranks, group: (config, ranks.rank, group))
    return types.SimpleNamespace(environment=environment, events=events)


def test_rank_0_meets_the_others_once_and_they_end_with_the_script(place):
    assert ranks_opener(config())(config()) == (config(), 0, "group")
    assert ranks_opener(config()) is not None
    met, end = place.events
    assert met == "met"
    end()
    assert place.events[-1] == "ended"


@pytest.mark.parametrize(("follow", "code"), [(lambda ranks: 3, 3), (None, 130)])
def test_another_rank_does_not_come_back(place, monkeypatch, follow, code):
    def stopped(ranks):
        raise KeyboardInterrupt

    place.environment["RANK"] = "1"
    monkeypatch.setattr(module, "follow", follow or stopped)
    with pytest.raises(SystemExit) as end:
        ranks_opener(config())
    assert end.value.code == code


@pytest.mark.parametrize("one", [config("dummy"), config(pretrained=object())], ids=["dummy", "object"])
def test_what_ranks_cannot_compute_together_each_evaluates_alone(one, place):
    place.environment["RANK"] = "1"
    assert ranks_opener(one) is None
    assert not place.events


def test_without_a_launcher_there_is_one_process(place):
    place.environment.clear()
    assert ranks_opener(config()) is None


def test_a_script_that_has_set_up_torch_distributed_keeps_its_processes(monkeypatch, caplog):
    monkeypatch.setattr(module, "_is_distributed", lambda: True)
    assert ranks_opener(config()) is None
    assert "each of its processes evaluates alone" in caplog.text


@pytest.mark.parametrize(("loaded", "answer"), [(None, False), ((False, True), False), ((True, True), True)])
def test_whether_torch_distributed_is_set_up(monkeypatch, loaded, answer):
    monkeypatch.undo()
    if loaded is None:
        monkeypatch.setattr(module.sys, "modules", {key: one for key, one in sys.modules.items() if "torch" not in key})
    else:
        names = {"is_available": lambda: loaded[0], "is_initialized": lambda: loaded[1]}
        monkeypatch.setitem(sys.modules, "torch.distributed", types.SimpleNamespace(**names))
    assert module._is_distributed() == answer
