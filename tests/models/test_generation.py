"""``generation_kwargs`` in lm-eval's many spellings, and where text is cut."""

from __future__ import annotations

import pytest

from proctor.errors import UsageError
from proctor.models.generation import cut_at_stops, plan_generation


def test_defaults_are_greedy_and_256_tokens():
    plan = plan_generation({}, eos="</s>")
    assert (plan.until, plan.max_tokens, plan.do_sample, plan.temperature) == (("</s>",), 256, False, None)
    assert plan.extra == {}


@pytest.mark.parametrize(
    ("kwargs", "expected"),
    [
        ({"max_gen_toks": 5}, 5),
        ({"max_new_tokens": "6"}, 6),
        ({"max_tokens": 7.0}, 7),
        ({"max_completion_tokens": 8}, 8),
        ({"max_new_tokens": 6, "max_gen_toks": 5}, 5),
        ({"max_tokens": 7, "max_new_tokens": 6}, 6),
        ({"max_gen_toks": None, "max_tokens": 7}, 7),
    ],
)
def test_the_length_has_many_names(kwargs, expected):
    plan = plan_generation(kwargs)
    assert plan.max_tokens == expected
    assert plan.extra == {}


@pytest.mark.parametrize(
    ("until", "expected"), [(None, ("E",)), ("\n", ("\n", "E")), (["a", "E"], ("a", "E")), ([], ("E",))]
)
def test_stop_strings(until, expected):
    assert plan_generation({"until": until}, eos="E").until == expected


@pytest.mark.parametrize(
    ("kwargs", "sampled", "temperature"),
    [
        ({"temperature": 0.0}, False, None),
        ({"temperature": 0.7}, True, 0.7),
        ({"do_sample": False, "temperature": 1.0}, False, None),
        ({"do_sample": True, "temperature": 0.5}, True, 0.5),
        ({"do_sample": True}, True, None),
        ({"do_sample": None, "temperature": None}, False, None),
    ],
)
def test_sampling(kwargs, sampled, temperature):
    plan = plan_generation(kwargs)
    assert (plan.do_sample, plan.temperature) == (sampled, temperature)


def test_other_arguments_pass_and_the_source_is_untouched():
    written = {"until": ["a"], "top_p": 0.9, "max_gen_toks": 3}
    assert plan_generation(written, eos="E").extra == {"top_p": 0.9}
    assert written == {"until": ["a"], "top_p": 0.9, "max_gen_toks": 3}


@pytest.mark.parametrize(
    "kwargs",
    [
        {"until": [1]},
        {"until": 5},
        {"max_gen_toks": 0},
        {"max_gen_toks": "many"},
        {"temperature": "hot"},
        {"do_sample": True, "temperature": 0},
    ],
)
def test_what_makes_no_sense_is_a_sentence(kwargs):
    with pytest.raises(UsageError, match="generation_kwargs"):
        plan_generation(kwargs)


@pytest.mark.parametrize(
    ("text", "stops", "expected"),
    [
        ("one\n\ntwo", ("\n\n",), "one"),
        ("a b c", ("c", "b"), "a "),
        ("a b c", ("b", "c"), "a "),
        ("a b c d", ("d", "b", "c"), "a "),
        ("x b y b z", ("b",), "x "),
        ("x b y c z b", ("c", "b"), "x "),
        # lm-eval: one after the other, so that of two that overlap the order decides.
        ("q abc", ("bc", "ab"), "q a"),
        ("q abc", ("ab", "bc"), "q "),
        ("a b c", ("",), "a b c"),
        ("  kept ", (), "  kept "),
        ("stop", ("stop",), ""),
    ],
)
def test_text_is_cut_at_the_earliest_stop(text, stops, expected):
    assert cut_at_stops(text, stops) == expected
