"""A server of two runs."""

from __future__ import annotations

import pytest
from stored_runs import right_and_wrong, write_run
from view_requests import serving


@pytest.fixture
def served(tmp_path):
    for name, pattern in (("a", "1" * 30 + "0" * 10), ("b", "1" * 20 + "0" * 20)):
        write_run(tmp_path / "runs" / name, {"t": right_and_wrong(pattern)})
    with serving(tmp_path / "runs", tmp_path / "index.sqlite") as server:
        yield server
