"""Objects as models: which are taken, and a sentence for those that are none."""

from __future__ import annotations

import pytest
from oracle import Oracle

from proctor.errors import UsageError
from proctor.run.model_object import kind_of_object, open_object
from proctor.settings.config import build_config

CONFIG = build_config({"model": "dummy", "tasks": ["t"]})


class Wrapped:
    """Stands for a model of lm-eval, which is opened its own way even where it responds."""

    def as_proctor_model(self):
        return "its own"

    def respond(self, requests):
        raise NotImplementedError


def test_an_object_that_responds_is_taken_as_it_is():
    model = Oracle()
    assert open_object(model, None, None, CONFIG) is model
    assert kind_of_object(model) == "Oracle"


def test_a_model_of_lm_eval_opens_itself():
    assert open_object(Wrapped(), None, None, CONFIG) == "its own"


def test_a_name_is_no_object():
    assert open_object("hf", None, None, CONFIG) is None
    with pytest.raises(UsageError, match="A tokenizer object goes with a model object"):
        open_object("hf", object(), None, CONFIG)


@pytest.mark.parametrize("model", [object(), 3, None, {"a": 1}])
def test_what_is_no_model(model):
    with pytest.raises(UsageError, match=f"A {type(model).__name__} is no model"):
        open_object(model, None, None, CONFIG)
