"""The model of an earlier run, which responds to nothing anew."""

from __future__ import annotations

import pytest

from proctor.errors import DataError, ModelError
from proctor.models.dummy import DummyModel
from proctor.records import Query
from proctor.run.replay_model import ReplayModel
from proctor.types import Rolling


def test_who_is_not_there_says_nothing_new():
    model = ReplayModel("m")
    with pytest.raises(ModelError, match="1 request without a cached response"):
        model.respond([Rolling("x")])
    with pytest.raises(ModelError, match="chat template of 'm' is not known"):
        model.chat_template(True)
    model.check()
    model.note_missing([Query(f"t{n % 7}", n, 0, 0, Rolling("x")) for n in range(20)])
    with pytest.raises(DataError, match="and 2 more tasks"):
        model.check()


def test_it_gives_what_the_earlier_run_knew_of_its_model():
    facts = {"model_dtype": "float32"}
    model = ReplayModel("m", identity={"weights": "abc"}, facts=facts, extra={"regraded_from": {"run": 3}})
    assert (model.name, model.identity, model.info) == ("m", {"weights": "abc"}, facts)
    assert model.report() == {"truncated": {}, "batch_sizes": [], "regraded_from": {"run": 3}}


def test_the_chat_template_is_opened_once_and_only_for_prompts_that_need_it():
    opened = []

    def open_renderer():
        opened.append(DummyModel())
        return opened[-1]

    model = ReplayModel("m", open_renderer=open_renderer)
    assert not opened
    turns = [{"role": "user", "content": "hi"}]
    assert model.render(turns, add_generation_prompt=True) == "<|user|>\nhi\n<|assistant|>\n"
    assert model.chat_template(True) == ""
    assert len(opened) == 1


def test_what_is_missing_is_told_with_its_tasks_and_the_remedy():
    model = ReplayModel("m", remedy="Run it again.")
    model.note_missing([Query(task, 0, 0, 0, Rolling("x")) for task in ("a", "b", "b")])
    with pytest.raises(DataError, match=r"^3 responses are missing, of b \(2\), a \(1\): ") as caught:
        model.check()
    assert caught.value.hint == "Run it again."
