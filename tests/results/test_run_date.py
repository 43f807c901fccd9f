from __future__ import annotations

from datetime import UTC, datetime

import pytest

from proctor.results.run_date import iso_stamp, run_date
from proctor.results.stored_run import StoredRun


@pytest.mark.parametrize(
    ("date", "found"),
    [
        (1_767_322_800.5, datetime(2026, 1, 2, 3, 0, 0, 500_000, UTC)),
        (None, None),
        ("yesterday", None),
        (1e300, None),
        (float("nan"), None),
        (10**400, None),
    ],
)
def test_when_a_run_began(date, found):
    assert run_date(StoredRun("x", "here", "", {"date": date}, {})) == found


def test_a_stamp_becomes_a_time_that_is_read_back():
    assert iso_stamp("2026-01-02T03-04-05.678901") == "2026-01-02T03:04:05.678901"
    assert datetime.fromisoformat(iso_stamp("2026-01-02T03-04-05.678901") or "").second == 5
    assert iso_stamp("2026-01-02") == "2026-01-02"
    assert iso_stamp("") is None
