"""The warning for a model that should share prefixes and does not."""

from __future__ import annotations

import logging
import re

import architectures as zoo
import pytest
from tiny_texts import decoded, scored

from proctor.models.hf.fallback import warn_of_fallback
from proctor.models.hf.scoring.scoring_gate import NO_CACHE


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
