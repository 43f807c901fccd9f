"""What a module takes is found by calling it: under any name of the cache, and never where it only seems to."""

from __future__ import annotations

import importlib
import inspect
import logging
import random
import re
import sys
from pathlib import Path

import pytest
import torch

from proctor.models.generation import plan_generation
from proctor.models.hf.attention import attention_kind, attention_setting
from proctor.models.hf.call_form import CACHE_NAMES, CallForm, _names, call_forms
from proctor.models.hf.decoding.decoding_gate import objection
from proctor.models.hf.fallback import warn_of_fallback
from proctor.models.hf.scoring.kv_stack import StackCache
from proctor.models.hf.scoring.row_scorer import RowScorer
from proctor.models.hf.scoring.scoring_gate import NO_CACHE
from proctor.models.hf.tested import TRANSFORMERS
from proctor.types import Generate, Loglikelihood

sys.path.insert(0, str(Path(__file__).parents[1]))
zoo = importlib.import_module("architectures")

CPU = torch.device("cpu")


def cache_name(module) -> str:
    """The name that the installed transformers itself writes."""
    return next(name for name in CACHE_NAMES if name in inspect.signature(module.forward).parameters)


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


def requests():
    chance = random.Random(1)
    context = " ".join(chance.choices(zoo.WORDS, k=24))
    return [Loglikelihood(f"{context} {word}", (" A", " B w1", " C")) for word in zoo.WORDS[30:34]]


def scored(module, **arguments):
    model = zoo.open_architecture(module, batch_size=8, **arguments)
    found = dict(model.respond(requests()))
    values = [value for index in sorted(found) for value, _ in found[index].values]
    return values, model.report()["scoring"]


def decoded(module, **arguments):
    model = zoo.open_architecture(module, batch_size=8, **arguments)
    found = dict(model.respond([Generate("w1 w2 w3 w4 w5 w6 w7 w8 w9", {"max_gen_toks": 6})]))
    return found[0].text, model.report()["generation"]


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
    assert next(call_forms(module, CPU)) == CallForm("cache")
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


def test_a_cache_that_is_filled_and_not_read_is_seen_by_the_probe():
    module = zoo.build(zoo.BY_NAME["llama"])
    plain, _ = scored(module, scoring="plain")
    name, real = cache_name(module), type(module).forward

    def forward(self, input_ids=None, **kwargs):
        if kwargs.get(name) is not None:
            real(self, input_ids=input_ids, **kwargs)
        return real(self, input_ids=input_ids)

    module.__class__ = type("Amnesiac", (type(module),), {"forward": forward, "__module__": type(module).__module__})
    assert list(call_forms(module, CPU))
    values, scoring = scored(module)
    assert scoring["mode"] == "plain"
    assert values == pytest.approx(plain, abs=1e-4)


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


def test_the_setting_of_attention_is_found_under_another_name():
    config = type("Config", (), {"model_type": "own"})()
    config.attn_function = "sdpa"
    assert attention_setting(config) == "attn_function"
    assert attention_kind(config) == "sdpa"
    assert attention_kind(type("Config", (), {})()) == "eager"


def test_models_with_a_state_are_an_objection_of_their_own():
    module = zoo.build(zoo.BY_NAME["llama"])
    module._is_stateful = True
    assert scored(module)[1]["reason"] == "layers with a state instead of keys and values"
    assert objection(module, plan_generation({}), 20) == "layers with a state instead of keys and values"


def test_a_stock_model_that_does_not_share_is_a_warning_with_its_cost_and_a_remedy(caplog, monkeypatch):
    module = zoo.build(zoo.BY_NAME["llama"])
    monkeypatch.setattr("proctor.models.hf.scoring.scoring_gate.call_forms", lambda *_: iter(()))
    monkeypatch.setattr("proctor.models.hf.decoding.generate.call_forms", lambda *_: iter(()))
    monkeypatch.setattr("proctor.models.hf.scoring.scoring_gate.allowed", lambda dtype: -1.0)
    with caplog.at_level(logging.INFO, logger="proctor"):
        assert scored(module)[1]["mode"] == "plain"
        assert decoded(module)[1]["mode"] == "plain"
    warnings = [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]
    (scoring,) = [text for text in warnings if text.startswith("Every request is computed by itself")]
    assert "LlamaForCausalLM should share prefixes" in scoring
    assert re.search(r"[\d.k ]+ tokens are forwarded instead of [\d.k ]+, [\d.]+ times as many", scoring)
    assert "report this (transformers" in scoring
    (generating,) = [text for text in warnings if text.startswith("Every prompt is generated after by itself")]
    assert NO_CACHE in generating


def test_another_release_than_the_tested_one_is_told_which_one_was(caplog, monkeypatch):
    monkeypatch.setattr("proctor.models.hf.fallback.TRANSFORMERS", "0.0.1")
    warn_of_fallback("Nothing is shared", "a reason", zoo.build(zoo.BY_NAME["llama"]), plain=300, shared=100)
    assert "300 tokens are forwarded instead of 100, 3.0 times as many" in caplog.text
    assert "Install transformers 0.0.1, with which sharing was tested" in caplog.text


@pytest.mark.parametrize("name", ["falcon-alibi", "mamba"])
def test_a_model_whose_config_explains_it_is_no_cause_for_alarm(caplog, name):
    scored(zoo.build(zoo.BY_NAME[name]))
    assert "should share prefixes" not in caplog.text


def test_the_log_says_how_many_tokens_sharing_saved(caplog):
    with caplog.at_level(logging.INFO, logger="proctor"):
        scored(zoo.build(zoo.BY_NAME["llama"]))
    assert "Shared prefixes are computed once (scoring mode: tree; checked against plain scoring)." in caplog.messages
    assert re.search(r"Scoring done: \S+ tokens forwarded; without shared prefixes they would be \S+\.", caplog.text)


def test_the_tested_release_is_the_pinned_one(repository):
    pins = (repository / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert f"transformers=={TRANSFORMERS}" in pins


def test_windows_are_not_trusted_where_layers_cut_them_out_of_any_mask(monkeypatch):
    """Before transformers 4.53 a probe could pass and the scores of other requests be wrong."""
    monkeypatch.setattr("proctor.models.hf.attention.importlib.util.find_spec", lambda name: None)
    found = scored(zoo.build(zoo.BY_NAME["gemma2-short-window"]))[1]
    assert found["mode"] == "plain"
    assert "order of keys in this release" in found["reason"]
