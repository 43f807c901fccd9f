from __future__ import annotations

import pytest
from report_pages import Page

from proctor.html_report.svg import Dot, Scale, axis, definitions, key_mark, mark, round_step, scale_around, strip


def test_places_are_within_the_line():
    scale = Scale(0, 1, width=100, margin=10)
    assert [scale.x(value) for value in (-1, 0, 0.5, 1, 2)] == [10, 10, 50, 90, 90]


@pytest.mark.parametrize(("least", "step"), [(0.03, 0.05), (0.05, 0.05), (0.11, 0.2), (1, 1), (6, 10)])
def test_steps_are_round(least, step):
    assert round_step(least) == pytest.approx(step)


def test_a_scale_holds_its_values_and_ends_are_round():
    scale = scale_around([0.33, 0.87], most=(0, 1))
    assert scale.low <= 0.33
    assert scale.high >= 0.87
    assert scale_around([0.5, 1.0], most=(0, 1)).high == 1
    around = scale_around([-0.02, 0.07], zero=True)
    assert around.low == -around.high
    assert 0 in around.ticks()
    assert scale_around([0.5]).high > scale_around([0.5]).low


def test_runs_differ_by_shape_and_colour():
    marks = [mark(place) for place in range(8)]
    assert len(set(marks)) == 8
    assert "hollow" in marks[6]


def test_a_strip_has_a_mark_and_a_line_for_each_interval():
    page = Page(strip([Dot(0, 0.5, (0.4, 0.6)), Dot(1, 0.7, None)], Scale(0, 1), backdrop="g", reference=0.25))
    assert [one["href"] for one in page.all("use")] == ["#g", "#m0", "#m1"]
    assert [one["class"] for one in page.all("path")] == ["reference", "bar-0"]
    assert page.all("svg")[0]["aria-hidden"] == "true"


def test_an_axis_is_a_picture_with_a_title():
    page = Page(axis(Scale(0, 1), [(0, "0"), (1, "1")], "scores"))
    assert page.all("svg")[0]["role"] == "img"
    assert page.text == "scores 0 1"
    assert 'viewBox="-6 -6 12 12"' in key_mark(0)


def test_what_strips_have_in_common_is_defined_once():
    page = Page(definitions(2, Scale(0, 1), "g", [0, 0.5, 1]))
    assert [one["id"] for one in page.all("g")] == ["m0", "m1", "g"]
    assert (page.all("path")[2]["d"] or "").count("M") == 3
    assert not Page(definitions(0, None, "g")).all("g")


def test_no_two_of_many_runs_have_one_mark():
    assert len({mark(place) for place in range(40)}) == 40
