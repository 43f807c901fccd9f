"""How a run will score and generate, from a config alone: as on the real model, and with nothing read of it."""

from __future__ import annotations

import architectures as zoo
import pytest
import transformers

from proctor.models.generation import plan_generation
from proctor.models.hf.arguments import read_arguments
from proctor.models.hf.rehearsal import rehearse


def rehearsed(name: str, tmp_path, **changes):
    """For the config of one of the architectures, beside no weights."""
    architecture = zoo.BY_NAME[name]
    settings = {"vocab_size": zoo.VOCABULARY, **zoo.IDS, **architecture.settings, **changes}
    config = transformers.AutoConfig.for_model(architecture.kind, **settings)
    config.save_pretrained(tmp_path)
    return rehearse(read_arguments({"pretrained": str(tmp_path)}), config), config


@pytest.mark.parametrize("name", ["llama", "gpt2", "bloom", "mamba"])
def test_the_gates_decide_as_on_the_real_model(tmp_path, name):
    found, _ = rehearsed(name, tmp_path)
    assert zoo.scored_as_expected(name, found.scoring("auto", 40).mode)
    assert zoo.decoded_as_expected(name, found.generation(plan_generation({}), 40).mode)


def test_the_model_is_small_however_large_the_config_is(tmp_path):
    found, config = rehearsed("llama", tmp_path, num_hidden_layers=40, vocab_size=100_000, intermediate_size=9000)
    assert sum(parameter.numel() for parameter in found.module.parameters()) < 100_000
    assert (config.num_hidden_layers, config.vocab_size) == (40, 100_000)


def test_what_the_config_says_needs_no_model(tmp_path):
    found, _ = rehearsed("mamba", tmp_path)
    assert found.module is None
    assert found.scoring("auto", 40).reason == found.generation(plan_generation({}), 40).reason == found.against


def test_arguments_of_a_generation_count(tmp_path):
    found, _ = rehearsed("llama", tmp_path)
    assert "sampling" in found.generation(plan_generation({"temperature": 0.7}), 40).reason


def test_the_generation_config_beside_the_weights_counts(tmp_path):
    transformers.GenerationConfig(no_repeat_ngram_size=2).save_pretrained(tmp_path)
    found, _ = rehearsed("llama", tmp_path)
    assert "no_repeat_ngram_size" in found.generation(plan_generation({}), 40).reason
