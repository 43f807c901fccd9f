"""What an exam gives away, in sentences."""

from __future__ import annotations

from proctor.analysis.baseline_text import above_chance, label, majority_sentence
from proctor.analysis.baselines import Baseline, majority_position


def test_positions_are_letters_then_numbers():
    assert [label(place) for place in (0, 25, 26)] == ["A", "Z", "27"]


def test_a_position_that_is_hardly_ever_right_is_worth_something():
    text = majority_sentence(majority_position([1] * 40 + [2] * 30 + [3] * 30, [4] * 100))
    assert text.startswith("Always B is right in 0.400, 15.0 points more than chance: the exam gives that away.")
    assert "The gold is A in 0.0 %: never saying A is worth 8.3 points." in text
    assert majority_sentence(majority_position([0, 1, 2, 3], [4] * 4)) == "Always A is right in 0.250."


def test_how_much_more_than_chance():
    assert above_chance(Baseline(0.35, 0.25, 0.01, True)).startswith("10.0 points more than chance")
