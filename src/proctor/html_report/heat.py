"""Scores of many runs in a row: numbers alone, and shades that are strong only where differences are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from proctor.analysis.run_audit import ScoreAudit
from proctor.analysis.wording import number, span
from proctor.html_report.markup import Html, element

MANY = 6
"""Runs from which on their scores are shown so: a plot with a line for each of them makes rows too high to compare."""
WHOLE = 0.95
"""Share of the documents of another run from which on a run is compared with it; some documents cannot be scored."""


def is_whole(n: int | None, most: int) -> bool:
    """Whether a run had about all documents; of one that does not say it, it is believed.

    Args:
        n: Its documents.
        most: Those of the run that had most.
    """
    return n is None or n >= WHOLE * most


def heat_cells(scores: Sequence[ScoreAudit | None], *, higher_is_better: bool) -> Iterator[Html]:
    """The cells of a row; intervals are shown where the mouse rests.

    Args:
        scores: Of each run; None: it has none.
        higher_is_better: Whether the highest is the darkest.
    """
    most = max((score.n for score in scores if score is not None and score.n is not None), default=0)
    known = [score for score in scores if score is not None and is_whole(score.n, most)]
    values = [score.score for score in known]
    low, high = min(values, default=0.0), max(values, default=0.0)
    widest = max((score.interval[1] - score.interval[0] for score in known if score.interval), default=0.0)
    # At least as wide as an interval: what is within it is no difference, and must not look like one.
    range_ = max(high - low, widest) or 1.0
    for score in scores:
        if score is None:
            yield element("td", element("span", "—", class_="none"))
            continue
        if not is_whole(score.n, most):
            yield element("td", shown_score(score), title=f"n = {score.n:,}", class_="quiet")
            continue
        share = (score.score - low if higher_is_better else high - score.score) / range_
        interval = span(score.interval, 3) if score.interval else None
        yield element("td", shown_score(score), title=interval, style=f"--heat:{round(100 * share)}%")


def shown_score(score: ScoreAudit) -> str:
    """A score in three digits, with the mark of a run that stopped early.

    Args:
        score: The score.
    """
    return f"{score.mark}{number(score.score, 3)}"
