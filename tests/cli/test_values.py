"""Words after flags: how they add up over several occurrences, and what an unknown flag gets to hear."""

from __future__ import annotations

import argparse
import importlib
import logging

import pytest

from proctor.cli.main import SUBCOMMANDS
from proctor.cli.values import ModelPairs, Pairs, SentenceParser, Words
from proctor.errors import UsageError


@pytest.fixture
def parser():
    parser = SentenceParser(prog="proctor run", argument_default=argparse.SUPPRESS)
    parser.add_argument("--model_args", "-a", nargs="+", action=Pairs)
    parser.add_argument("--tasks", "-t", nargs="+", action=Words)
    parser.add_argument("--limit")
    return parser


@pytest.mark.parametrize(
    ("words", "value"),
    [
        (["--tasks", "a,b"], ["a", "b"]),
        (["--tasks", "a", "b"], ["a", "b"]),
        (["--tasks", "a, b", ",c,"], ["a", "b", "c"]),
        (["--tasks", "a", "--tasks", "b,c"], ["a", "b", "c"]),
        (["--tasks=a,b"], ["a", "b"]),
        (["-t", "a"], ["a"]),
        (["--task", "a"], ["a"]),
        (["--tasks", ","], []),
    ],
)
def test_tasks(parser, words, value):
    assert parser.parse(words).tasks == value


def test_pairs_add_up(parser, caplog):
    with caplog.at_level(logging.WARNING, "proctor"):
        found = parser.parse(["-a", "a=1", "b=2", "--model_args", '{"a": 3}'])
    assert found.model_args == {"a": 3, "b": 2}
    assert "'a' is given twice to --model_args" in caplog.text


def test_occurrences_of_model_args_are_told_apart():
    flags = argparse.ArgumentParser()
    flags.add_argument("--model_args", "-a", nargs="+", action=ModelPairs)
    given = flags.parse_args(["-a", "a=1", "b=2", "--model_args", '{"a": 3}'])
    assert given.model_args == [{"a": 1, "b": 2}, {"a": 3}]


def test_what_is_not_given_is_not_there(parser):
    assert vars(parser.parse([])) == {}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--taks", "a"], r"There is no flag --taks. Did you mean '--tasks'\?"),
        (["--modle-args", "a=1"], r"no flag --modle-args. Did you mean '--model_args'\?"),
        (["--zzz=1"], r"^There is no flag --zzz\.\n"),
        (["--taks", "a", "--limti", "1"], "--taks.*\n.*--limti. Did you mean '--limit'"),
        (["stray"], "'stray' belongs to no flag"),
        (["--model_args", "a"], "--model_args/-a: expected key=value, got 'a'"),
        (["--model_args", "{a}"], "not valid JSON"),
        (["--limit"], "--limit: expected one argument"),
        (["--tasks"], "--tasks/-t: expected at least one argument"),
    ],
)
def test_what_is_wrong_is_a_sentence(parser, words, sentence):
    with pytest.raises(UsageError, match=sentence) as caught:
        parser.parse(words)
    assert "proctor run --help" in str(caught.value.hint)


@pytest.mark.parametrize("verb", SUBCOMMANDS)
def test_hyphens_and_underscores_in_the_name_of_a_flag_are_equal(verb):
    parser = SentenceParser(prog="proctor")
    importlib.import_module(f"proctor.cli.{verb}").add_flags(parser)
    for action in parser._actions:
        action.required = False
    for option, action in parser._option_string_actions.items():
        if "_" in option:
            hyphened = "--" + option[2:].replace("_", "-")
            value = str(next(iter(action.choices))) if action.choices else "1" if action.type else "x=1"
            values = [] if action.nargs in (0, "?") else [value]
            assert action.dest in vars(parser.parse([hyphened, *values])), hyphened
            if values:
                assert action.dest in vars(parser.parse([f"{hyphened}={values[0]}"])), hyphened


def test_only_names_of_flags_are_respelled(parser):
    found = parser.parse(["--model-args", "a-b=c-d", "--model-args=pretrained=my-org/my-model", "--tasks", "a-b"])
    assert found.model_args == {"a-b": "c-d", "pretrained": "my-org/my-model"}
    assert found.tasks == ["a-b"]


def test_an_abbreviation_may_have_hyphens_too(parser):
    assert parser.parse(["--model-a", "a=1"]).model_args == {"a": 1}
