"""Which layers of the sandbox hold on this machine."""

from __future__ import annotations

import pytest

from proctor.sandbox.run import bounds_report, run_programs


@pytest.fixture(autouse=True)
def bounds() -> dict[str, str]:
    """What holds on this machine; a test of a layer that is missing here says so."""
    run_programs([""])
    return bounds_report() or {}
