"""What a model's layers attend to: read off its config, under any name of the setting."""

from __future__ import annotations

import architectures as zoo
from tiny_texts import scored

from proctor.models.hf.attention import attention_kind, attention_setting


def test_the_setting_of_attention_is_found_under_another_name():
    config = type("Config", (), {"model_type": "own"})()
    config.attn_function = "sdpa"
    assert attention_setting(config) == "attn_function"
    assert attention_kind(config) == "sdpa"
    assert attention_kind(type("Config", (), {})()) == "eager"


def test_windows_are_not_trusted_where_layers_cut_them_out_of_any_mask(monkeypatch):
    """Before transformers 4.53 a probe could pass and the scores of other requests be wrong."""
    monkeypatch.setattr("proctor.models.hf.attention.importlib.util.find_spec", lambda name: None)
    found = scored(zoo.build(zoo.BY_NAME["gemma2-short-window"]))[1]
    assert found["mode"] == "plain"
    assert "order of keys in this release" in found["reason"]
