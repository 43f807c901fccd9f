"""Queries and records: frozen values, with a short text for people."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest

from proctor.records import DocumentError, Query, Record, UngradedDocuments
from proctor.types import Rolling

RECORD = Record("quiz", 3, {"q": "x" * 999}, "b", (), (), (), "none", {"acc": 1.0, "f1": 0.123456789012345678901})


def test_a_record_is_shown_by_its_scores():
    assert repr(RECORD) == "<Record quiz 3: acc 1.0, f1 0.12345678901234568>"
    assert repr(replace(RECORD, metrics={})) == "<Record quiz 3: no scores>"
    assert len(repr(replace(RECORD, metrics={"own": "x" * 999}))) < 60


def test_an_error_is_shown_instead_of_scores():
    assert repr(replace(RECORD, error="ValueError: no")) == "<Record quiz 3: ValueError: no>"


def test_a_record_is_of_the_document_as_its_task_shows_it_unless_it_says_otherwise():
    assert (RECORD.variant, RECORD.item, RECORD.order, RECORD.error) == (0, None, (), None)


def test_queries_of_equal_fields_are_one_key():
    one, same = (Query("quiz", 1, 0, 0, Rolling("text")) for _ in range(2))
    assert {one: "found"}[same] == "found"
    assert len({one, replace(one, repeat=1), replace(one, index=1), replace(one, doc_id=2)}) == 4


@pytest.mark.parametrize(
    "value",
    [
        RECORD,
        Query("quiz", 1, 0, 0, Rolling("text")),
        DocumentError("quiz", None, "none", "no score"),
        UngradedDocuments("quiz", 1, 2, ()),
    ],
)
def test_nobody_changes_what_was_recorded(value):
    with pytest.raises(FrozenInstanceError):
        value.task = "other"
