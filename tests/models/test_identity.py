"""Which identities are certain."""

import logging
import math

import pytest

from proctor.models.identity import certain_identity


def test_what_json_holds_is_an_identity(caplog):
    assert certain_identity(lambda: {"weights": "1f", "dtype": None}) == {"weights": "1f", "dtype": None}
    assert not caplog.records


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError("gone"), "it cannot be read to know it again (gone)."),
        (MemoryError(), "it cannot be read to know it again (memory ran out)."),
        (TypeError("a lambda"), "it cannot be distinguished from others (a lambda)."),
    ],
)
def test_what_cannot_be_read_or_distinguished_is_said(caplog, error, words):
    def build():
        raise error

    with caplog.at_level(logging.INFO, "proctor"):
        assert certain_identity(build) is None
    assert [record.getMessage() for record in caplog.records] == [f"Responses of this model are not cached: {words}"]


@pytest.mark.parametrize("value", [math.nan, {1, 2}, b"bytes"])
def test_what_json_cannot_hold_is_no_identity(value):
    assert certain_identity(lambda: {"value": value}) is None
