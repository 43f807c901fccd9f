"""Many workers warn of the same; the log has it once."""

from __future__ import annotations

import logging

from proctor.models.pool.warnings import SharedWarnings


def test_the_same_with_other_numbers_is_said_once(caplog):
    warnings = SharedWarnings()
    with caplog.at_level(logging.WARNING, "proctor"):
        warnings.show(["A prompt of 12 tokens is truncated.", "Something else."])
        warnings.show(["A prompt of 1,300 tokens is truncated."])
    assert [record.getMessage() for record in caplog.records] == [
        "A prompt of 12 tokens is truncated.",
        "Something else.",
    ]
