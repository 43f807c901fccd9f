"""Several models in one configuration file, or several ``--model_args``."""

from __future__ import annotations

import pytest

from proctor.errors import UsageError
from proctor.settings.config_file import ConfigFile
from proctor.settings.declarations import SETTINGS
from proctor.settings.model_list import PER_MODEL, split_flags, split_models

TWO = [{"model_args": {"pretrained": "a"}}, {"model_args": {"pretrained": "b"}, "device": "cpu"}]


def file(models, **values):
    return ConfigFile({"tasks": ["t"], **values, "models": models}, {"tasks": "c.yaml:1", "models": "c.yaml:2"})


def test_a_file_without_a_list_is_one_configuration():
    one = ConfigFile({"tasks": ["t"]}, {"tasks": "c.yaml:1"})
    assert split_models(one, {"model_args": {"pretrained": "x"}}) == [one]


def test_each_entry_lies_over_the_rest_of_the_file():
    first, second = split_models(file(TWO, device="cuda"), {})
    assert first.values == {"tasks": ["t"], "device": "cuda", "model_args": {"pretrained": "a"}}
    assert second.values == {"tasks": ["t"], "device": "cpu", "model_args": {"pretrained": "b"}}
    assert second.places == {"tasks": "c.yaml:1", "model_args": "c.yaml:2: entry 2", "device": "c.yaml:2: entry 2"}


@pytest.mark.parametrize(
    ("models", "given", "sentences"),
    [
        ([], {}, ["c.yaml:2: 'models' must be a list"]),
        ({"model": "hf"}, {}, ["must be a list"]),
        (None, {}, ["must be a list"]),
        (["gpt2", {}], {}, ["entry 1 of 'models' must hold", "entry 2 of 'models' must hold"]),
        ([{"model_arg": {}}], {}, ["holds 'model_arg'", "model_args"]),
        ([{"tasks": ["u"]}], {}, ["holds 'tasks', which is not of a model: it belongs beside 'models'"]),
        ([TWO[0], TWO[0]], {}, ["entry 2 of 'models' is equal to an earlier one"]),
        (TWO, {"model_args": {"pretrained": "c"}}, ["lists several models, and --model_args names one"]),
    ],
)
def test_what_is_no_list_of_models(models, given, sentences):
    with pytest.raises(UsageError) as caught:
        split_models(file(models), given)
    assert all(sentence in str(caught.value) for sentence in sentences)


def test_what_an_entry_may_hold_are_settings():
    assert set(PER_MODEL) <= set(SETTINGS)


def test_occurrences_of_which_one_names_a_model_are_one_model(caplog):
    given = {"model_args": [{"dtype": "float32"}, {"pretrained": "a", "dtype": "bfloat16"}], "limit": "3"}
    assert split_flags(given) == [{"model_args": {"dtype": "bfloat16", "pretrained": "a"}, "limit": "3"}]
    assert "'dtype' is given twice to --model_args; the last value stands: 'bfloat16'" in caplog.text
    assert split_flags({"limit": "3"}) == [{"limit": "3"}]
    assert split_flags({"model_args": {"model": "a"}}) == [{"model_args": {"model": "a"}}]


def test_each_occurrence_that_names_a_model_is_one():
    one, two = {"pretrained": "a", "revision": "x"}, {"pretrained": "a", "revision": "y"}
    assert split_flags({"model_args": [one, two], "limit": "3"}) == [
        {"model_args": one, "limit": "3"},
        {"model_args": two, "limit": "3"},
    ]
    with pytest.raises(UsageError, match="one of its occurrences names none"):
        split_flags({"model_args": [{"dtype": "float32"}, one, two]})
    with pytest.raises(UsageError, match="twice, with equal arguments"):
        split_flags({"model_args": [one, two, dict(one)]})
