"""Code of kinds that scripts add travels to workers; what is installed does not."""

from __future__ import annotations

import sys

import pytest

from proctor.compat.scripts.model import LM
from proctor.compat.scripts.registry import Opener
from proctor.models import MODELS, ModelKind
from proctor.models.dummy import open_dummy
from proctor.models.pool.carried_code import added_row, own_modules


def open_mine(args, **_):
    return open_dummy(args)


class MyLM(LM):
    pass


@pytest.fixture
def added(monkeypatch):
    monkeypatch.setattr(MODELS, "_rows", dict(MODELS._rows))
    return MODELS.put


def test_the_kinds_of_the_table_are_found_by_name(added):
    assert added_row("hf") is None
    assert own_modules(None) == []


@pytest.mark.parametrize("row", [open_mine, ModelKind(open_mine), Opener(MyLM)])
def test_the_module_of_an_added_kind_travels(row, added):
    added("mine", row)
    assert added_row("mine") is row
    assert own_modules(row) == [sys.modules[__name__]]


def test_what_is_installed_does_not_travel():
    assert own_modules(open_dummy) == []
    assert own_modules(pytest.raises) == []
