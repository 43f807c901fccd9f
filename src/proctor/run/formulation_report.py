"""Formulations of groups, and what the log and the results file say of formulations."""

# A group's documents are compared together, each once: of 57 tasks hardly any shows a difference that all of them show.
# Only tasks whose own formulation is the same are put together.

from __future__ import annotations

import logging
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from proctor.analysis.formulation_pairs import FormulationAnswers, FormulationPair
from proctor.plurals import counted
from proctor.run.formulation_results import FormulationResult, choices_only_scores, pairs_of
from proctor.run.order_results import SHOWN
from proctor.run.variant_scores import share_value
from proctor.tasks.class_task import AnyTask
from proctor.tasks.formulations import CHOICES_ONLY, TASK
from proctor.tasks.groups import GroupSpec
from proctor.tasks.prompt import PromptStyle
from proctor.tasks.task import Task

log = logging.getLogger("proctor")

MOST_REPORTED = 5
"""Groups and tasks whose sentences are logged."""
_WITHOUT = {
    "no options": "their documents have no options to choose among",
    "contexts": "their options are beginnings of one text, which no prompt can list; as a question with two or more "
    "options (doc_to_choice) they could be put in other ways",
    "own scores": "process_results computes their scores; with metrics in metric_list instead (acc, acc_norm), and the "
    "options in a column of their own (metadata.choices), they could be put in other ways",
    "class": "a class makes their prompts and scores; as a task file they could be put in other ways",
}
"""Why tasks are put as their files say alone, and what can be done."""
_FIXED = (
    *("difference_stderr", "mcnemar_p", "mcnemar_p_holm", "sign_flip_p", "sign_flip_p_holm", "detectable_effect"),
)
"""What holds for a number of documents that was fixed before: null in a run that stopped early."""


def group_formulations(
    groups: Sequence[GroupSpec], leaves: Mapping[str, Sequence[str]], details: Sequence[FormulationResult], seed: int
) -> list[FormulationResult]:
    """The formulations of each group that has several tasks with the same own formulation, and no others.

    Args:
        groups: All groups.
        leaves: The tasks under each.
        details: Of all tasks.
        seed: For random signs, where a test draws some.
    """
    known, found = {one.name: one for one in details}, []
    for group in groups:
        members = [known[name] for name in dict.fromkeys(leaves[group.name]) if name in known]
        names = [name for name in members[0].answers if all(name in one.answers for one in members)] if members else []
        if len(members) > 1 and len({one.own for one in members}) == 1:
            found.append(_together(group.name, members, names, seed))
    return found


def _together(name: str, members: Sequence[FormulationResult], names: Sequence[str], seed: int) -> FormulationResult:
    first = members[0]
    answers = {
        one: FormulationAnswers(
            first.answers[one].name,
            first.answers[one].manner,
            [right for member in members for right in member.answers[one].right],
            [choice for member in members for choice in member.answers[one].choice],
        )
        for one in names
    }
    scores = {}
    if CHOICES_ONLY in answers:
        alone = answers[CHOICES_ONLY]
        scores = {f"acc_{CHOICES_ONLY}": share_value(alone.right), **choices_only_scores(answers[first.own], alone)}
    left_out = sum(one.left_out for one in members)
    clusters, is_stopped = _clusters(members), any(one.is_stopped for one in members)
    pairs = pairs_of(name, answers, seed, clusters)
    return FormulationResult(name, first.filter, first.own, left_out, answers, scores, pairs, is_stopped, clusters)


def _clusters(members: Sequence[FormulationResult]) -> list[Hashable] | None:
    """The clusters of all documents, by task; a document of a task without any is by itself."""
    if all(one.clusters is None for one in members):
        return None
    return [(one.name, cluster) for one in members for cluster in one.clusters or range(one.n)]


def report_formulations(details: Sequence[FormulationResult]) -> None:
    """Log what was found, of groups first; of many only how many, since each has several lines.

    Args:
        details: Of all groups, then of all tasks.
    """
    for one in details[:MOST_REPORTED]:
        for sentence in one.sentences:
            log.info("%s", sentence)
    if len(details) > MOST_REPORTED:
        log.info(
            "The formulations of %s are compared in the results file, under proctor.formulations.",
            counted(len(details) - MOST_REPORTED, "more task or group", "more tasks and groups"),
        )


def report_without_formulations(tasks: Sequence[AnyTask], style: PromptStyle) -> None:
    """Say once which tasks are put as their files say alone.

    Args:
        tasks: All tasks, planned.
        style: How prompts are rendered; with other formulations, or nothing is said.
    """
    if style.formulations is None:
        return
    reasons: dict[str, list[str]] = {}
    for task in tasks:
        why = ("class" if not isinstance(task, Task) else task.unformulated) or ""
        if why:
            reasons.setdefault(why, []).append(task.spec.name)
    for why, names in reasons.items():
        log.warning(
            "%s has no effect on %d of %s (%s%s): %s.", style.formulations.flag, len(names),
            counted(len(tasks), "task"), ", ".join(names[:SHOWN]), ", ..." if len(names) > SHOWN else "", _WITHOUT[why],
        )  # fmt: skip


def formulation_facts(
    details: Sequence[FormulationResult], groups: Sequence[FormulationResult], formulations: str, *, choices_only: bool
) -> dict[str, Any]:
    """What the results file says, under ``formulations``.

    Args:
        details: Of all tasks.
        groups: Of all groups.
        formulations: The setting.
        choices_only: Whether documents were put without the question too.
    """
    if formulations == TASK and not choices_only:
        return {}
    rows = {
        "tasks": [{"task": one.name, **_details(one)} for one in details],
        "groups": [{"group": one.name, **_details(one)} for one in groups],
    }
    return {"formulations": {"formulations": formulations, "choices_only": choices_only, **rows}}


def _details(one: FormulationResult) -> dict[str, Any]:
    return {
        "filter": one.filter,
        "own": one.own,
        "documents": one.n,
        "left_out": one.left_out,
        "sentences": one.sentences,
        "pairs": [_without_fixed(_pair(pair)) if one.is_stopped else _pair(pair) for pair in one.pairs],
    }


def _without_fixed(pair: dict[str, Any]) -> dict[str, Any]:
    return {key: None if key in _FIXED else value for key, value in pair.items()}


def _pair(pair: FormulationPair) -> dict[str, Any]:
    counts, kappa = pair.table.counts, pair.table.kappa
    return {
        "a": pair.a.name,
        "b": pair.b.name,
        "both": counts.both,
        "only_a": counts.only_a,
        "only_b": counts.only_b,
        "neither": counts.neither,
        "same_choice": pair.table.same_choice,
        "kappa": kappa.value,
        **({} if kappa.value is not None else {"kappa_reason": kappa.reason}),
        "difference": pair.difference,
        "difference_stderr": pair.stderr,
        **_tests(pair),
        "detectable_effect": pair.detectable,
    }


def _tests(pair: FormulationPair) -> dict[str, Any]:
    if pair.clusters is None:
        return {"mcnemar_p": pair.own_p, "mcnemar_p_holm": pair.p}
    return {"clusters": pair.clusters, "sign_flip_p": pair.own_p, "sign_flip_p_holm": pair.p}
