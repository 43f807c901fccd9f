"""How the options of a run's documents were chosen, where a model gives no log-likelihoods: facts and one warning.

A reply of which no option can be read counts as wrong. Many of them look like a weak model and may be a prompt that it
does not follow, so that they are counted apart, with their reasons.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from proctor.plurals import counted
from proctor.results.table import MOST_UNPARSED, unparsed_text
from proctor.types import Choice, Response

log = logging.getLogger("proctor")

NOTE = (
    "Options were chosen by label from what the model wrote, or from the log-probabilities of labels: "
    "these scores are not lm-eval's, which come of the log-likelihood of each option."
)
"""What the results file says of every such run."""

SHOWN = 5
"""Tasks that a warning names; others are counted."""


@dataclass(slots=True)
class ChoiceCounts:
    """What is counted of one task's choices.

    Attributes:
        choices: All of them.
        routes: How the model chose.
        rungs: By what the option was found.
        reasons: Why none was found.
        masses: The sum of the probabilities of all labels, over ``with_mass`` choices.
        with_mass: Those of which it is known.
        bounded: Those with a label that had only an upper bound.
    """

    choices: int = 0
    routes: Counter[str] = field(default_factory=Counter)
    rungs: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    masses: float = 0.0
    with_mass: int = 0
    bounded: int = 0

    def add(self, responses: Iterable[Response]) -> None:
        """Count the choices among responses."""
        for response in responses:
            if not isinstance(response, Choice):
                continue
            self.choices += 1
            self.routes[response.route] += 1
            (self.reasons if response.picked is None else self.rungs)[response.how] += 1
            if response.label_mass is not None:
                self.with_mass += 1
                self.masses += response.label_mass
                self.bounded += bool(response.unseen)

    @property
    def unparsed(self) -> int:
        """How many replies name no option."""
        return sum(self.reasons.values())

    def facts(self, task: str) -> dict[str, Any]:
        """What the results file says of a task."""
        found: dict[str, Any] = {
            "task": task,
            "scoring": "+".join(sorted(self.routes)),
            "choices": self.choices,
            "n_unparsed": self.unparsed,
            "reasons": dict(sorted(self.reasons.items())),
            "rungs": dict(sorted(self.rungs.items())),
        }
        if self.with_mass:
            found |= {"label_mass": self.masses / self.with_mass, "with_bounds": self.bounded}
        return found


def report_choices(counts: Mapping[str, ChoiceCounts]) -> Mapping[str, Any]:
    """Warn of replies without an option and of mixed routes; what the results file says, under ``choices``.

    Args:
        counts: By task.

    Returns:
        Nothing where no option was chosen.
    """
    chosen = {task: one for task, one in counts.items() if one.choices}
    if not chosen:
        return {}
    for task, one in chosen.items():
        if len(one.routes) > 1:
            log.warning("Task '%s': options were chosen in several ways (%s).", task, ", ".join(sorted(one.routes)))
    bad = {task: one for task, one in chosen.items() if one.unparsed > MOST_UNPARSED * one.choices}
    if bad:
        log.warning(
            "No option could be read of some replies, which count as wrong: %s.",
            "; ".join([unparsed_text(one.facts(task)) for task, one in [*bad.items()][:SHOWN]])
            + (f"; and {counted(len(bad) - SHOWN, 'more task')}" if len(bad) > SHOWN else ""),
        )
    return {"choices": {"note": NOTE, "tasks": [one.facts(task) for task, one in chosen.items()]}}
