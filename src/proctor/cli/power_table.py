"""What a run could show before it is asked, as a table with its legend."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from proctor.analysis.wording import points
from proctor.cli.text_tables import aligned_table
from proctor.plurals import counted
from proctor.preview.power import DISCORDANCE, TaskPower, effect_of, needed
from proctor.stats.intervals import wilson_interval

EFFECTS = (0.05, 0.02, 0.01)
"""Differences for which the needed documents are said."""


def power_lines(rows: Sequence[TaskPower], tests: int) -> Iterator[str]:
    """The table, what its columns mean, and how many documents a difference needs.

    Args:
        rows: Groups and tasks.
        tests: How many tasks there are.
    """
    clustered = any(row.clusters for row in rows)
    headers = ["", "n", "of", "score ±", "MDE"]
    headers += [f"MDE ({tests:,} tasks)"] if tests > 1 else []
    headers += ["clusters", "MDE at most"] if clustered else []
    yield aligned_table(headers, [_row(row, tests, clustered=clustered) for row in rows])
    yield ""
    yield from _legend(rows, tests, clustered=clustered)


def _legend(rows: Sequence[TaskPower], tests: int, *, clustered: bool) -> Iterator[str]:
    yield (
        "score ±: half of the 95 % interval of a score of 0.5. MDE: the difference to another model on the same "
        f"documents that is found four times in five, if {100 * DISCORDANCE:.0f} % of them are right by one alone."
    )
    if tests > 1:
        yield f"MDE ({tests:,} tasks): where each task is a claim of its own, corrected for their number."
    if clustered:
        yield "MDE at most: if the documents of a cluster always stand or fall together."
    yield f"Documents that a difference needs: {'; '.join(f'{points(one)} {needed(one):,}' for one in EFFECTS)}."
    small = sum((row.effect() or 1.0) > EFFECTS[0] for row in rows)
    if small:
        lacking = f"{counted(small, 'row')} of {len(rows):,}"
        yield f"A difference of {points(EFFECTS[0])} would be missed more than one time in five by {lacking}."


def _row(row: TaskPower, tests: int, *, clustered: bool) -> list[str]:
    effect, corrected = row.effect(), row.effect(tests)
    if not row.n:
        return [row.name, "0", f"{row.of:,}", *[""] * (2 + (tests > 1) + 2 * clustered)]
    low, high = wilson_interval(row.n / 2, row.n)
    cells = [row.name, f"{row.n:,}", f"{row.of:,}", points((high - low) / 2), _shown(effect)]
    # A group's own difference is one claim, which was stated before.
    cells += ["" if row.is_group else _shown(corrected)] if tests > 1 else []
    if clustered:
        cells += ["", ""] if row.clusters is None else [f"{row.clusters:,}", _shown(min(1.0, effect_of(row.clusters)))]
    return cells


def _shown(effect: float | None) -> str:
    return "none" if effect is None else points(effect)
