"""Scores that a table of runs lacks, or that lack documents: why, as sentences."""

# JSON's NaN and infinities are numbers for no table: a mean with one of them is one, and so is every rank. They are in
# no column, so a cell is empty, or its score is of fewer documents; neither must go without a word.

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from proctor.analysis.run_audit import RunAudit, TaskAudit
from proctor.analysis.wording import named
from proctor.plurals import counted
from proctor.results.stored_run import StoredRun, number_of


def lost_scores(audits: Sequence[RunAudit], names: Sequence[str]) -> Iterator[str]:
    """What is missing in a table of runs, a sentence for each run and kind of loss.

    Args:
        audits: Of each run.
        names: What the table calls each.
    """
    for audit, name in zip(audits, names, strict=True):
        by_task = {one.task: one for one in audit.tasks}
        empty = [one for one in by_task.values() if one.main is None]
        groups = set(audit.run.groups) - {one.group for one in audit.groups} if not audit.options.tasks else ()
        odd = [one for one in (*(task.task for task in empty), *sorted(groups)) if _is_not_a_number(audit.run, one)]
        if odd:
            yield f"No score: that of {named(odd)} of {name} is not a number in its results file."
        for one in by_task.values():
            if one.damaged and one.task not in odd:
                yield _damage(one, name)
        partly = [one for one in by_task.values() if one.main is not None and one.not_finite]
        if partly:
            total = sum(one.not_finite for one in partly)
            tasks = named([one.task for one in partly])
            are = "is" if total == 1 else "are"
            yield f"Left out: {counted(total, 'score')} of documents that {are} not a number ({tasks} of {name})."


def _damage(task: TaskAudit, name: str) -> str:
    """What is left of a task whose samples cannot be read, and why."""
    reason = (task.reason or "").removesuffix(".")
    if task.main is None:
        return f"No score of {task.task} of {name}: {reason}."
    return f"Scores of {task.task} and its groups of {name} are those of the results file alone: {reason}."


def _is_not_a_number(run: StoredRun, name: str) -> bool:
    """Whether the results file has a NaN or an infinity as a score of a task or group."""
    values = [
        number_of(value)
        for key, value in run.section("results", name).items()
        if "," in key and not key.partition(",")[0].endswith("_stderr")
    ]
    return any(value is not None and not math.isfinite(value) for value in values)
