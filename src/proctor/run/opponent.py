"""The stored run that a run is compared with while it goes on."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from proctor.analysis.task_scores import Metric, name_of, read_task
from proctor.errors import DataError, ProctorError, UsageError
from proctor.results.open_runs import open_path
from proctor.results.stored_run import StoredRun
from proctor.run.run_store import path_of
from proctor.run.stop_scopes import AskedDocument, Scope
from proctor.settings.config import RunConfig
from proctor.settings.early_stop import EarlyStop

log = logging.getLogger("proctor")


@dataclass(frozen=True, slots=True)
class Opponent:
    """The scores of another run on the documents of a scope.

    Attributes:
        name: What the user called the run.
        scores: By task and number of the document in *this* run, what the other run scored.
        higher_is_better: Whether more is better.
        margin: What is decided: whether this run is worse by more than that; None: which of the two is better.
    """

    name: str
    scores: Mapping[tuple[str, int], float] = field(default_factory=dict)
    higher_is_better: bool = True
    margin: float | None = None

    @property
    def bound(self) -> float | None:
        """The difference own - other at which this run is worse by the margin."""
        if self.margin is None:
            return None
        return -self.margin if self.higher_is_better else self.margin


def open_opponent(place: str, config: RunConfig) -> StoredRun:
    """The run that ``against`` names.

    Args:
        place: A results file, a folder, a number of the store.
        config: The settings: which store.

    Raises:
        UsageError: There is none.
        DataError: It cannot be read.
    """
    try:
        runs = open_path(place, store=path_of(config)).runs
    except ProctorError as error:
        raise type(error)(f"--early_stop against={place}: {error.message}", hint=error.hint) from error
    *_, newest = runs
    if len(runs) > 1:
        log.warning(
            "%s holds %s runs; --early_stop compares with the newest, %s.", place, f"{len(runs):,}", newest.source
        )
    return newest


def opponent_of(run: StoredRun, rule: EarlyStop, scope: Scope, order: Sequence[AskedDocument]) -> Opponent:
    """What another run scored on the documents of a scope.

    Args:
        run: The other run.
        rule: What the user called it, and what is to be decided.
        scope: The scope.
        order: Its documents.

    Raises:
        UsageError: The run lacks the tasks, their samples, the score, or all of the documents.
    """
    place, scores = rule.against or "", dict[tuple[str, int], float]()
    by_task: dict[str, list[AskedDocument]] = {}
    for one in order:
        by_task.setdefault(one.task, []).append(one)
    for task, documents in by_task.items():
        there = _scores_of(run, place, task, scope.metric)
        scores |= {(task, one.doc_id): there[one.identity] for one in documents if one.identity in there}
    if not scores:
        raise UsageError(
            f"--early_stop against={place}: it was asked other documents of {scope.name} than this run, not one is the "
            "same.",
            hint="Another version of the data set, or process_docs, makes other documents.",
        )
    if len(scores) < len(order):
        log.warning(
            "%s of %s documents of '%s' are not in %s: the comparison is about the others.",
            f"{len(order) - len(scores):,}", f"{len(order):,}", scope.name, place,
        )  # fmt: skip
    names = [task.spec.name for task in scope.tasks]
    return Opponent(place, scores, run.higher_is_better(names[0], scope.metric[0]), rule.margin)


def _scores_of(run: StoredRun, place: str, task: str, metric: Metric) -> Mapping[tuple[str | int, int], float]:
    start = f"--early_stop against={place}: it"
    if task not in run.tasks:
        raise UsageError(f"{start} has no task '{task}'.", hint=f"There are {', '.join(run.tasks[:5]) or 'none'}.")
    try:
        read = read_task(run, task)
    except DataError as error:
        raise UsageError(f"{start} cannot be read: {error.message}", hint=error.hint) from error
    if not read.documents:
        raise UsageError(f"{start} has no samples of '{task}'.", hint="Runs with --log_samples write them.")
    if not read.hashed:
        raise UsageError(f"{start} has samples of '{task}' without doc_hash, so documents cannot be paired by it.")
    scores = read.scores.get(metric)
    if not scores:
        known = ", ".join(map(name_of, read.scores)) or "none"
        raise UsageError(f"{start} has no score {name_of(metric)} of the documents of '{task}' (there: {known}).")
    bad = next((value for value in scores.values() if not 0 <= value <= 1 or not math.isfinite(value)), None)
    if bad is not None:
        raise UsageError(f"{start} has {name_of(metric)} = {bad:g} of a document of '{task}': scores must be 0 to 1.")
    return scores
