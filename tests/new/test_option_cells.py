"""The options of rows."""

import pytest

from proctor.new.option_cells import read_options
from proctor.new.table import Row, Table


def one_column(*cells):
    return Table("t", ("choices",), tuple(Row(n, (cell,)) for n, cell in enumerate(cells, start=2)), "line", (0,))


@pytest.mark.parametrize(
    ("cell", "texts", "labels"),
    [
        (["a", "b"], ("a", "b"), None),
        ([1, 2.0], ("1", "2"), None),
        ('["a", "b"]', ("a", "b"), None),
        ("['a', 'b']", ("a", "b"), None),
        ({"text": ["a", "b"], "label": ["1", "2"]}, ("a", "b"), ("1", "2")),
        ({"A": "a", "B": "b", "C": None}, ("a", "b"), ("A", "B")),
        ([{"label": "X", "text": "a"}, {"label": "Y", "text": "b"}], ("a", "b"), ("X", "Y")),
        ("① a ② b", ("a", "b"), None),
        ("1. a 2. b", ("a", "b"), ("1", "2")),
        (["1) a", "2) b"], ("a", "b"), ("1", "2")),
        ("a\nb", ("a", "b"), None),
        ("a|b", ("a", "b"), None),
        ("a; b", ("a", "b"), None),
    ],
)  # fmt: skip
def test_one_cell_holds_all_options(cell, texts, labels):
    (row,) = read_options(one_column(cell), ["choices"]).rows
    assert (row.texts, row.labels) == (texts, labels)


@pytest.mark.parametrize("cell", [None, "", [], ["a"], ["a", ""], ["a", ["b"]], "alone", {"text": []}, 7, "[broken"])
def test_a_cell_without_options_is_bad_with_its_place(cell):
    cells = read_options(one_column(["a", "b"], cell), ["choices"])
    assert cells.rows[1] is None
    assert cells.bad[1].place == "line 3, column 'choices'"


def test_one_way_to_take_cells_apart_holds_for_the_whole_file():
    cells = read_options(one_column("a|b", "c;d|e"), ["choices"])
    assert [row.texts for row in cells.rows] == [("a", "b"), ("c;d", "e")]
    assert cells.notes == ("the options of 'choices' are taken apart at '|'",)


def several(*rows):
    return Table("t", ("A", "B", "C"), tuple(Row(n, row) for n, row in enumerate(rows, start=2)), "line", (0, 1, 2))


def test_trailing_empty_options_go_and_a_hole_is_bad():
    cells = read_options(several(("a", "b", ""), ("a", "", "c"), ("a", None, None)), "ABC")
    assert cells.rows[0].texts == ("a", "b")
    assert str(cells.bad[1]) == "line 3, column 'B': it is empty, and a later option is not."
    assert str(cells.bad[2]) == "line 4, column 'B': it is empty: a question has two options at least."


def test_labels_go_only_where_every_option_has_that_of_its_place():
    labelled = several(("① a", "② b", "③ c"), ("① d", "② e", ""))
    assert [row.texts for row in read_options(labelled, "ABC").rows] == [("a", "b", "c"), ("d", "e")]
    mixed = several(("① a", "② b", "③ c"), ("① d", "③ e", ""))
    assert read_options(mixed, "ABC").rows[0].texts == ("① a", "② b", "③ c")
