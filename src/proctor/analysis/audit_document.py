"""An audit as JSON: scores under lm-eval's kind of keys, and tables under ``proctor.audit``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from proctor.analysis.audit_choices import ChoiceAudit, ConfidenceAudit
from proctor.analysis.audit_text import inner_warnings, part_lines, parts_of
from proctor.analysis.by_column import Cells
from proctor.analysis.compare_document import run_document
from proctor.analysis.run_audit import GroupAudit, RunAudit, ScoreAudit, TaskAudit
from proctor.analysis.variant_sentences import variant_sentences


def audit_document(audit: RunAudit) -> dict[str, Any]:
    """The whole audit.

    Args:
        audit: The run.

    Returns:
        ``results``: by task and group, keys ``name,filter`` and ``name_stderr,filter``; ``proctor.audit``: by task and
        group, what the scores come from; ``variants``: what the run found of other orders and formulations;
        ``predicted``: scores of all documents, where other runs predict them; ``draws``: their spread over runs with
        other prompts.
    """
    parts: list[tuple[str, GroupAudit | TaskAudit]] = [(one.group, one) for one in audit.groups]
    parts += [(one.task, one) for one in audit.tasks]
    said = parts_of(audit)
    return {
        "run": run_document(audit.run),
        "options": asdict(audit.options),
        "results": {name: _keys(part) for name, part in parts},
        "proctor": {"audit": {name: _details(part) for name, part in parts}},
        "sentences": {one.group if isinstance(one, GroupAudit) else one.task: list(part_lines(one)) for one in said},
        "warnings": list(inner_warnings(audit, said)),
        "variants": list(variant_sentences(audit.run)),
        "predicted": [{**asdict(one), "interval": one.interval, "sentence": one.sentence} for one in audit.predicted],
        "draws": [{**asdict(one), "sentence": one.sentence} for one in audit.draws],
    }


def _keys(part: GroupAudit | TaskAudit) -> dict[str, Any]:
    """The audit's scores as a results file has scores; what does not exist is null."""
    score = part.score if isinstance(part, GroupAudit) else part.main
    if score is None:
        return {}
    name, pipeline = score.metric
    found: dict[str, Any] = {name: score.score, f"{name}_stderr": score.reported_stderr}
    if score.clusters is not None:
        found[f"{name}_stderr_clustered"] = score.clusters.stderr
    clean = part.clean if isinstance(part, GroupAudit) else part.main_clean
    if clean is not None:
        found[clean.metric[0]] = clean.score
    if isinstance(part, GroupAudit) and part.mean is not None:
        found |= {f"{name}_macro": part.mean.macro, f"{name}_macro_stderr": part.mean.macro_stderr,
                  f"{name}_stderr_new_tasks": part.mean.macro_stderr_new_tasks}  # fmt: skip
    if part.choices is not None:
        found |= _choice_keys(part.choices, score)
    return {f"{key},{pipeline}": value for key, value in found.items()}


def _clean_scores(part: GroupAudit | TaskAudit) -> tuple[ScoreAudit, ...]:
    if isinstance(part, GroupAudit):
        return () if part.clean is None else (part.clean,)
    return part.clean


def _choice_keys(choices: ChoiceAudit, score: ScoreAudit) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if chance := choices.chance:
        name, stderr, scale = score.metric[0], score.reported_stderr, chance.corrected_scale
        found |= {
            "chance": chance.chance,
            f"{name}_chance_corrected": chance.corrected.value,
            f"{name}_chance_corrected_stderr": stderr / scale if stderr is not None and scale else None,
            "p_above_chance": chance.p_above,
        }
    for key, baseline in (
        ("longest_acc", choices.longest),
        ("shortest_acc", choices.shortest),
        ("all_none_acc", choices.all_none),
    ):
        found[key] = baseline.acc if baseline else None
    found["majority_position_acc"] = choices.majority.baseline.acc if choices.majority else None
    found |= {"choice_mass": choices.mass, "format_rate": choices.format_rate}
    if choices.positions:
        found |= {"position_p": choices.positions.test.p, "position_rstd": choices.positions.rstd.value,
                  "position_ckld": choices.positions.ckld.value}  # fmt: skip
    return found | (_confidence_keys(choices.confidence) if choices.confidence else {})


def _confidence_keys(confidence: ConfidenceAudit) -> dict[str, Any]:
    found, null = confidence.calibration, confidence.null
    return {
        "ece": found.ece,
        "ece_null": null.expected,
        "ece_p": null.p,
        "ece_width": confidence.ece_width,
        "rmsce_debiased": found.rmsce_debiased.value,
        "overconfidence": found.overconfidence,
        "overconfidence_stderr": found.overconfidence_stderr,
        "brier_top": found.brier_top,
        "nll": confidence.nll.value,
        "auroc": confidence.auroc.value,
        **{f"selective_acc_{share:g}": accuracy for share, accuracy in confidence.selective.items()},
        "aurc": confidence.aurc,
        **_scaled_keys(confidence),
    }


def _scaled_keys(confidence: ConfidenceAudit) -> dict[str, Any]:
    scaled = confidence.scaled
    return {} if scaled is None else {"temperature": scaled.temperature.value, "ece_scaled": scaled.ece}


def _details(part: GroupAudit | TaskAudit) -> dict[str, Any]:
    scores = (part.score,) if isinstance(part, GroupAudit) else part.scores
    found: dict[str, Any] = {
        "scores": [_score(one) for one in scores],
        "clean": [_score(one) for one in _clean_scores(part)],
        "choices": _choices(part.choices) if part.choices else None,
        "detectable_effect": part.detectable,
        "by": _cells(part.cells) if part.cells else None,
    }
    if isinstance(part, GroupAudit):
        return found | {"tasks": list(part.tasks), "mean": asdict(part.mean) if part.mean else None}
    return found | {
        "texts": dict(part.texts),
        "truncated": part.truncated,
        "unscored": part.unscored,
        "not_a_number": part.not_finite,
        "reason": part.reason,
        "cluster": asdict(part.cluster) if part.cluster else None,
    }


def _cells(cells: Cells) -> dict[str, Any]:
    return {
        "column": cells.column,
        "chi_square": cells.statistic,
        "degrees_of_freedom": cells.freedom,
        "p": cells.p,
        "reason": cells.reason,
        "cells": [{**asdict(cell), "few": cell.few} for cell in cells.cells],
    }


def _score(one: ScoreAudit) -> dict[str, Any]:
    return {
        "metric": one.metric[0],
        "filter": one.metric[1],
        "score": one.score,
        "n": one.n,
        "interval": one.interval,
        "method": one.method,
        "clusters": asdict(one.clusters) if one.clusters else None,
        "reason": one.reason,
    }


def _choices(one: ChoiceAudit) -> dict[str, Any]:
    found = asdict(one)
    chance = found.get("chance")
    if isinstance(chance, dict):
        # A number for each document: as long as the samples file itself.
        del chance["chance_items"]
    confidence = found.get("confidence")
    if isinstance(confidence, dict):
        confidence["selective"] = {f"{share:g}": value for share, value in confidence["selective"].items()}
    return found
