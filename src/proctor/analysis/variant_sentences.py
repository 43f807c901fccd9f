"""What a run found of its documents in other orders and formulations: sentences of its results file."""

# They are read and not computed again: each needs the log-likelihoods of all orders and formulations, which the run had
# and whose scores stand in its file.

from __future__ import annotations

from typing import Any

from proctor.results.stored_run import StoredRun

SHOWN = 12
"""Sentences that are shown; the others are counted."""


def variant_sentences(run: StoredRun) -> tuple[str, ...]:
    """The sentences on orders, then those on formulations, of groups and of tasks.

    Args:
        run: The run; files of other programs have none.
    """
    orders = run.section("proctor", "choice_orders").get("tasks")
    formulations = run.section("proctor", "formulations")
    found: list[Any] = [one.get("sentence") for one in _mappings(orders)]
    # What is found of many documents stands before what is found of few.
    for one in [*_mappings(formulations.get("groups")), *_mappings(formulations.get("tasks"))]:
        sentences = one.get("sentences")
        found += sentences if isinstance(sentences, list) else []
    return tuple([sentence for sentence in found if isinstance(sentence, str)])


def _mappings(rows: Any) -> list[dict[str, Any]]:
    return [one for one in rows if isinstance(one, dict)] if isinstance(rows, list) else []
