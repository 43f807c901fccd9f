"""What a choice was among, which option was picked, which is right: found in requests of every form."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stored_runs import choice_line

from proctor.results.choice_view import choice_view, usual_choice
from proctor.results.stored_run import Sample

MC = {"output_type": "multiple_choice"}


def sample(line, **metrics):
    return Sample(0, ("h", 0), True, "none", metrics or {"acc": line.get("acc")}, line)


def view(line, config=MC, **metrics):
    return choice_view(sample(line, **metrics), config)


def pairs_line(pairs, lls, target, doc=None, acc=None):
    return {
        "doc_id": 0,
        "doc": doc or {},
        "target": target,
        "arguments": {f"gen_args_{i}": {"arg_0": one, "arg_1": two} for i, (one, two) in enumerate(pairs)},
        "resps": [[[str(ll), "False"]] for ll in lls],
        "acc": acc,
    }


@pytest.mark.parametrize("style", ["new", "middle", "old"])
def test_letters_with_their_texts(style):
    seen = view(choice_line(0, [-2.0, -0.05, -3.0, -4.0], 1, style=style))
    assert seen.options == ("A", "B", "C", "D")
    assert seen.texts == ("one", "two", "three", "four")
    assert (seen.picked(), seen.golds, seen.by_label) == (1, (1,), True)
    assert seen.greedy == (False, True, False, False)
    assert seen.margin == pytest.approx(1.95)
    assert sum(seen.p) == pytest.approx(1)
    assert seen.p[1] == pytest.approx(math.exp(-0.05) / seen.mass)


def test_each_metric_picks_as_it_is_defined():
    texts = ("Yes", "대한민국의 수도 서울", "Paris, France", "the city of Lyon")
    seen = view(choice_line(0, [-3.0, -9.0, -7.5, -8.0], 0, options=texts, texts=texts))
    assert [seen.picked(metric) for metric in ("acc", "acc_norm", "acc_bytes")] == [0, 3, 1]
    assert not seen.by_label


def test_options_in_the_prompt_are_the_words_that_differ():
    """Winogrande: the continuation is the same, and the target is the end of the sentence."""
    pairs = [(f"The cup hit the table and {one} broke", " in two.") for one in ("the cup", "the old table")]
    seen = view(pairs_line(pairs, [-5.0, -4.0], "in two.", acc=0.0))
    assert seen.options == ("cup", "old table")
    assert seen.golds == (0,)
    names = [(f"Better than {one}", " won.") for one in ("Sarah", "Sam", "Sally")]
    assert view(pairs_line(names, [-5.0, -4.0, -9.0], "won.", acc=1.0)).golds == (1,)
    assert view(pairs_line(names, [-5.0, -4.0, -9.0], "won.", acc=0.0)).golds == ()
    assert view(pairs_line(names, [-5.0, -4.0, -9.0], "won.", acc=0.0)).options == ("Sarah", "Sam", "Sally")


def test_requests_without_context_are_no_options():
    pairs = [("Q:", " a cat"), ("Q:", " a dog"), ("", " a cat"), ("", " a dog")]
    seen = view(pairs_line(pairs, [-2.0, -1.0, -9.0, -1.0], "1"))
    assert (seen.options, seen.lls) == (("a cat", "a dog"), (-2.0, -1.0))


@pytest.mark.parametrize(
    ("target", "golds"),
    [(2, (2,)), ("2", (2,)), ("-1", (3,)), ("two", (1,)), ("C", (2,)), ([0, 2], (0, 2)), ("[1, 3]", (1, 3)),
     ("9", ()), (None, ()), (True, ()), ([], ()), ("nobody", ()), ([9], ())],
)  # fmt: skip
def test_the_gold_by_position_by_text_by_label_or_several(target, golds):
    assert view({**choice_line(0, [0, -1, -2, -3], 0), "target": target}, acc=None).golds == golds


def test_numbers_as_options_are_positions_or_texts_as_the_score_says():
    pairs = [("2 + 1 =", f" {one}") for one in (3, 2, 1, 0)]
    assert view(pairs_line(pairs, [-1.0, -2.0, -3.0, -4.0], "3", acc=1.0)).golds == (0,)
    assert view(pairs_line(pairs, [-4.0, -2.0, -3.0, -1.0], "3", acc=1.0)).golds == (3,)
    assert not view(pairs_line(pairs, [-4.0, -2.0, -3.0, -1.0], "3", acc=1.0)).by_label


@pytest.mark.parametrize(
    "doc",
    [{"choices": ["x", "y"]}, {"choices": {"text": ["x", "y"], "label": ["A", "B"]}}, {"A": "x", "B": "y"},
     {"option1": "x", "option2": "y"}, {"ending0": "x", "ending1": "y"}, {"보기": ["x", "y"]}, {"any": ["x", "y"]}],
)  # fmt: skip
def test_texts_of_labels_wherever_the_document_has_them(doc):
    assert view(pairs_line([("Q", " A"), ("Q", " B")], [-1.0, -2.0], "0", doc)).texts == ("x", "y")


@pytest.mark.parametrize("doc", [{}, {"choices": ["x"]}, {"A": "x"}, {"choices": ["A", "B"]}, None, 3])
def test_labels_without_texts_stay_labels(doc):
    seen = view({**pairs_line([("Q", " A"), ("Q", " B")], [-1.0, -2.0], "0"), "doc": doc})
    assert seen.texts == ("A", "B")
    assert seen.by_label


def test_not_a_number_picks_nothing():
    seen = view(choice_line(0, [float("nan"), -1.0, -2.0, -3.0], 0))
    assert (seen.picked(), seen.p, seen.margin, seen.has_nan) == (None, (), None, True)
    seen = view(choice_line(0, [-math.inf] * 4, 0))
    assert (seen.p, seen.margin) == ((), None)


def test_an_option_without_characters_is_never_picked_by_length():
    seen = view(choice_line(0, [0.0, -1.0], 1, options=("", "b"), texts=("", "b")))
    assert seen.picked("acc_norm") == 1


def test_a_choice_by_label_without_log_likelihoods():
    request = {"arg_0": "Q", "arg_1": {"labels": ["A", "B"], "options": ["x", "y"], "mc": "letters"}}
    line = {"doc_id": 0, "doc": {}, "target": "1", "arguments": {"gen_args_0": request},
            "resps": [[["1", "label", "letters", "B", "stop", "None", [], "None"]]]}  # fmt: skip
    seen = view(line)
    assert (seen.options, seen.texts, seen.picked(), seen.golds, seen.p) == (("A", "B"), ("x", "y"), 1, (1,), ())
    line["resps"] = [[["None", "refusal", "letters", "I will not", "stop", "None", [], "None"]]]
    assert view(line).picked() is None


@pytest.mark.parametrize(
    "change",
    [{"arguments": None}, {"arguments": {}}, {"arguments": [["Q"]]}, {"arguments": [["Q", 3], ["Q", 4]]},
     {"resps": None},
     {"resps": [[[10**400, "False"]]] * 4},
     {"resps": [["x"], ["y"]]}, {"resps": [[["a", "b"]], [["c", "d"]]]}, {"arguments": [["Q", " A"]]}],
)  # fmt: skip
def test_what_is_no_choice(change):
    assert view({**choice_line(0, [0, -1, -2, -3], 0), **change}) is None


def test_other_output_types_are_no_choices():
    line = choice_line(0, [0, -1, -2, -3], 0)
    assert view(line, {"output_type": "generate_until"}) is None
    assert view(line, {}) is not None


_LEAVES = st.sampled_from(["-1.5", "-0.25", "nan", "-inf", "inf", "x", -2.0, 10**400, None, True, "True"])
_TEXTS = st.sampled_from([" A", " B", " C", "A", "", " 1", " 2", " a cat", " cat", "\u00a0B", 3, None, ["x"]])
_TARGETS = st.sampled_from(["0", "1", "2", "9", "-1", "A", "a cat", "[0, 1]", 0, 1, True, None, [0], "x"])
_DOCS = st.sampled_from(
    [{}, None, {"choices": ["x", "2"]}, {"choices": ["x", 1]}, {"choices": ["A", "B"]}, {"A": "x", "B": "y", "C": "z"},
     {"options": {"text": ["x", "y", "z"]}}, {"choices": [["x"], "y"]}]
)  # fmt: skip
_PAIRS = st.one_of(
    st.lists(st.tuples(st.just("Q"), _TEXTS), max_size=4),
    st.lists(st.tuples(st.sampled_from(["Q", "", "R"]), _TEXTS), max_size=4),
    st.just([("Q", " A"), ("Q", " B")]),
)


def _requests(pairs, more):
    named = {f"gen_args_{i}": {"arg_0": one, "arg_1": two} | more for i, (one, two) in enumerate(pairs)}
    return st.sampled_from([named, named, named, [list(pair) for pair in pairs], {"gen_args_0": ["Q", " A"]}, None])


@st.composite
def _lines(draw):
    pairs, more = draw(_PAIRS), draw(st.sampled_from([{}, {}, {}, {"arg_2": "x"}]))
    answers = [[[draw(_LEAVES), "False"][: draw(st.sampled_from([2, 2, 2, 2, 1]))]] for _ in pairs]
    return {
        "doc_id": 0,
        "doc": draw(_DOCS),
        "target": draw(_TARGETS),
        "arguments": draw(_requests(pairs, more)),
        "resps": draw(
            st.sampled_from([answers, answers, answers, answers[1:], {"a": "12"}, ["12"] * len(pairs), None])
        ),
        "acc": draw(st.sampled_from([0.0, 1.0, None])),
    }


@given(_lines(), st.sampled_from([{}, MC, {"output_type": "generate_until"}, {"target_delimiter": ""},
                                  {"target_delimiter": None}, {"target_delimiter": 5}]))  # fmt: skip
def test_a_choice_of_the_usual_form_is_read_as_all_are(line, config):
    usual, seen = usual_choice(sample(line), config), view(line, config)
    if usual is not None:
        assert repr(usual[:4]) == repr((seen.options, seen.texts, seen.lls, seen.golds))
        for metric in ("acc", "acc_norm", "acc_bytes"):
            assert usual.picked(metric) == seen.picked(metric)


def test_what_most_files_have_is_of_the_usual_form():
    texts = ("a cat", "a dog", "two", "no")
    for line in (choice_line(0, [0, -1, -2, -3], 2), choice_line(0, [0, -1, -2, -3], 2, options=texts, texts=texts)):
        assert usual_choice(sample(line), MC) is not None
    assert usual_choice(sample(choice_line(0, [0, -1, -2, -3], 2, style="old")), MC) is None
