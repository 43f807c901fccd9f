"""How much the choice of few-shot examples matters: scores under several draws, and where their spread comes from."""

# Several draws
# -------------
#   draw 0    the run's few-shot seed: the task's own scores are those of this draw alone, as lm-eval has them
#   draw k    the seed k higher: every document is asked once more, with other examples
#
#              draw 0  draw 1  draw 2         scores of n documents under m draws are split into documents, draws and
#   doc 17       1       0       1            the rest (:mod:`proctor.analysis.variance`): the error of the mean over
#   doc 18       0       0       0            draws, and of one draw, which a published score of one seed really has
#
# A draw is a variant of its document, and no further document: n never grows by asking again. A document that could not
# be graded under one of its draws is left out of all that is said of draws.
#
# Only of means over documents: of other scores (perplexities, F1 of all) the split says nothing.

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from proctor.analysis.variance import VarianceComponents, variance_components
from proctor.errors import UsageError
from proctor.metrics.tables import aggregation_row
from proctor.plurals import counted
from proctor.run.exam import Exam
from proctor.run.scores import Key, MetricValues
from proctor.run_result import GroupResult, TaskResult, Value
from proctor.settings.config import RunConfig
from proctor.stats.intervals import normal_interval
from proctor.tasks.class_task import AnyTask
from proctor.tasks.groups import GroupSpec
from proctor.tasks.task import Task

log = logging.getLogger("proctor")

MEAN = "_draws_mean"
"""What the name of a mean over draws ends in."""
ONE_DRAW = "one_draw"
"""The error of a score of one draw, beside lm-eval's, which leaves the draw out."""
SHOWN = 3

Rows = list[tuple[float, ...]]
"""Of each document its score under each draw."""


@dataclass(frozen=True, slots=True)
class DrawScores:
    """One score of a task or group under several draws.

    Attributes:
        name: The task or group.
        metric: Metric and filter.
        rows: The scores.
        left_out: Documents without a score under some draw.
        components: Where their spread comes from.
    """

    name: str
    metric: Key
    rows: Rows
    left_out: int
    components: VarianceComponents

    @property
    def value(self) -> Value:
        """The mean over draws."""
        mean, error = self.components.mean, self.components.stderr_mean
        return Value(mean, error, len(self.rows), "draws", normal_interval(mean, error))

    @property
    def sentence(self) -> str:
        """What was found, in one line."""
        found, metric = self.components, self.metric[0]
        low, high = min(found.by_draw), max(found.by_draw)
        line = (
            f"{self.name}: {metric} {found.mean:.4f} ± {1.96 * found.stderr_mean:.4f} over {len(found.by_draw)} draws"
        )
        line += f" of the examples ({low:.4f} to {high:.4f}). One draw is sure to ± {1.96 * found.stderr_one_draw:.4f}"
        if found.draw_share is None:
            return f"{line}: no score varies."
        return f"{line}: of the spread, {100 * found.draw_share:.0f} % is the choice of examples."


def check_draws(exam: Exam, config: RunConfig) -> None:
    """Refuse several draws where no task has any, and say which tasks have none.

    Args:
        exam: The tasks.
        config: The settings.

    Raises:
        UsageError: No task draws examples by a seed.
    """
    if not config.fewshot_seeds:
        return
    reasons = {task.spec.name: reason for task in exam.tasks if (reason := _why_not(task)) is not None}
    if not reasons:
        return
    by_reason: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        by_reason.setdefault(reason, []).append(name)
    lines = [
        f"{', '.join(names[:SHOWN])}{f' and {len(names) - SHOWN} more' if len(names) > SHOWN else ''}: {reason}"
        for reason, names in by_reason.items()
    ]
    if len(reasons) == len(exam.tasks):
        raise UsageError(
            f"--fewshot_seeds needs examples that a seed draws, and no task has any ({'; '.join(lines)}).",
            hint="--num_fewshot N adds examples where a task has none. 'fewshot_config: {sampler: default}' in its "
            "task file draws them.",
        )
    log.warning(
        "--fewshot_seeds has no effect on %d of %s (%s).",
        len(reasons), counted(len(exam.tasks), "task"), "; ".join(lines),
    )  # fmt: skip


def _why_not(task: AnyTask) -> str | None:
    if not isinstance(task, Task):
        return "a class makes their prompts by itself"
    if task.spec.n_shot == 0:
        return "no few-shot examples"
    return None if task.draws_examples() else "the same examples by any seed"


def draw_scores(task: AnyTask, values: MetricValues, draws: int) -> list[DrawScores]:
    """A task's means under several draws.

    Args:
        task: The task.
        values: What its documents gave under each draw, which is their variant.
        draws: How many there are.
    """
    if not isinstance(task, Task) or not task.draws_examples():
        return []
    uses = {use.name: use for use in (*task.uses, *task.derived.values())}
    made: list[DrawScores] = []
    for key, column in values.columns.items():
        row = aggregation_row(uses[key[0]].aggregation) if key[0] in uses else None
        if row is None or not row.plain_mean:
            continue
        by_document: dict[int, dict[int, float]] = {}
        for doc_id, variant, value in zip(column.doc_ids, column.variants, column.values, strict=True):
            if isinstance(value, int | float) and math.isfinite(value):
                by_document.setdefault(doc_id, {})[variant] = float(value)
        rows = [tuple([one[draw] for draw in range(draws)]) for one in by_document.values() if len(one) == draws]
        left_out = values.requested - len(rows)
        if len(rows) < 2:
            log.warning("Task '%s': fewer than two documents have %s under every draw.", task.spec.name, key[0])
            continue
        made.append(DrawScores(task.spec.name, key, rows, left_out, variance_components(rows)))
    return made


def with_draws(result: TaskResult, found: Sequence[DrawScores]) -> TaskResult:
    """A task's scores with their errors of one draw, and the means over draws.

    Args:
        result: Its scores; values and lm-eval's errors stay as they are.
        found: Of :func:`draw_scores`.
    """
    values, better = dict(result.values), dict(result.higher_is_better)
    for one in found:
        (metric, name), own = one.metric, values.get(one.metric)
        if own is None:
            continue
        values[one.metric] = replace(own, errors={**own.errors, ONE_DRAW: one.components.stderr_one_draw})
        values[f"{metric}{MEAN}", name] = one.value
        better[f"{metric}{MEAN}"] = better.get(metric)
    return replace(result, values=values, higher_is_better=better)


def group_draws(group: GroupSpec, leaves: Sequence[str], found: Mapping[str, Sequence[DrawScores]]) -> list[DrawScores]:
    """The means of a group that is weighted by size: of all documents of its tasks.

    Args:
        group: The group.
        leaves: Its tasks.
        found: The scores of tasks.

    Returns:
        Nothing of a score that one of its tasks lacks, or that is the plain mean over tasks.
    """
    made: list[DrawScores] = []
    for entry in group.aggregates:
        if not entry.weight_by_size:
            continue
        keys = {one.metric for name in leaves for one in found.get(name, ()) if one.metric[0] == entry.metric}
        for key in sorted(keys):
            parts = [one for name in leaves for one in found.get(name, ()) if one.metric == key]
            if len(parts) == len(leaves):
                rows = [row for one in parts for row in one.rows]
                left_out = sum(one.left_out for one in parts)
                made.append(DrawScores(group.name, key, rows, left_out, variance_components(rows)))
    return made


def group_with_draws(result: GroupResult, found: Sequence[DrawScores]) -> GroupResult:
    """The same of a group as :func:`with_draws` of a task.

    Args:
        result: Its scores.
        found: Of :func:`group_draws`.
    """
    values, counts, better = dict(result.values), dict(result.sample_count), dict(result.higher_is_better)
    for one in found:
        (metric, name), own = one.metric, values.get(one.metric)
        if own is None:
            continue
        values[one.metric] = replace(own, errors={**own.errors, ONE_DRAW: one.components.stderr_one_draw})
        values[f"{metric}{MEAN}", name] = one.value
        counts[f"{metric}{MEAN}", name] = len(one.rows)
        better[f"{metric}{MEAN}"] = better.get(metric)
    return replace(result, values=values, sample_count=counts, higher_is_better=better)


def draw_facts(found: Sequence[DrawScores], config: RunConfig) -> dict[str, Any]:
    """What the results file says, under ``fewshot_seeds``.

    Args:
        found: Of tasks and groups.
        config: The settings.
    """
    if not config.fewshot_seeds:
        return {}
    first = config.seed.fewshot or 0
    seeds = [first + number for number in range(config.fewshot_seeds)]
    return {"fewshot_seeds": {"seeds": seeds, "scores": [_facts(one) for one in found]}}


def _facts(one: DrawScores) -> dict[str, Any]:
    found = one.components
    return {
        "name": one.name,
        "metric": one.metric[0],
        "filter": one.metric[1],
        "sentence": one.sentence,
        "documents": len(one.rows),
        "left_out": one.left_out,
        "by_draw": list(found.by_draw),
        "mean": found.mean,
        "stderr_mean": found.stderr_mean,
        "stderr_one_draw": found.stderr_one_draw,
        "draw_share": found.draw_share,
        "var_documents": found.var_items,
        "var_draws": found.var_draws,
        "var_rest": found.ms_residual,
        "var_documents_raw": found.var_items_raw,
        "var_draws_raw": found.var_draws_raw,
        "quantiles": None if found.quantiles is None else list(found.quantiles),
    }
