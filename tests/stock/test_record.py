"""The record of an unpacked version: a folder that has one is whole."""

from __future__ import annotations

import json

import pytest
from stock_packages import VERSION, digest, make_wheel

from proctor.stock.fetch import fetch_file
from proctor.stock.location import downloaded_versions, versions_folder
from proctor.stock.record import RECORD, StockRecord, read_record, write_record

RECORD_OF_A_WHEEL = StockRecord("9.9.9", "ab" * 32, "lm_eval-9.9.9.whl", 3, 2000, 1.5)


def test_a_folder_without_its_record_is_no_version(tmp_path):
    (versions_folder() / VERSION / "lm_eval" / "tasks").mkdir(parents=True)
    assert downloaded_versions() == []
    path = make_wheel(tmp_path)
    assert fetch_file(path, sha256=digest(path)).new
    assert downloaded_versions() == [VERSION]


def test_what_was_written_is_read_again(tmp_path):
    write_record(tmp_path, RECORD_OF_A_WHEEL)
    assert read_record(tmp_path) == RECORD_OF_A_WHEEL


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"version": None},
        {"files": "3"},
        {"made": None},
        {"extra": 1},
    ],
)
def test_a_record_of_another_form_is_none(tmp_path, change):
    write_record(tmp_path, RECORD_OF_A_WHEEL)
    values = json.loads((tmp_path / RECORD).read_text(encoding="utf-8")) | change
    (tmp_path / RECORD).write_text(json.dumps(values), encoding="utf-8")
    assert read_record(tmp_path) is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"{}", b"\xff", b"[" * 100_000])
def test_what_is_no_record_is_none(tmp_path, content):
    (tmp_path / RECORD).write_bytes(content)
    assert read_record(tmp_path) is None
