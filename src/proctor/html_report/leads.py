"""The lead of the likeliest option over the next one, from the steps that the page has."""

from __future__ import annotations

from proctor.html_report.cells import COARSE, FINE, NONE, TURN


def nats(step: int) -> float:
    """What a step stands for; the page's script has the same.

    Args:
        step: Below :data:`NONE`.
    """
    return FINE * step if step < TURN else FINE * TURN + COARSE * (step - TURN)


def lead_of(steps: bytes) -> float | None:
    """By how many nats the likeliest option leads; None where that is not known.

    Args:
        steps: Of each option, below the likeliest.
    """
    known = sorted(step for step in steps if step != NONE)
    return nats(known[1]) - nats(known[0]) if len(known) > 1 else None
