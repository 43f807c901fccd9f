"""Sizes of templates' values: what is written out, and never less predicted than what is made."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment
from jinja2.utils import Namespace, generate_lorem_ipsum

from proctor.template_sizes import (
    FILTERS,
    LARGEST,
    METHODS,
    MOST_BITS,
    OPERATORS,
    TemplateTooLarge,
    lorem_size,
    number_size,
    written_size,
)

TEXTS = st.text(alphabet="ab \n\t", max_size=20)
SMALL = st.integers(0, 40)
ENVIRONMENT = Environment()


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ("abc", 3),
        (["ab", "c"], 4),
        ([], 1),
        (None, 1),
        (1.5, 1),
        ((1, "ab"), 4),
        ({"role": "user"}, 9),
        ({1: "ab"}, 4),
        ([["a"], ["b"]], 5),
        (Namespace(a="xyz"), 5),
    ],
)
def test_letters_or_items(value, size):
    assert written_size(value) == size


def test_what_two_lists_share_counts_twice_and_a_list_within_itself_once():
    inner = ["x" * 10]
    assert written_size([inner, inner]) == 1 + 2 * written_size(inner)
    loop: list = [1]
    loop.append(loop)
    assert written_size(loop) < 10


def test_a_tree_of_shared_lists_is_measured_at_once():
    value: list = []
    for _ in range(60):
        value = [value, value]
    assert written_size(value) > LARGEST


def test_lists_nest_two_hundred_deep():
    value: list = [0.5]
    for _ in range(300):
        value = [value]
    with pytest.raises(TemplateTooLarge, match="200 deep"):
        written_size(value)


def test_numbers_cost_the_square_of_their_length():
    assert number_size(1) == 0
    assert number_size(4096) == 4 * number_size(2048)
    assert number_size(MOST_BITS) <= LARGEST < number_size(MOST_BITS + 1)


@given(TEXTS, SMALL)
def test_a_product_has_its_size(text, count):
    for pair in ((text, count), (count, text)):
        assert OPERATORS["*"](*pair) == len(text * count)
    assert OPERATORS["*"]([text], count) >= len([text] * count)


@given(SMALL, st.sampled_from(["%d", "%5d", "x%-30d", "%*d", "%05.9f"]))
def test_a_filled_text_is_no_larger_than_predicted(number, form):
    value = (number, 7) if "*" in form else number
    assert OPERATORS["%"](form, value) + len(str(number)) >= len(form % value)


def test_powers_and_quotients_of_numbers():
    assert OPERATORS["**"](9, 9**8) > LARGEST
    assert OPERATORS["**"](2, 10) == 0
    assert OPERATORS["/"](1 << 9000, 3) == OPERATORS["//"](3, 1 << 9000) == number_size(9001)
    assert OPERATORS["/"](1.5, 2) == 0


@pytest.mark.parametrize(
    ("name", "value", "args"),
    [
        ("center", "abc", (30,)),
        ("ljust", "abc", (30, "x")),
        ("zfill", "7", (30,)),
        ("expandtabs", "\ta\t", (30,)),
        ("join", ", ", (["a", "bc", "d"],)),
        ("replace", "banana", ("a", "xyz")),
        ("translate", "banana", ({97: "xyz"},)),
        ("format", "{:30}{a}{a}", ("x",)),
        ("format", "{:{}}", ("x", 30)),
    ],
)
def test_methods_make_no_more_than_predicted(name, value, args):
    named = {"a": "yz"} if "{a}" in value else {}
    assert METHODS[name](value, *args, **named) >= len(getattr(value, name)(*args, **named))


@given(TEXTS, st.text(alphabet="ab", min_size=1, max_size=2), TEXTS)
def test_replacing_makes_no_more_than_predicted(text, old, new):
    assert METHODS["replace"](text, old, new) >= len(text.replace(old, new))


@pytest.mark.parametrize(
    ("name", "value", "args"),
    [
        ("center", "abc", (30,)),
        ("indent", "a\nb\nc", (30,)),
        ("join", ["a", "bc"], (", ",)),
        ("replace", "banana", ("a", "xyz")),
        ("format", "%30s", ("x",)),
        ("wordwrap", "word " * 30, (7,)),
        ("pprint", ["a", {"b": "c"}], ()),
    ],
)
def test_filters_make_no_more_than_predicted(name, value, args):
    made = ENVIRONMENT.call_filter(name, value, args=args)
    assert FILTERS[name](value, *args) >= len(made)


def test_filters_that_count_say_how_many():
    assert FILTERS["batch"]([1], 30) == FILTERS["slice"]([1], slices=30) == FILTERS["batch"]([1], linecount=30) == 30
    assert FILTERS["round"](1, 10**9) > LARGEST


def test_lorem_ipsum_is_no_longer_than_predicted():
    assert lorem_size(3, max=40) >= len(generate_lorem_ipsum(3, max=40))
    assert lorem_size("x") == 0


def test_json_of_a_large_value_is_predicted():
    value = ["x" * 100] * 10
    assert FILTERS["tojson"](value, 9) == FILTERS["tojson"](value, indent=9) == 10 * written_size(value)
    assert FILTERS["tojson"](value) >= len("".join(json.loads(json.dumps(value))))
