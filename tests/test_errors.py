"""Exceptions that others wrote: shown by their text where they have one, by their type where they have none."""

from __future__ import annotations

import pytest
from silent_error import Silent

from proctor.errors import error_line, error_text


class Leaves(Exception):
    def __str__(self):
        raise SystemExit(0)


class NoText(Exception):
    def __str__(self):
        return None  # type: ignore[return-value]  # noqa: PLE0307


class Named(type):
    @property
    def __name__(cls):
        raise ValueError("no name")


class Nameless(Exception, metaclass=Named):
    pass


def test_the_text_and_the_type():
    assert error_line(ValueError("no such row")) == "ValueError: no such row"
    assert error_line(ValueError()) == "ValueError"


@pytest.mark.parametrize("kind", [Silent, Leaves, NoText])
def test_a_text_that_fails_is_left_out(kind):
    assert error_text(kind()) == ""
    assert error_line(kind()) == kind.__name__


def test_a_type_whose_name_fails_and_a_text_without_end():
    assert error_line(Nameless("x")) == "Nameless: x"
    assert len(error_text(ValueError("x" * 1_000_000))) < 21_000
