"""What a model can do beside responding is declared: each shipped model has exactly the abilities that it needs."""

from __future__ import annotations

import pytest

from proctor.compat.scripts.lm_model import LMModel
from proctor.models.dummy import DummyModel
from proctor.models.hf.lazy import LazyHf
from proctor.models.hf.model import HfModel
from proctor.models.protocols import (
    IdentifiedModel,
    LoadableModel,
    OriginModel,
    RecallableModel,
    ResumableModel,
)

MODELS = (DummyModel, LMModel, LazyHf, HfModel)
ABILITIES = {
    IdentifiedModel: ("identity", {DummyModel, LMModel, LazyHf, HfModel}),
    LoadableModel: ("load", {LazyHf}),
    OriginModel: ("respond_about", {LMModel}),
    RecallableModel: ("recall", {LazyHf}),
    ResumableModel: ("resume", {LazyHf, HfModel}),
}


@pytest.mark.parametrize("ability", ABILITIES)
def test_models_have_their_abilities_and_no_others(ability):
    name, able = ABILITIES[ability]
    assert name in vars(ability)
    assert {model for model in MODELS if hasattr(model, name)} == able


def test_an_object_that_only_responds_has_none():
    class Plain:
        def respond(self, requests):
            return iter(())

    assert not any(isinstance(Plain(), ability) for ability in ABILITIES)
