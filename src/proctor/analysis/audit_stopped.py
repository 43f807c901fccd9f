"""Choices of a run that stopped early: no test of a number of documents that was not fixed before."""

# A run that stops when its scores are clear has as many documents as its scores decided. What describes the documents
# that were asked stays (shares, recalls, calibration error); a test or standard error that takes their number for given
# does not hold. Against chance there is one that holds whenever one stops (:mod:`~proctor.analysis.e_values`); of
# positions and confidence there is none, and a reason says so.

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from proctor.analysis.audit_choices import ChoiceAudit, ConfidenceAudit
from proctor.analysis.baselines import Chance
from proctor.analysis.e_values import guessing_anytime_p
from proctor.analysis.positions import ChiSquareTest, PositionBias
from proctor.results.stored_run import StoredRun

REASON = "the run stopped early, and the test is of a number of documents that is fixed before"


def any_stopped(run: StoredRun, group: str, tasks: Iterable[str]) -> bool:
    """Whether a group has documents of which asking ended early: its own, or those of one of its tasks.

    Args:
        run: The run.
        group: The group.
        tasks: Those of its tasks that count.
    """
    return any(run.early_stop(name) is not None for name in (group, *tasks))


def without_fixed_tests(choices: ChoiceAudit) -> ChoiceAudit:
    """The audit of choices of a run that stopped early, with the tests that hold then.

    Args:
        choices: As if the number of documents had been fixed before.
    """
    return replace(
        choices,
        chance=_chance(choices.chance) if choices.chance else None,
        positions=_positions(choices.positions) if choices.positions else None,
        confidence=_confidence(choices.confidence) if choices.confidence else None,
    )


def _chance(chance: Chance) -> Chance:
    items = chance.chance_items
    return replace(chance, p_above=guessing_anytime_p(items, round(chance.acc * len(items))))


def _positions(positions: PositionBias) -> PositionBias:
    return replace(positions, test=ChiSquareTest(None, positions.test.freedom, None, REASON))


def _confidence(confidence: ConfidenceAudit) -> ConfidenceAudit:
    return replace(
        confidence,
        calibration=replace(confidence.calibration, overconfidence_stderr=None),
        null=replace(confidence.null, p=None),
    )
