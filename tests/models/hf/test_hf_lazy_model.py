"""A model that is loaded as late as possible: once, with the first request, and never after it was closed."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from proctor.errors import ModelError
from proctor.models.hf.lazy_model import LazyModel
from proctor.types import Rolling, RollingScore


def tokens(name):
    return SimpleNamespace(
        render=lambda messages, *, add_generation_prompt, template: (name, len(messages), template),
        chat_template=lambda which: f"{name} {which}",
    )


class Loaded:
    tokens = tokens("loaded")
    closed = False

    def respond(self, requests):
        for number, _ in enumerate(requests):
            yield number, RollingScore(-float(number))

    def report(self):
        return {"batch_sizes": [4]}

    def close(self):
        self.closed = True


class Lazy(LazyModel):
    def __init__(self, error=None):
        super().__init__("small", tokens("small files"))
        self.error, self.loads = error, []

    def _load(self):
        self.loads.append(Loaded())
        if self.error is not None:
            raise self.error
        return self.loads[-1]


def test_small_files_are_enough_until_the_first_request():
    model = Lazy()
    assert model.render([{}], add_generation_prompt=True, template="tools") == ("small files", 1, "tools")
    assert model.chat_template(True) == "small files True"
    assert model.report() == {"truncated": {}, "unusual": {}, "batch_sizes": [], "scoring": {}, "generation": {}}
    model.close()
    assert model.loads == []


def test_it_is_loaded_once_and_then_speaks_for_itself():
    model = Lazy()
    model.load()
    assert dict(model.respond([Rolling("a"), Rolling("b")])) == {0: RollingScore(0.0), 1: RollingScore(-1.0)}
    assert dict(model.respond([Rolling("a")])) == {0: RollingScore(0.0)}
    assert len(model.loads) == 1
    assert model.chat_template(True) == "loaded True"
    assert model.report() == {"batch_sizes": [4]}


def test_a_closed_model_is_not_loaded_again():
    model = Lazy()
    list(model.respond([Rolling("a")]))
    model.close()
    assert model.loads[0].closed
    never = Lazy()
    never.close()
    for closed in (model, never):
        with pytest.raises(ModelError, match=r"This model is closed\."):
            closed.load()
    assert never.loads == []


def test_an_error_of_loading_comes_with_the_first_request_and_again_with_the_next():
    model = Lazy(ModelError("no weights"))
    for _ in range(2):
        with pytest.raises(ModelError, match="no weights"):
            list(model.respond([Rolling("a")]))
    assert len(model.loads) == 2
    assert model.chat_template(True) == "small files True"
