from __future__ import annotations

from report_pages import Page

from proctor.analysis.calibration import calibration, mass_bins
from proctor.analysis.calibration_null import calibration_null
from proctor.analysis.draws import source_of
from proctor.analysis.positions import position_bias
from proctor.html_report.language import language_of
from proctor.html_report.plots import (
    Frame,
    LengthBin,
    confusion_table,
    length_figure,
    margin_figure,
    positions_figure,
    reliability_figure,
)

ENGLISH = language_of("en")
POSITIONS = position_bias([0, 1, 2, 3] * 10, [0, 1, 2, 2] * 10, [4] * 40)


def test_a_frame_keeps_values_inside():
    frame = Frame((0, 1), (0, 1))
    assert frame.at(-5, 9) == frame.at(0, 1)
    assert frame.line([(0, 0), (1, 1)]).count("L") == 1


def boxes(page, kind):
    """Rectangles of a kind: each is a part of one path."""
    (shape,) = [one for one in page.all("path") if (one["class"] or "").startswith(kind)]
    return (shape["d"] or "").count("z")


def test_positions_have_a_bar_for_what_is_right_and_a_mark_for_each_run():
    page = Page(positions_figure([(0, POSITIONS), (1, POSITIONS)], "said", ENGLISH).html(ENGLISH))
    assert boxes(page, "gold-bar") == 4
    assert [one["href"] for one in page.all("use")] == ["#m0", "#m1"] * 4
    assert "D 25.0 % 0.0 % 0.0 %" in page.text
    assert page.all("svg")[0]["role"] == "img"


def test_gold_against_picked():
    page = Page(confusion_table(0, POSITIONS, ENGLISH))
    assert "D 0 0 10 0" in page.text
    assert [one["class"] for one in page.all("td")[1:3]] == ["num hit", "num"]


def test_reliability_has_bins_and_what_chance_gives():
    confidence, correct = [0.1 * (i % 10) + 0.05 for i in range(100)], [float(i % 3 == 0) for i in range(100)]
    bins = mass_bins(confidence)
    found = calibration(confidence, correct, bins)
    null = calibration_null(confidence, correct, bins, source=source_of(0, "x"))
    page = Page(reliability_figure(0, found, null, ENGLISH).html(ENGLISH))
    assert boxes(page, "band") == 10
    assert f"ECE {found.ece:.3f}; by chance {null.expected:.3f}." in page.text


def test_margins_count_every_question():
    page = Page(margin_figure(0, [0.1, 0.1, 9.0], [0.3], ENGLISH).html(ENGLISH))
    assert "0 – 0.25 2 0" in page.text
    assert "0.25 – 0.5 0 1" in page.text
    assert "8 + 1 0" in page.text
    # What is empty has no box, as its edge would be seen.
    assert [boxes(page, "stack right"), boxes(page, "stack wrong")] == [2, 1]
    assert margin_figure(0, [], [], ENGLISH)


def test_lengths_have_an_interval():
    bins = [LengthBin(1, 20, 50, [(0, 0.5, (0.4, 0.6))]), LengthBin(21, 99, 50, [(0, 1.0, None)])]
    page = Page(length_figure(bins, ENGLISH).html(ENGLISH))
    assert "21 – 99 50 100.0 % —" in page.text
    assert len([one for one in page.all("path") if (one["class"] or "").startswith("bar")]) == 1
