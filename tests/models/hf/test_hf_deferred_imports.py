"""What transformers imports for other features is postponed, and is the real thing whenever it is used."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from fractions import Fraction

import pytest
from tiny_models import MODEL

from proctor.models.hf import deferred_imports
from proctor.models.hf.deferred_imports import DeferredCall, DeferredModule, DeferredName

LOADED = f"""
import json, sys
from proctor.models import open_model
from proctor.types import Generate, Loglikelihood
model = open_model("hf", {{"pretrained": {str(MODEL)!r}, "dtype": "float32"}}, device="cpu")
requests = [Loglikelihood("One two", (" three", " four")), Generate("One two", {{"until": ["."], "max_gen_toks": 4}})]
responses = [repr(response) for _, response in sorted(model.respond(requests), key=lambda pair: pair[0])]
loaded = sorted(sys.modules)
import torch._dynamo, torch.distributed.tensor
ours = "proctor.models.hf.deferred_imports"
standing = [one for name, module in list(sys.modules.items()) if name.startswith("transformers.")
            for one in list(vars(module).values()) if type(one).__name__ == "DeferredName"]
print(json.dumps({{
    "responses": responses,
    "mode": model.report()["scoring"]["mode"],
    "generation": model.report()["generation"].get("mode"),
    "loaded": loaded,
    "modules": [name for name, module in list(sys.modules.items()) if type(module).__module__ == ours],
    "dynamo": type(torch._dynamo).__name__,
    "finders": [finder for finder in map(repr, sys.meta_path) if ours in finder],
    "standing": len(standing),
    "wrong": [one._name for one in standing if not one == one._resolve() or hash(one) != hash(one._resolve())],
    "import": type(__import__("builtins").__import__).__name__,
}}))
"""

HEAVY = (
    "accelerate", "matplotlib", "onnx", "pandas", "scipy", "sklearn", "sympy", "tensorflow", "torch._dynamo",
    "torch._inductor", "torch.distributed.checkpoint", "torch.distributed.fsdp", "torch.distributed.tensor",
    "torch.onnx", "torchvision", "transformers.trainer",
)  # fmt: skip
"""What neither scoring nor generating needs."""


def run(code: str, **environment: str) -> dict:
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def scored() -> dict:
    return run(LOADED)


@pytest.mark.slow
def test_a_model_that_scores_and_generates_loads_nothing_that_it_does_not_need(scored: dict) -> None:
    heavy = [name for name in scored["loaded"] if name.startswith(tuple(f"{one}." for one in HEAVY)) or name in HEAVY]
    assert heavy == []


@pytest.mark.slow
def test_responses_are_those_of_a_process_that_defers_nothing(scored: dict) -> None:
    # As under torchrun: one of several processes imports all of transformers.
    plain = run(LOADED, WORLD_SIZE="2")
    assert "torch.distributed.tensor" in plain["loaded"]
    assert scored["responses"] == plain["responses"]
    assert (scored["mode"], scored["generation"]) == (plain["mode"], plain["generation"]) == ("tree", "shared")


@pytest.mark.slow
def test_what_is_imported_later_is_the_real_thing_everywhere(scored: dict) -> None:
    assert scored["modules"] == []
    assert scored["dynamo"] == "module"
    assert scored["finders"] == []
    assert scored["standing"] > 0
    assert scored["wrong"] == []
    assert scored["import"] == "builtin_function_or_method"


def test_a_name_is_the_real_object_when_it_is_used() -> None:
    name = DeferredModule("fractions").Fraction
    assert type(name) is DeferredName
    assert name(1, 2) == Fraction(1, 2)
    assert name.from_float(0.5) == Fraction(1, 2)
    assert isinstance(Fraction(1, 2), name)
    assert not isinstance(1, name)
    assert issubclass(Fraction, name)
    assert name == Fraction
    assert hash(name) == hash(Fraction)
    assert {Fraction: "there"}[name] == "there"

    class Derived(name):
        pass

    assert Derived.__mro__[1] is Fraction


def test_nothing_is_an_instance_of_what_was_never_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "this_is_imported_nowhere", raising=False)
    name = DeferredName("this_is_imported_nowhere", "Thing")
    assert not isinstance(object(), name)
    assert not issubclass(int, name)
    assert name != 1
    with pytest.raises(ModuleNotFoundError):
        name()


def test_a_call_that_fills_a_table_is_made_when_its_value_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deferred_imports._open, "calls", True, raising=False)
    value = DeferredName("fractions", "Fraction")(3, 4)
    monkeypatch.undo()
    assert type(value) is DeferredCall
    assert isinstance(value, Fraction)
    assert value.numerator == 3
    assert value == Fraction(3, 4)
    assert hash(value) == hash(Fraction(3, 4))
    assert repr(value) == "Fraction(3, 4)"


def test_only_modules_of_transformers_get_stand_ins() -> None:
    with deferred_imports.deferred_imports(calls=True):
        namespace = {"__name__": "somebody.else"}
        exec("from torch.distributed.tensor.placement_types import Shard", namespace)
    assert type(namespace["Shard"]) is not DeferredName


def test_a_release_that_looks_deeper_is_imported_as_usual(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deferred_imports, "MODULES", ("transformers", "there.is.no.such.module"))
    deferred_imports.import_transformers()
    assert __import__ is sys.modules["builtins"].__import__
    assert type(__import__).__name__ == "builtin_function_or_method"
