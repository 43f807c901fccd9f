"""Words after flags: how they add up over several occurrences, and what an unknown flag gets to hear."""

from __future__ import annotations

import argparse
import logging

import pytest

from proctor.cli.values import Pairs, SentenceParser, Words
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


def test_what_is_not_given_is_not_there(parser):
    assert vars(parser.parse([])) == {}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--taks", "a"], r"There is no flag --taks. Did you mean '--tasks'\?"),
        (["--model-args", "a=1"], r"no flag --model-args. Did you mean '--model_args'\?"),
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
