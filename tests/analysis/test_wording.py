"""Numbers in words: signs, points, p-values, lists."""

from __future__ import annotations

import pytest

from proctor.analysis import wording


@pytest.mark.parametrize(("value", "text"), [(0.01, "+0.0100"), (-0.01, "−0.0100"), (-1e-9, " 0.0000"), (None, "—")])
def test_a_difference_has_its_sign(value, text):
    assert wording.signed(value) == text


@pytest.mark.parametrize(
    ("p", "text"),
    [(None, "—"), (1.0, "1"), (0.999, "1"), (0.0241, "0.024"), (7.2e-6, "7e−6"), (0.0, "<1e−30"), (0.001, "0.001")],
)
def test_a_probability_has_two_digits(p, text):
    assert wording.probability(p) == text


@pytest.mark.parametrize(
    ("value", "share", "text"),
    [(0.049, True, "4.9 points"), (0.01, True, "1.0 point"), (-0.002, True, "−0.2 points"),
     (-1e-9, True, "0.0 points"), (3.5, False, "3.5000")],
)  # fmt: skip
def test_shares_are_said_in_points(value, share, text):
    assert wording.points(value, share=share) == text


def test_intervals_lists_and_counts():
    assert wording.span((-0.021, 0.006), 3) == "[−0.021, 0.006]"
    assert wording.span(None) == "—"
    assert wording.range_in_points((-0.029, 0.026)) == "−2.9 to 2.6"
    assert wording.range_in_points((1.0, 2.0), share=False) == "1.0000 to 2.0000"
    assert wording.named(list("abcdefg"), 5) == "a, b, c, d, e and 2 more"
    assert wording.rounded(19_876) == "20,000"
    assert wording.points(0.05, sign=True) == "+5.0 points"


def test_names_stand_under_their_reason_in_the_order_of_first_names():
    pairs = [("no samples", "b"), ("stopped", "a"), ("no samples", "c")]
    assert list(wording.names_by_reason(pairs).items()) == [("no samples", ["b", "c"]), ("stopped", ["a"])]
