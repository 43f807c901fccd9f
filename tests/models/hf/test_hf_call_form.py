"""What a module takes is found by calling it: under any name of the cache, and never where it only seems to."""

from __future__ import annotations

import inspect

import architectures as zoo
import pytest
import torch
from tiny_texts import cache_name, decoded, scored

from proctor.models.hf.call_form import CACHE_NAMES, CallForm, _names, call_forms
from proctor.models.hf.scoring.kv_stack import StackCache
from proctor.models.hf.scoring.row_scorer import RowScorer

CPU = torch.device("cpu")


def renamed(module, **names: str):
    """The module as a release without aliases would have it: ``names`` are new names by today's."""
    real = type(module).forward
    prepare = type(module).prepare_inputs_for_generation
    old = {new: name for name, new in names.items()}
    gone = (set(names) | set(CACHE_NAMES)) - set(old) - ({cache_name(module)} - set(names))

    def forward(self, **given):
        for name in gone:
            if name in given:
                raise TypeError(f"forward() got an unexpected keyword argument {name!r}")
        return real(self, **{old.get(name, name): value for name, value in given.items()})

    def prepared(self, *args, **kwargs):
        return {names.get(name, name): value for name, value in prepare(self, *args, **kwargs).items()}

    parts = {"forward": forward, "prepare_inputs_for_generation": prepared, "_validate_model_kwargs": lambda *_: None}
    parts["__module__"] = type(module).__module__
    module.__class__ = type("Renamed", (type(module),), parts)
    return module


@pytest.mark.parametrize("name", ["cache", "past_key_values", "kv_store"])
def test_prefixes_are_shared_under_any_name_of_the_cache(name):
    module = zoo.build(zoo.BY_NAME["llama"])
    plain, _ = scored(module, scoring="plain")
    text, _ = decoded(module, scoring="plain")
    ours = module if name == cache_name(module) else renamed(module, **{cache_name(module): name})
    values, scoring = scored(ours)
    assert scoring["mode"] == "tree", scoring
    assert values == pytest.approx(plain, abs=1e-4)
    found, generation = decoded(ours)
    assert generation["mode"] == "shared" or zoo.release() < (5, 0), generation
    assert found == text


def test_the_name_of_5_24_is_enough_once_the_alias_of_the_older_one_is_gone(recwarn):
    """From 5.40 on, ``past_key_values`` is refused."""
    module = zoo.build(zoo.BY_NAME["llama"])
    if cache_name(module) != "cache":
        module = renamed(module, past_key_values="cache")
    else:
        real = inspect.unwrap(type(module).forward)
        module.__class__ = type("Later", (type(module),), {"forward": real, "__module__": type(module).__module__})
    assert next(call_forms(module, CPU)) == CallForm("cache", last_rows=True)
    assert scored(module)[1]["mode"] == "tree"
    assert not [one for one in recwarn if "past_key_values" in str(one.message)]


def test_masks_and_positions_under_other_names_are_known_by_their_values():
    passed = {
        "ids": torch.zeros((1, 2), dtype=torch.long),
        "visible": torch.ones((1, 2)),
        "places": torch.tensor([[0, 1]]),
        "kv_store": StackCache(),
        "use_cache": True,
    }
    assert _names(passed) == CallForm("kv_store", "visible", "places")
    assert _names({"kv_store": StackCache()}) == CallForm("kv_store")
    assert _names({"use_cache": True}) is None


def test_a_cache_that_is_taken_and_ignored_is_not_used():
    """``**kwargs`` take everything; only a cache that is filled counts."""
    module = zoo.build(zoo.BY_NAME["llama"])
    plain, _ = scored(module, scoring="plain")
    real = type(module).forward

    def forward(self, input_ids=None, **kwargs):
        return real(self, input_ids=input_ids)

    module.__class__ = type("Deaf", (type(module),), {"forward": forward, "__module__": type(module).__module__})
    assert list(call_forms(module, CPU)) == []
    values, scoring = scored(module)
    assert scoring["mode"] == "plain"
    assert values == pytest.approx(plain, abs=1e-4)
    assert decoded(module)[1]["mode"] == "plain"


def test_a_module_without_use_cache_is_scored_all_the_same():
    module = zoo.build(zoo.BY_NAME["llama"])
    plain, _ = scored(module, scoring="plain")
    real = type(module).forward

    def forward(self, input_ids):
        return real(self, input_ids=input_ids)

    module.__class__ = type("Bare", (type(module),), {"forward": forward})
    values, scoring = scored(module)
    assert scoring["mode"] == "plain"
    assert values == pytest.approx(plain, abs=1e-4)


def test_an_error_of_forward_itself_is_not_taken_for_a_missing_argument():
    module = zoo.build(zoo.BY_NAME["llama"])

    def forward(self, input_ids, use_cache):
        raise TypeError("of its own")

    module.__class__ = type("Broken", (type(module),), {"forward": forward})
    scorer = RowScorer(module, CPU, backend="causal", max_length=8)
    with pytest.raises(TypeError, match="of its own"):
        scorer.forward({"input_ids": torch.zeros((1, 1), dtype=torch.long)})
