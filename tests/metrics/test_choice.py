"""Multiple choice, one document. The cases are what lm-eval 0.4.13 gives, unless they say otherwise."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.errors import DataError
from proctor.metrics.choice import OUT_OF_RANGE, measure_choice, measure_chosen, resolve_gold, softmax

NAMES = (
    "acc",
    "f1",
    "mcc",
    "acc_norm",
    "acc_bytes",
    "exact_match",
    "brier_score",
    "likelihood",
    "acc_mutual_info",
)
ACCURACIES = ("acc", "acc_norm", "acc_bytes")


def measure(lls, choices, gold, wanted=ACCURACIES, greedy=None, unconditional=None):
    return measure_choice(
        lls=lls,
        greedy=greedy or [False] * len(lls),
        choices=choices,
        gold=gold,
        unconditional=unconditional,
        wanted=wanted,
    )


@pytest.mark.parametrize(
    ("lls", "choices", "gold", "acc", "acc_norm", "acc_bytes"),
    [
        ((-1.0, -2.0, -3.0), ("a", "bb", "cccccc"), 0, 1.0, 0.0, 0.0),
        ((-4.0, -5.0), ("ab", "日本"), 1, 0.0, 0.0, 1.0),
        ((-1.0, -1.0, -3.0), ("a", "bb", "c"), 1, 0.0, 1.0, 1.0),
        ((-1.0, -2.0), ("", "b"), 0, 1.0, 0.0, 0.0),
        ((-1.0, -2.0), ("a", "b"), OUT_OF_RANGE, 0.0, 0.0, 0.0),
        ((-2.0, -1.0), ("a", "b"), -1, 0.0, 0.0, 0.0),
        ((-2.0, -1.0), ("a", "b"), True, 1.0, 1.0, 1.0),
        ((-3.0, -2.0, -1.0), ("a", "b", "c"), (0, 2), 1.0, 1.0, 1.0),
        ((-3.0, -2.0, -1.0), ("a", "b", "c"), (0, OUT_OF_RANGE), 0.0, 0.0, 0.0),
    ],
)
def test_which_choice_wins(lls, choices, gold, acc, acc_norm, acc_bytes):
    assert measure(lls, choices, gold) == {"acc": acc, "acc_norm": acc_norm, "acc_bytes": acc_bytes}


def test_figures_come_in_lm_evals_order_whatever_was_asked_first():
    measured = measure((-1.0, -2.0), ("a", "b"), 0, wanted=NAMES[::-1], unconditional=(-1.0, -1.0))
    assert list(measured) == list(NAMES)


def test_names_that_are_not_measured_give_nothing():
    assert measure((-1.0, -2.0), ("a", "b"), 0, wanted=["bleu", "my_metric"]) == {}


@pytest.mark.parametrize(
    ("greedy", "gold", "value"),
    [((True, False), 0, 1), ((True, False), 1, 0), ((False, True), (0, 1), 1), ((True, True), OUT_OF_RANGE, 0)],
)
def test_exact_match_asks_whether_the_gold_is_greedy(greedy, gold, value):
    assert measure((-1.0, -2.0), ("a", "b"), gold, wanted=["exact_match"], greedy=greedy) == {"exact_match": value}


def test_a_negative_gold_counts_from_the_end_for_exact_match_only():
    measured = measure((-2.0, -1.0), ("a", "b"), -1, wanted=["acc", "exact_match"], greedy=(False, True))
    assert measured == {"acc": 0.0, "exact_match": 1}


def test_pairs_are_handed_on_for_the_aggregation():
    measured = measure((-2.0, -1.0), ("a", "b"), 0, wanted=["f1", "mcc", "likelihood", "brier_score"])
    assert measured["f1"] == measured["mcc"] == (0, 1)
    assert measured["likelihood"] == (0, (-2.0, -1.0))
    gold, probabilities = measured["brier_score"]
    assert (gold, probabilities.tolist()) == (0, softmax((-2.0, -1.0)).tolist())


def test_several_golds_are_handed_on_as_a_list():
    assert measure((-2.0, -1.0), ("a", "b"), (0, 1), wanted=["f1"]) == {"f1": ([0, 1], 1)}


def test_mutual_information_subtracts_what_the_choice_has_without_context():
    measured = measure((-1.0, -2.0), ("a", "b"), 1, wanted=["acc", "acc_mutual_info"], unconditional=(-0.5, -4.0))
    assert measured == {"acc": 0.0, "acc_mutual_info": 1.0}
    with pytest.raises(ValueError, match="without context"):
        measure((-1.0, -2.0), ("a", "b"), 1, wanted=["acc_mutual_info"])


def test_not_a_number_is_never_right():
    # lm-eval takes the first NaN for the highest log-likelihood.
    nan = math.nan
    for gold in (0, 1, 2):
        measured = measure((nan, -2.0, -1.0), ("a", "b", "c"), gold, wanted=["acc", "acc_norm", "acc_bytes", "f1"])
        assert [measured[name] for name in ACCURACIES] == [0.0, 0.0, 0.0]
        assert measured["f1"][1] != gold


@pytest.mark.parametrize(
    ("target", "gold"),
    [
        (1, 1), (True, True), (-1, -1), (2, OUT_OF_RANGE), (-3, OUT_OF_RANGE), ("b", 1), ("z", OUT_OF_RANGE),
        ([0, 1], (0, 1)), ([1, 5], (1, OUT_OF_RANGE)), (["b", "a"], (1, 0)), ([], ()),
    ],
)  # fmt: skip
def test_targets_become_positions(target, gold):
    assert resolve_gold(target, ["a", "b"]) == gold


def test_a_numpy_integer_is_a_position():
    numpy = pytest.importorskip("numpy")
    assert resolve_gold(numpy.int64(1), ["a", "b"]) == 1


@pytest.mark.parametrize("target", [1.0, None, {"a": 1}])
def test_a_target_that_is_no_position_is_a_sentence(target):
    with pytest.raises(DataError, match="neither the position of a choice nor its text"):
        resolve_gold(target, ["a", "b"])


scores = st.lists(st.floats(-1e3, -1e-3), min_size=1, max_size=6)


@given(scores, st.data())
def test_exactly_one_gold_is_right(lls, data):
    choices = [data.draw(st.text(min_size=1, max_size=5)) for _ in lls]
    for name in ACCURACIES:
        assert sum(measure(lls, choices, gold, [name])[name] for gold in range(len(lls))) == 1.0


@given(scores, st.floats(-50, 50))
def test_a_shift_of_all_scores_changes_no_accuracy_and_no_probability(lls, shift):
    choices = ["x"] * len(lls)
    gold = max(range(len(lls)), key=lambda i: lls[i])
    assert measure(lls, choices, gold)["acc"] == 1.0
    assert softmax([ll + shift for ll in lls]).tolist() == pytest.approx(softmax(lls).tolist(), abs=1e-9)


@given(scores)
def test_probabilities_sum_to_one(lls):
    assert softmax(lls).sum() == pytest.approx(1.0)


@given(scores, st.sets(st.integers(0, 5), min_size=1))
def test_more_golds_are_never_worse(lls, golds):
    choices = ["x"] * len(lls)
    several = measure(lls, choices, tuple(sorted(golds)), ["acc"])["acc"]
    assert several == max(measure(lls, choices, gold, ["acc"])["acc"] for gold in golds)


def test_half_a_character_in_a_choice_has_bytes_too():
    measured = measure_choice(
        lls=[-1.0, -2.0], greedy=[True, False], choices=["a\ud800", "b"], gold=0, wanted=["acc_bytes"]
    )
    assert measured == {"acc_bytes": 1.0}


@pytest.mark.parametrize(
    ("picked", "gold", "acc", "label"),
    [(1, 1, 1.0, (1, 1)), (0, 1, 0.0, (1, 0)), (2, (0, 2), 1.0, ([0, 2], 2)), (None, 0, 0.0, (0, 1))],
)
def test_a_chosen_option_gives_metrics_that_need_no_log_likelihoods(picked, gold, acc, label):
    wanted = {"acc", "acc_norm", "mcc", "brier_score", "exact_match", "likelihood", "acc_mutual_info"}
    assert measure_chosen(picked, 3, gold, wanted) == {"acc": acc, "mcc": label}
