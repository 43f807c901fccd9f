"""A task's configuration as lm-eval's classes have it."""

from __future__ import annotations

import pytest
from choice_class import Choice

from proctor.compat.tasks.task_config import TaskConfig
from proctor.errors import UsageError


def test_a_configuration_has_attributes_and_items():
    config = TaskConfig(task="a", generation_kwargs={"temperature": "1"}, fewshot_split="train", process_docs=len)
    assert isinstance(config, dict)
    assert config.generation_kwargs == {"temperature": 1.0, "until": ["\n\n"]}
    assert (config.fewshot_config.split, config.fewshot_config.sampler) == ("train", "default")
    assert config["task"] == config.get("task") == "a"
    assert (config.get("num_fewshot", 7), config.get("nope", 8), "task" in config, "nope" in config) == (
        7,
        8,
        True,
        False,
    )
    config["num_fewshot"] = 2
    assert {**config}["num_fewshot"] == config.num_fewshot == 2
    with pytest.raises(KeyError):
        config["nope"]
    with pytest.raises(TypeError):
        TaskConfig(nope=1)  # pyright: ignore[reportCallIssue]
    dumped = config.to_dict()
    assert "dataset_path" not in dumped
    assert dumped["fewshot_config"]["split"] == "train"
    assert callable(config.to_dict(keep_callable=True)["process_docs"])
    assert isinstance(dumped["process_docs"], str)
    assert config
    assert len(config) == len(list(config)) == len(config.keys()) == len(config.values()) == len(config.items())


def test_configuration_can_be_changed_in_place():
    task = Choice(config={"task": "c", "metadata": {"a": 1}})
    task.set_config("metadata", {"b": 2}, update=True)
    assert task.get_config("metadata") == {"a": 1, "b": 2}
    assert task.get_config("nope") is None
    with pytest.raises(UsageError, match="no mapping"):
        task.set_config("task", {}, update=True)
    task.override_metric("exact_match")
    assert list(task.aggregation()) == ["exact_match"]
