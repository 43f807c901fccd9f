"""What each knob accepts, and the sentence it answers otherwise."""

from __future__ import annotations

import json
import logging
import math
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.settings import values
from proctor.settings.values import Seeds

ACCEPTED = [
    (values.count, 0, 0),
    (values.count, "5", 5),
    (values.size, 8, 8),
    (values.limit, 8, 8.0),
    (values.limit, "0.5", 0.5),
    (values.limit, "2.7", 2.7),
    (values.batch_size, 8, 8),
    (values.batch_size, "8", "8"),
    (values.batch_size, "auto", "auto"),
    (values.batch_size, "auto:4", "auto:4"),
    (values.switch, True, True),
    (values.switch, "TRUE", True),
    (values.switch, "yes", True),
    (values.switch, 1, True),
    (values.switch, "false", False),
    (values.switch, "no", False),
    (values.names, "a, b,,c", ("a", "b", "c")),
    (values.names, ["a", "b,a"], ("a", "b")),
    (values.mapping, "a=1,b=x", {"a": 1, "b": "x"}),
    (values.mapping, {"a": [1]}, {"a": [1]}),
    (values.chat_template, True, True),
    (values.chat_template, "true", True),
    (values.chat_template, "False", False),
    (values.chat_template, "default", "default"),
    (values.log_level, "debug", "DEBUG"),
    (values.samples, '{"a": [3, 1, 3]}', {"a": (1, 3)}),
    (values.samples, {"a": [0], "b": [2, 1]}, {"a": (0,), "b": (1, 2)}),
]

REFUSED = [
    (values.count, -1, "at least 0"),
    (values.count, "5.0", "whole number"),
    (values.count, True, "whole number"),
    (values.size, 0, "at least 1"),
    (values.limit, 0, "above 0"),
    (values.limit, -5, "above 0"),
    (values.limit, "nan", "above 0"),
    (values.limit, "inf", "above 0"),
    (values.limit, "many", "above 0"),
    (values.limit, True, "above 0"),
    (values.batch_size, "x", "'auto' or 'auto:N'"),
    (values.batch_size, 0, "'auto' or 'auto:N'"),
    (values.batch_size, "auto:", "'auto' or 'auto:N'"),
    (values.batch_size, "auto:x", "'auto' or 'auto:N'"),
    (values.switch, "flase", "true or false"),
    (values.names, 5, "names separated by commas"),
    (values.names, [1], "names separated by commas"),
    (values.mapping, [1], "must be a mapping"),
    (values.mapping, "a", "expected key=value"),
    (values.text, 5, "must be text"),
    (values.paths, 5, "must be a path"),
    (values.log_level, "debg", "Did you mean 'DEBUG'"),
    (values.samples, "[1]", "must map task names"),
    (values.samples, '{"a": [-1]}', "from 0 on for 'a'"),
    (values.samples, '{"a": []}', "from 0 on for 'a'"),
    (values.samples, '{"a": 5}', "from 0 on for 'a'"),
    (values.samples, '{"a": [true]}', "from 0 on for 'a'"),
    (values.samples, "{bad", "not valid JSON"),
    (values.samples, "no/such.json", "No such file"),
    (values.samples, "x" * 300, "File name too long"),
    (values.samples, "[" * 100_000, "nests too deep"),
    (values.mapping, "{'a':" * 50_000, "expected key=value"),
    (values.limit, 10**400, "above 0"),
    (values.cache_requests, "x", "true, refresh, delete"),
    (values.cache_requests, {"cache": True}, "not 'cache'"),
]


@pytest.mark.parametrize(("knob", "value", "kept"), ACCEPTED)
def test_accepted(knob, value, kept):
    assert knob(value) == kept
    assert type(knob(value)) is type(kept)


@pytest.mark.parametrize(("knob", "value", "sentence"), REFUSED)
def test_refused(knob, value, sentence):
    with pytest.raises(ValueError, match=sentence):
        knob(value)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("1", (1, 1, 1, 1)),
        (7, (7, 7, 7, 7)),
        ("none", (None,) * 4),
        (None, (None,) * 4),
        ("1,None,NONE,4", (1, None, None, 4)),
        (" 1 , 2 ,3, 4", (1, 2, 3, 4)),
        ([1, None, 3, 4], (1, None, 3, 4)),
        (2**32 - 1, (2**32 - 1,) * 4),
    ],
)
def test_seeds(value, kept):
    assert values.seeds(value) == Seeds(*kept)


def test_three_seeds_take_the_default_for_the_fourth_and_say_so(caplog):
    with caplog.at_level(logging.WARNING, "proctor"):
        assert values.seeds("1,2,3") == Seeds(1, 2, 3, 1234)
    assert "fourth" in caplog.text


@pytest.mark.parametrize("value", ["-1", 2**32, "1,1,99999999999999999999,1", [0, -1, 0, 0]])
def test_seeds_that_no_generator_takes_are_refused(value):
    with pytest.raises(ValueError, match="whole numbers from 0 to 4294967295"):
        values.seeds(value)


@pytest.mark.parametrize("value", ["", "1,2", "1,2,3,4,5", "x", "1.5", 1.5, True, [1, True, 1, 1], []])
def test_other_seeds_are_refused(value):
    with pytest.raises(ValueError, match="python, numpy, torch, fewshot"):
        values.seeds(value)


def test_samples_from_a_file(tmp_path):
    file = tmp_path / "samples.json"
    file.write_text(json.dumps({"a": [2, 0]}))
    assert values.samples(str(file)) == {"a": (0, 2)}
    file.write_text("{")
    with pytest.raises(ValueError, match="not valid JSON"):
        values.samples(str(file))


def test_paths_are_split_at_the_separator_unless_such_a_folder_exists(tmp_path):
    odd = tmp_path / f"a{os.pathsep}b"
    assert values.paths(str(odd)) == (f"{tmp_path}/a", "b")
    odd.mkdir()
    assert values.paths(str(odd)) == (str(odd),)
    assert values.paths([tmp_path, str(tmp_path), "c"]) == (str(tmp_path), "c")


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (True, (True, False, False)),
        ("true", (True, False, False)),
        ("refresh", (True, True, False)),
        ("delete", (False, False, True)),
        ({"cache_requests": True}, (True, False, False)),
    ],
)
def test_cache_requests(value, kept):
    assert tuple(values.cache_requests(value).values()) == kept
    assert values.cache_requests(False) == {}


@given(st.integers() | st.floats() | st.text(max_size=8) | st.booleans() | st.none())
def test_a_limit_is_positive_and_finite_or_refused(value):
    try:
        kept = values.limit(value)
    except ValueError:
        return
    assert kept > 0
    assert math.isfinite(kept)


@given(st.lists(st.integers(0, 99), min_size=1, max_size=9))
def test_samples_are_sorted_and_without_repeats(ids):
    assert values.samples({"a": ids}) == {"a": tuple(sorted(set(ids)))}
