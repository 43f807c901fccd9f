"""One question under one run as the page has it: its state, what was picked, probabilities in steps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from proctor.results.choice_view import ChoiceView
from proctor.results.text_state import TextState

NONE = 255
"""A cell of a byte that has no value."""
FINE, COARSE, TURN = 0.05, 0.2, 60
"""Nats of a step of the probabilities of options: fine for the first 60, within 2.5 % of what they are; then coarse."""
_NEAR = FINE * TURN


class State(IntEnum):
    """What became of a question. The page's script has the same numbers."""

    WRONG = 0
    RIGHT = 1
    PARTLY = 2
    """A score between 0 and 1, or of another scale."""
    UNREAD = 3
    UNFINISHED = 4
    FAILED = 5
    """It could not be scored."""
    PLAIN = 6
    """A measure that knows no right and wrong."""
    ABSENT = 7
    """The run does not have the question."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What one run gave for one question.

    Attributes:
        state: What became of it.
        values: Its scores, by the task's metrics; None: none.
        picked: The option that was picked; :data:`NONE`: none.
        steps: Of each option, how many steps its log-likelihood lies below the best; :data:`NONE`: too many.
        best: The log-likelihood of the best option on a scale of roots; :data:`NONE`: not known.
    """

    state: State
    values: tuple[float | None, ...]
    picked: int = NONE
    steps: bytes = b""
    best: int = NONE


_OF_SCORE = {0.0: State.WRONG, 1.0: State.RIGHT}


def state_of(score: float | None, text: TextState | None, *, has_metrics: bool, binary: bool) -> State:
    """The state of a question.

    Args:
        score: Its score.
        text: What became of its text.
        has_metrics: Whether it was scored at all.
        binary: Whether all scores of the task are 0 or 1.
    """
    if not has_metrics:
        return State.FAILED
    if text in ("unread", "unfinished") and not score:
        return State.UNREAD if text == "unread" else State.UNFINISHED
    if score is None:
        return State.PLAIN
    if binary:
        return State.RIGHT if score else State.WRONG
    return _OF_SCORE.get(score, State.PARTLY)


def text_cell(state: State, values: tuple[float | None, ...]) -> Cell:
    """The cell of a written text.

    Args:
        state: Its state.
        values: Its scores.
    """
    return Cell(state, values)


def choice_cell(state: State, values: tuple[float | None, ...], view: ChoiceView, metric: str) -> Cell:
    """The cell of a choice.

    Args:
        state: Its state.
        values: Its scores.
        view: What was chosen among what.
        metric: By which metric.
    """
    picked = view.picked(metric)
    best, steps = steps_below(view.lls)
    return Cell(state, values, NONE if picked is None or picked >= NONE else picked, steps, best)


def steps_below(lls: Sequence[float]) -> tuple[int, bytes]:
    """Log-likelihoods as bytes.

    Args:
        lls: Of the options.

    Returns:
        The best one's code (see :func:`code_of`), and for each option its steps below the best.
    """
    if lls and math.isfinite(sum(lls)):
        # Nearly always; and this is looked at for every sample.
        top = max(lls)
        steps = [round(far / FINE) if (far := top - value) < _NEAR else _steps(far) for value in lls]
        return code_of(top), bytes(steps)
    finite = [value for value in lls if math.isfinite(value)]
    if not finite or any(map(math.isnan, lls)):
        return NONE, b""
    top = max(finite)
    return code_of(top), bytes([_steps(top - value) for value in lls])


def _steps(distance: float) -> int:
    if distance < _NEAR:
        return round(distance / FINE)
    return NONE if math.isinf(distance) else min(NONE - 1, TURN + round((distance - _NEAR) / COARSE))


def code_of(value: float) -> int:
    """A log-likelihood as a byte: ``16 log2(1 - ll)``, exact to 4 % up to -60,000 nats.

    Args:
        value: At most 0; more counts as 0.
    """
    return min(NONE - 1, round(16 * math.log2(1 + max(0.0, -value))))
