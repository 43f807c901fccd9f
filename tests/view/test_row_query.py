"""Pages of rows agree with the same computed from the samples, for every filter and order."""

from __future__ import annotations

import itertools
import random

import pytest
from stored_runs import choice_line, text_line, write_run

from proctor.errors import UsageError
from proctor.view.catalog import Catalog
from proctor.view.index_file import IndexFile
from proctor.view.indexing import Indexer
from proctor.view.row_query import (
    FILTERS,
    ORDERS,
    RowFilter,
    files_of,
    row_page,
    with_other,
    words_of_search,
)


def lines_of(seed, count):
    source = random.Random(seed)
    return [
        choice_line(
            i, [round(-source.random() * 6, 1) for _ in range(4)], i % 4, question=f"{i} {'서울' if i % 3 else 'ox'}"
        )
        for i in range(count)
    ]


@pytest.fixture(scope="module")
def indexed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rows")
    texts = [text_line(i, "t", "[invalid]" if i % 2 else "4", float(not i % 2)) for i in range(5)]
    write_run(folder / "a", {"one": lines_of(1, 50), "two": lines_of(2, 30), "sums": texts})
    write_run(folder / "b", {"one": lines_of(3, 50), "two": lines_of(4, 25)})
    catalog = Catalog([str(folder)])
    index = IndexFile(folder / "i.sqlite")
    Indexer(catalog, index).update()
    entries = {entry.run.source.split("/")[-2]: entry for entry in catalog.entries()}
    with index.connection() as connection:
        a, b = (files_of(connection, entries[name].id, entries[name].run.tasks) for name in "ab")
        yield connection, with_other(a, b), b


def every(indexed, wanted, limit=7):
    """All pages, one after the other."""
    connection, files, _ = indexed
    found, after = [], None
    while True:
        page = row_page(connection, files, wanted, after=after, limit=limit)
        assert len(page.rows) <= limit
        found += page.rows
        if page.after is None:
            return found
        after = page.after


def keys(rows):
    return [(row["task"], row["doc_id"]) for row in rows]


def test_all_rows_in_the_order_of_tasks_and_files(indexed):
    rows = every(indexed, RowFilter())
    assert len(rows) == 85
    assert keys(rows) == [
        *(("one", i) for i in range(50)),
        *(("two", i) for i in range(30)),
        *(("sums", i) for i in range(5)),
    ]
    assert keys(every(indexed, RowFilter(down=True))) == keys(rows)[::-1]
    assert rows[0]["doc_hash"]
    assert rows[0]["question"] == "0 ox"


@pytest.mark.parametrize(
    ("order", "down"), list(itertools.product([one for one in ORDERS if one != "order"], [False, True]))
)
def test_orders_are_total_and_what_has_no_number_stands_last(indexed, order, down):
    rows = every(indexed, RowFilter(order=order, down=down))
    assert sorted(keys(rows)) == sorted(keys(every(indexed, RowFilter())))
    values = [row[{"gold": "p_gold"}.get(order, order)] for row in rows]
    known = [value for value in values if value is not None]
    assert values == [*sorted(known, reverse=down), *[None] * (len(values) - len(known))]


TESTS = {
    "wrong": lambda a, b: a["state"] in ("wrong", "partly"),
    "right": lambda a, b: a["state"] == "right",
    "unread": lambda a, b: a["state"] == "unread",
    "failed": lambda a, b: a["state"] == "failed",
    "confident": lambda a, b: a["state"] == "wrong" and (a["p"] or 0) >= 0.9,
    "only_a": lambda a, b: b is not None and a["state"] == "right" and b["state"] != "right",
    "only_b": lambda a, b: b is not None and a["state"] != "right" and b["state"] == "right",
    "disagree": lambda a, b: b is not None and (a["state"] == "right") != (b["state"] == "right"),
}


@pytest.mark.parametrize("name", FILTERS)
def test_each_filter(indexed, name):
    connection, _, b = indexed
    other = {
        key: row for row in row_page(connection, b, RowFilter(), after=None, limit=200).rows for key in keys([row])
    }
    all_rows = every(indexed, RowFilter())
    expected = [key for row, key in zip(all_rows, keys(all_rows), strict=True) if TESTS[name](row, other.get(key))]
    assert keys(every(indexed, RowFilter(names=(name,)))) == expected
    assert expected or name == "failed"


def test_filters_hold_together_and_states_add_up(indexed):
    both = keys(every(indexed, RowFilter(names=("wrong", "unread"))))
    assert sorted(both) == sorted(
        keys(every(indexed, RowFilter(names=("wrong",)))) + keys(every(indexed, RowFilter(names=("unread",))))
    )
    rows = every(indexed, RowFilter(picked=2, p=(0.4, 0.8), order="margin"))
    assert rows
    assert all(row["picked"] == 2 and 0.4 <= row["p"] <= 0.8 for row in rows)


def test_a_search_finds_two_syllables_and_takes_nothing_for_a_pattern(indexed):
    assert len(every(indexed, RowFilter(words=words_of_search("서울")))) == 53
    assert keys(every(indexed, RowFilter(words=words_of_search('"7 서울"')))) == [
        *(("one", i) for i in (7, 17, 37, 47)), ("two", 7), ("two", 17)
    ]  # fmt: skip
    for text in ("%", "_%", "' OR 1", "*"):
        assert every(indexed, RowFilter(words=words_of_search(text))) == []


def test_another_filter_of_the_samples(indexed):
    assert len(every(indexed, RowFilter(pipeline="strict"))) == 5
    assert every(indexed, RowFilter(pipeline="nothing")) == []


def test_what_is_no_filter_order_or_place_is_a_sentence(indexed):
    connection, files, _ = indexed
    with pytest.raises(UsageError, match="no filter 'nonsense'"):
        RowFilter(names=("nonsense",))
    with pytest.raises(UsageError, match="no order 'id; DROP'"):
        RowFilter(order="id; DROP")
    for after in ("x", "[1]", '["a", 1, 2]', "null"):
        with pytest.raises(UsageError, match="No page ended at"):
            row_page(connection, files, RowFilter(), after=after, limit=5)


def test_words_of_a_search():
    assert words_of_search('Two "as It stands" words') == ("two", "as it stands", "words")
    assert words_of_search(' "" ') == ()
