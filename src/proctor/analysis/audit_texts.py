"""What a results file says of a run's written texts: how thinking ends, how many texts ended by their length."""

from __future__ import annotations

import math

from proctor.results.stored_run import StoredRun, number_of


def think_end(run: StoredRun) -> str | None:
    """The token that ends the thinking of a run's model; None: it has none.

    Args:
        run: The run.
    """
    token = run.section("config", "model_args").get("think_end_token")
    return token if isinstance(token, str) else None


def truncated_texts(run: StoredRun, task: str) -> int | None:
    """Texts that ended by their length: proctor's files say so, task by task; None: not known.

    Args:
        run: The run.
        task: One of its tasks.
    """
    facts = run.section("proctor", "texts")
    rows = facts.get("at_length")
    if not isinstance(rows, list):
        return None if not facts else 0
    counts = [number_of(one.get("texts")) for one in rows if isinstance(one, dict) and one.get("task") == task]
    return sum(int(count) for count in counts if count is not None and math.isfinite(count))
