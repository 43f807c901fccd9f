from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from proctor.html_report.cells import NONE
from proctor.html_report.step_columns import most_alike, step_columns

STEPS = st.one_of(st.sampled_from([0, 1, 2, NONE]), st.integers(0, NONE))


def decoded(known, widths, reference, ranks, values, is_beyond):
    """Steps as the page's script reads them."""
    steps, keys, places, start = bytearray(b"\xff" * len(reference)), [], [], 0
    for rank, is_known, width in zip(ranks, known, widths, strict=True):
        own = range(start, start + width)
        start += width
        if not is_known:
            continue
        likeliest = sorted(own, key=reference.__getitem__)[rank] if rank != NONE else None
        if likeliest is not None:
            steps[likeliest] = 0
        others = [place for place in own if place != likeliest]
        keys += [reference[place] - (reference[likeliest] if likeliest is not None else 0) for place in others]
        places += others
    order = sorted(range(len(keys)), key=keys.__getitem__)
    assert len(values) == len(order)
    for value, one in zip(values, order, strict=True):
        steps[places[one]] = (value + (keys[one] if is_beyond else 0)) % 256
    return bytes(steps)


@given(st.lists(st.tuples(st.booleans(), st.lists(st.tuples(STEPS, STEPS), max_size=6)), max_size=8), st.booleans())
def test_steps_are_read_back(questions, is_alike):
    known, widths = [one for one, _ in questions], [len(options) for _, options in questions]
    reference = bytes(before for _, options in questions for _, before in options)
    steps = bytes(
        NONE if not is_known else before if is_alike else step
        for is_known, options in questions
        for step, before in options
    )
    assert decoded(known, widths, reference, *step_columns(steps, known, widths, reference)) == steps


def test_others_are_sorted_by_the_distance_in_the_reference():
    made = step_columns(bytes([0, 9, 7, 8, 0, 5]), [True, True], [3, 3], bytes([4, 0, 250, 50, 0, 60]))
    assert made == (bytes([1, 0]), bytes([9, 8, 5, 7]), False)


def test_the_run_that_is_most_alike():
    steps = bytes(range(200)) * 100
    other, near = bytes(reversed(steps)), bytes(min(255, step + 2) for step in steps)
    assert most_alike(steps, [other, near]) == 1
    assert most_alike(steps, [near, near]) == 0
    assert most_alike(b"", [b"", b""]) == 0
