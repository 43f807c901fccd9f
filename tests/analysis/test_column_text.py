"""Sentences on columns: whether scores differ by one, and what cannot be said."""

from __future__ import annotations

from proctor.analysis.by_column import Cell, Cells
from proctor.analysis.column_text import cells_sentence


def cells(sizes, statistic=None, freedom=0, p=None):
    return Cells("level", tuple(Cell(str(i), n, 0.5, None) for i, n in enumerate(sizes)), statistic, freedom, p)


def test_a_difference_has_its_size_and_its_uncertainty():
    text = cells_sentence(cells([40, 50], 9.5, 1, 0.002))
    assert text.startswith("By level: 2 values. Their scores differ (chi-square 9.5 with 1, p = 0.002). ")
    assert text.endswith("Each interval is of its value alone.")


def test_small_cells_are_counted_and_left_out():
    text = cells_sentence(cells([40, 50, 3], 0.5, 1, 0.48))
    assert text.startswith("By level: 3 values; 1 with fewer than 30 documents. Of the 2 others scores differ no more")


def test_what_cannot_be_tested_is_said():
    assert cells_sentence(cells([4, 5])).endswith("fewer than 30 documents. Whether they differ cannot be tested.")
    assert "every document has a value of its own" in cells_sentence(cells([1, 1, 1]))
