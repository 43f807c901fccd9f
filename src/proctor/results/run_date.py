"""When a run began, as its results file says it."""

from __future__ import annotations

from datetime import UTC, datetime

from proctor.results.stored_run import StoredRun, number_of


def run_date(run: StoredRun) -> datetime | None:
    """When a run began; None where its file does not say.

    Args:
        run: The run.
    """
    seconds = number_of(run.document.get("date"))
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def iso_stamp(stamp: str) -> str | None:
    """The time in the name of a results file by ISO 8601: ``2026-01-02T03:04:05.678901``; None where there is none.

    Args:
        stamp: ``2026-01-02T03-04-05.678901``, or "": file names have no colons. It is a local time.
    """
    day, _, clock = stamp.partition("T")
    return f"{day}T{clock.replace('-', ':')}" if clock else day or None
