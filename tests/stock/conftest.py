"""Stock roots are looked for in a cache folder of each test's own."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _stock_allowed(stock_allowed: None) -> None:
    """In every test of this room."""
