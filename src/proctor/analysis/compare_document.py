"""A comparison as JSON: every number that the tables round, with its sentence."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from proctor.analysis.by_column import CellComparison, DividedComparison
from proctor.analysis.compare_text import group_sentence, letter, notes, option_notes, task_sentence, verdict_counts
from proctor.analysis.comparison import Comparison, GroupComparison, PairComparison, ScoredGroup, TaskComparison
from proctor.results.run_date import run_date
from proctor.results.stored_run import StoredRun


def comparison_document(comparison: Comparison) -> dict[str, Any]:
    """The whole comparison; keys of a run are its letter.

    Args:
        comparison: What was compared.
    """
    runs = {letter(position): run_document(run) for position, run in enumerate(comparison.runs)}
    return {
        "runs": runs,
        "options": asdict(comparison.options),
        "tests": comparison.tests,
        "pairs": [_pair(pair, comparison) for pair in comparison.pairs],
    }


def run_document(run: StoredRun) -> dict[str, Any]:
    """What identifies a run; its date by ISO 8601.

    Args:
        run: The run.
    """
    date = run_date(run)
    return {"model": run.name, "source": run.source, "date": None if date is None else date.isoformat()}


def _pair(pair: PairComparison, comparison: Comparison) -> dict[str, Any]:
    a, b = letter(pair.a), letter(pair.b)
    return {
        "a": a,
        "b": b,
        "summary": verdict_counts(pair, comparison),
        "groups": [_group(one, a, b) for one in pair.groups],
        "groups_without_test": [_scored(one) for one in pair.scored],
        "tasks": [_task(one, a, b) for one in pair.tasks],
        "settings": [asdict(one) for one in pair.settings],
        "only_a": list(pair.only_a),
        "only_b": list(pair.only_b),
        "notes": [*option_notes(pair, comparison), *notes(pair, a, b)],
        "paired_names": dict(comparison.names_in(pair)),
        "by": [_divided(one) for one in pair.divided],
    }


def _divided(one: DividedComparison) -> dict[str, Any]:
    head = {"name": one.name, "metric": one.metric[0], "filter": one.metric[1], "column": one.column,
            "left_out": list(one.left_out)}  # fmt: skip
    return head | {"cells": [_cell(cell) for cell in one.cells]}


def _cell(cell: CellComparison) -> dict[str, Any]:
    result = cell.result
    return {
        "value": cell.value,
        "n": result.n,
        "few": cell.few,
        "a": result.mean_b,
        "b": result.mean_a,
        "difference": result.difference,
        "interval": result.interval,
        "p": result.p,
        "p_adjusted": cell.p_adjusted,
        "detectable_effect": result.detectable_effect,
        "verdict": str(cell.judgement.verdict) if cell.judgement else None,
    }


def _scored(one: ScoredGroup) -> dict[str, Any]:
    return {"group": one.group, "metric": one.metric[0], "filter": one.metric[1], "n": one.n, "a": one.a, "b": one.b}


def _task(one: TaskComparison, a: str, b: str) -> dict[str, Any]:
    head = {"task": one.task, "metric": one.metric[0] if one.metric else None,
            "filter": one.metric[1] if one.metric else None, "higher_is_better": one.higher_is_better,
            "a": one.a, "b": one.b}  # fmt: skip
    return head | _result(one) | _pairing(one) | {"reason": one.reason, "sentence": task_sentence(one, a, b)}


def _result(one: TaskComparison) -> dict[str, Any]:
    result = one.result
    if result is None:
        return {"n": 0, "difference": None, "interval": None, "p": None, "p_adjusted": None, "verdict": None}
    return {
        "n": result.n,
        "difference": result.difference,
        "stderr": result.stderr,
        "stderr_unpaired": result.stderr_unpaired,
        "interval": result.interval,
        "p": result.p,
        "p_adjusted": one.p_adjusted,
        "test": result.test,
        "p_method": result.p_method,
        "mid_p": result.mid_p,
        **(dict.fromkeys(("both", "only_a", "only_b", "neither")) if one.counts is None else asdict(one.counts)),
        "clusters": result.clusters,
        "design_effect": result.design_effect,
        "detectable_effect": result.detectable_effect,
        "verdict": str(one.judgement.verdict) if one.judgement else None,
        "same_within_margin": one.judgement.same if one.judgement else None,
    }


def _pairing(one: TaskComparison) -> dict[str, Any]:
    pairs = one.pairs
    if pairs is None:
        return {}
    return {
        "left_out": {"only_a": pairs.only_a, "only_b": pairs.only_b, "not_a_number": pairs.not_finite},
        "prompts_differ": pairs.prompts_differ,
        "documents_differ": pairs.documents_differ,
        "paired_by": "doc_id" if pairs.by_number else "doc_hash",
    }


def _group(one: GroupComparison, a: str, b: str) -> dict[str, Any]:
    found = one.result
    return {
        "group": one.group,
        "metric": one.metric[0],
        "filter": one.metric[1],
        "tasks": list(one.tasks),
        "tasks_left_out": one.left_out,
        "n": one.n,
        "a": one.a,
        "b": one.b,
        "difference": found.micro,
        "stderr": found.micro_stderr,
        "interval": one.interval,
        "p": found.p,
        "counts": None if one.counts is None else asdict(one.counts),
        "macro": {"a": one.a_macro, "b": one.b_macro, "difference": found.macro, "stderr": found.macro_stderr,
                  "stderr_new_tasks": found.macro_stderr_new_tasks},
        "agreement": None if found.agreement is None else asdict(found.agreement),
        "detectable_effect": one.detectable_effect,
        "verdict": str(one.judgement.verdict),
        "same_within_margin": one.judgement.same,
        "reason": found.reason,
        "sentence": group_sentence(one, a, b),
    }  # fmt: skip
