"""The settings together: precedence, contradictions, what one implies for another."""

from __future__ import annotations

import dataclasses
import logging

import pytest

from proctor.errors import UsageError
from proctor.settings.config import RunConfig, Seeds, build_config
from proctor.settings.declarations import SETTINGS


def build(file=None, **cli):
    return build_config({"tasks": ["a"], **cli}, file)


def test_every_field_is_a_setting():
    assert {field.name for field in dataclasses.fields(RunConfig)} == set(SETTINGS)


def test_defaults_are_lm_evals():
    config = build()
    assert (config.model, config.batch_size, config.seed) == ("hf", 1, Seeds(0, 1234, 1234, 1234))
    assert config.device is None
    assert config.fewshot_as_multiturn is None


def test_it_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        build().model = "x"  # type: ignore[misc]


def test_the_command_line_wins_over_the_file():
    file = {"limit": 5, "log_samples": True, "output_path": "x", "tasks": "b,c", "model": "dummy"}
    config = build_config({"limit": "7"}, file)
    assert (config.limit, config.log_samples, config.tasks, config.model) == (7.0, True, ("b", "c"), "dummy")


def test_false_overrides_but_an_empty_text_does_not():
    file = {"system_instruction": "hi", "apply_chat_template": True, "fewshot_as_multiturn": True}
    config = build(file, system_instruction="", fewshot_as_multiturn="false")
    assert config.system_instruction == "hi"
    assert config.fewshot_as_multiturn is False


@pytest.mark.parametrize(
    "name",
    [
        *("store", "output_path", "include_path", "use_cache", "config", "env_file", "samples", "model", "device"),
        *("limit", "num_fewshot", "batch_size", "max_batch_size", "threads", "seed", "verbosity", "fewshot_exclude"),
        *("apply_chat_template", "fewshot_as_multiturn", "cache_requests"),
    ],
)
def test_an_empty_value_is_an_error_and_not_the_default(name):
    with pytest.raises(UsageError, match=f"^--{name} must be "):
        build(**{name: ""})


@pytest.mark.parametrize("name", ["model_args", "gen_kwargs", "metadata", "system_instruction"])
def test_an_empty_text_or_mapping_is_none(name):
    assert build(**{name: ""}) == build()


def test_an_empty_path_in_the_file_is_an_error_with_its_line():
    with pytest.raises(UsageError, match=r"^c\.yaml:3: store must be a path, and is empty"):
        build_config({}, {"store": "", "tasks": ["a"]}, places={"store": "c.yaml:3"})


def test_mappings_are_replaced_not_merged():
    config = build({"model_args": {"a": 1, "b": 2}}, model_args={"a": 5})
    assert config.model_args == {"a": 5}


def test_null_in_the_file_is_the_default_but_for_seeds():
    config = build({"limit": None, "model": None, "seed": None})
    assert (config.limit, config.model, config.seed) == (None, "hf", Seeds(None, None, None, None))


def test_metadata_lies_over_model_args():
    config = build(model_args={"a": 1, "b": 1}, metadata={"b": 2})
    assert config.metadata == {"a": 1, "b": 2}
    assert config.model_args == {"a": 1, "b": 1}


def test_trust_remote_code_reaches_the_model_but_not_the_tasks():
    config = build(trust_remote_code=True, model_args={"pretrained": "x"})
    assert config.model_args == {"pretrained": "x", "trust_remote_code": True}
    assert config.metadata == {"pretrained": "x"}


def test_a_chat_template_makes_turns_of_the_examples():
    assert build(apply_chat_template=True).fewshot_as_multiturn is True
    assert build(apply_chat_template=True, fewshot_as_multiturn="false").fewshot_as_multiturn is False
    assert build(apply_chat_template="false").fewshot_as_multiturn is None


def test_predict_only_logs_samples():
    assert build(predict_only=True, output_path="x").log_samples is True


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"log_samples": True}, "--log_samples needs a place to write to"),
        ({"predict_only": True}, "--predict_only needs a place to write to"),
        ({"samples": {"a": [1]}, "limit": 3}, "give one of them"),
        ({"fewshot_as_multiturn": True}, "add --apply_chat_template"),
        ({"tasks": []}, "No task is given"),
        ({"tasks": [" , "]}, "No task is given"),
        ({"nope": 1}, "no such setting"),
        ({"store": "a.sqlite", "use_cache": "b"}, "name two files of cached responses"),
        ({"seed": "-1"}, "whole numbers from 0 to 4294967295, not -1"),
        ({"seed": "1,1,4294967296,1"}, "not 4294967296"),
        ({"seed": 2**70}, "whole numbers from 0 to 4294967295"),
        ({"store": "none"}, "--store none would name a file; --no_store goes without one"),
        ({"store": "Off"}, "--no_store"),
        ({"modle": "x"}, "Did you mean 'model'"),
    ],
)
def test_contradictions(given, sentence):
    with pytest.raises(UsageError, match=sentence):
        build(**given)


def test_a_verb_may_do_without_tasks():
    assert build_config({}, needs_tasks=False).tasks == ()


def test_all_that_is_wrong_is_said_at_once_and_where():
    file = {"limit": 0, "modle": "x"}
    places = {"limit": "c.yaml:2", "modle": "c.yaml:7"}
    with pytest.raises(UsageError) as caught:
        build_config({"num_fewshot": "-1"}, file, places=places)
    lines = caught.value.message.splitlines()
    assert [line.split(" ")[0] for line in lines] == ["c.yaml:2:", "c.yaml:7:", "--num_fewshot"]
    assert caught.value.exit_code == 2


def test_model_args_may_hold_what_has_a_knob():
    config = build(model_args={"pretrained": "x", "device": "cpu", "batch_size": 4, "max_batch_size": 9})
    assert (config.device, config.batch_size, config.max_batch_size) == ("cpu", 4, 9)
    assert config.model_args == {"pretrained": "x"}


def test_a_flag_wins_over_model_args_and_says_so(caplog):
    with caplog.at_level(logging.WARNING, "proctor"):
        config = build(model_args={"device": "cpu"}, device="cuda:1")
    assert (config.device, dict(config.model_args)) == ("cuda:1", {})
    assert "--device cuda:1 stands" in caplog.text


def test_a_wrong_value_in_model_args_is_said():
    with pytest.raises(UsageError, match="'batch_size' in --model_args must be"):
        build(model_args={"batch_size": "x"})


def test_ray_is_a_pool_of_the_model_s_arguments():
    config = build_config({"tasks": ["demo"], "ray": True, "model_args": "pretrained=m,num_workers=2"})
    assert config.model_args == {"pretrained": "m", "num_workers": 2, "pool": "ray"}
    config = build_config({"tasks": ["demo"], "ray": "node0:6379", "model_args": "pretrained=m"})
    assert config.model_args == {"pretrained": "m", "pool": "ray", "ray_address": "node0:6379"}
    # Tasks see the model, and not where it is computed.
    assert config.metadata == {"pretrained": "m"}
    assert "pool" not in build_config({"tasks": ["demo"], "ray": "false"}).model_args
    strict = build_config({"tasks": ["demo"], "ray": True, "strict_lm_eval": True, "model_args": "pretrained=m"})
    assert strict.model_args["pool"] == "ray"
    assert strict.model_args["scoring"] == "plain"


def test_two_addresses_of_ray_are_one_too_many():
    with pytest.raises(UsageError, match="both name a cluster"):
        build_config({"tasks": ["demo"], "ray": "a:1", "model_args": "pretrained=m,ray_address=b:1"})
