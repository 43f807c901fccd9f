"""Every name of the table is a filter, and a class of its own."""

from __future__ import annotations

from proctor.filters.base import Filter
from proctor.filters.table import FILTERS


def test_every_row_is_a_filter():
    own = [name for name in FILTERS if str(FILTERS.row(name)).startswith(("proctor.", "<class 'proctor."))]
    assert len(own) >= 12
    found = [FILTERS.get(name) for name in own]
    assert all(issubclass(one, Filter) for one in found)
    assert len(set(found)) == len(found)
