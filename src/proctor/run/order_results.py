"""Scores over the orders of the options: added to a task's own scores, which they leave as they are."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from proctor.analysis.distributions import student_quantile
from proctor.analysis.draws import source_of
from proctor.analysis.order_positions import OrderPositions, order_positions
from proctor.analysis.order_scores import (
    ItemOrders,
    MeanOfItems,
    OrderedItem,
    OrderScores,
    item_orders,
    order_scores,
)
from proctor.analysis.pride_score import PrideScore, pride_score
from proctor.plurals import counted
from proctor.run.added_scores import CLEAN
from proctor.run.document_marks import DocumentMarks
from proctor.run.order_values import OrderValues
from proctor.run_result import ClusteredError, TaskResult, Value
from proctor.stats.intervals import normal_interval, wilson_interval
from proctor.tasks.class_task import AnyTask
from proctor.tasks.prompt import PromptStyle
from proctor.tasks.task import Task

log = logging.getLogger("proctor")

SHOWN = 3
"""Tasks that a warning names."""

MOST_TIES = 0.01
"""Share of orders decided by the position alone, two options being equally likely, above which that is said."""

NAMES: Mapping[str, tuple[str, bool | None]] = {
    "acc_orders_mean": ("mean", True),
    "acc_orders_worst": ("worst", True),
    "acc_orders_any": ("any", True),
    "sensitivity_gap": ("gap", False),
    "acc_orders_majority": ("majority", True),
    "acc_orders_avg_prob": ("average", True),
    "order_consistency": ("consistency", True),
    "order_consistent": ("consistent", True),
    "order_effect": ("effect", None),
}
"""Metric -> its field of :class:`OrderScores`, and whether higher is better. All of them are means over documents."""

_PROPORTIONS = ("acc_orders_worst", "acc_orders_any", "acc_orders_avg_prob", "order_consistent")


@dataclass(frozen=True, slots=True)
class OrderResult:
    """The scores of one task under one filter over the orders of its documents' options.

    ``is_stopped``: the run stopped early, so that neither errors nor tests of a fixed number of documents hold.
    """

    task: str
    filter: str
    scores: OrderScores
    positions: OrderPositions | None
    kinds: Mapping[str, int]
    left_out: int
    pride: PrideScore | None
    is_stopped: bool = False

    @property
    def sentence(self) -> str:
        """What was found, in one line."""
        own, mean, worst = self.scores.canonical, self.scores.mean, self.scores.worst
        line = f"{self.task}: {_number(own.value)} in the task's own order, {_number(mean.value)}"
        line += f" ± {1.96 * mean.stderr:.3f}" if mean.stderr and not self.is_stopped else ""
        line += f" over {counted(self.scores.orders, 'order')} of {counted(mean.n, 'document')}"
        if worst.value is not None:
            line += f", right in every order {_number(worst.value)}"
        places = self.positions
        if places is not None and places.p is not None:
            share = max(places.share)
            line += f". Position {places.share.index(share) + 1} is chosen in {share:.0%} of responses "
            line += f"({1 / places.options:.0%} expected{'' if self.is_stopped else f', p = {places.p:.2g}'})"
        unmoved = self.kinds.get("fixed", 0)
        return line + (f". {counted(unmoved, 'document')} with options that cannot move." if unmoved else ".")


def order_results(
    result: TaskResult,
    values: OrderValues,
    seed: int,
    *,
    is_stopped: bool = False,
    marks: DocumentMarks | None = None,
) -> tuple[TaskResult, list[OrderResult]]:
    """A task's scores with those over orders.

    Args:
        result: Its scores; those that are there stay as they are.
        values: What its documents gave in each order.
        seed: For the resamples of a standard error.
        is_stopped: Whether the run left out documents of the task.
        marks: Which of its documents are excluded, and which belong together.

    Returns:
        The scores, and the details of each filter that has ``acc``.
    """
    if not values:
        return result, []
    added, better, details = dict(result.values), dict(result.higher_is_better), []
    clusters, excluded = (None, None) if marks is None else (marks.clusters, marks.excluded)
    for name in values.filters:
        if ("acc", name) not in result.values:
            log.warning("Task '%s' has no acc: there are no scores over the orders of its options.", result.name)
            continue
        items, kinds = values.items(name, clusters)
        if not items:
            log.warning("Task '%s': no document has a score in all its orders.", result.name)
            continue
        read = [item_orders(item) for item in items]
        scores = order_scores(items, read)
        free = [place for place, kind in enumerate(kinds) if kind == "free"]
        positions = order_positions(
            [items[place] for place in free],
            [read[place] for place in free],
            source=source_of(seed, result.name, "order_rstd"),
        )
        found = {(metric, name): value for metric, value in _means(items, read).items()}
        if excluded is not None:
            rows = [row for row, doc_id in enumerate(values.documents(name)) if doc_id not in excluded]
            clean = _means([items[row] for row in rows], [read[row] for row in rows]) if rows else {}
            found |= {(f"{metric}{CLEAN}", name): value for metric, value in clean.items()}
        added |= found
        better |= {metric: NAMES[metric.removesuffix(CLEAN)][1] for metric, _ in found}
        if positions is not None and positions.rstd.value is not None:
            added["order_rstd", name] = Value(positions.rstd.value, positions.rstd_stderr, positions.items, "bootstrap")
            better["order_rstd"] = False
        pride = pride_score(items, source_of(seed, result.name, "acc_pride"))
        if pride is not None:
            added["acc_pride", name] = _value(pride, is_share=True)
            better["acc_pride"] = True
        left_out = values.left_out(name)
        details.append(
            OrderResult(result.name, name, scores, positions, values.kinds(name), left_out, pride, is_stopped)
        )
        _report(details[-1])
    return replace(result, values=added, higher_is_better=better), details


def _means(items: Sequence[OrderedItem], read: Sequence[ItemOrders]) -> dict[str, Value]:
    """The means over documents by metric, each with its error by clusters where documents belong together."""
    plain = order_scores([replace(item, cluster=None) for item in items], read)
    clustered = order_scores(items, read) if any(item.cluster is not None for item in items) else None
    found: dict[str, Value] = {}
    for metric, (field, _) in NAMES.items():
        mean: MeanOfItems = getattr(plain, field)
        if mean.value is not None:
            error = None if clustered is None else _clustered(getattr(clustered, field))
            found[metric] = replace(_value(mean, is_share=metric in _PROPORTIONS), clustered=error)
    return found


def report_without_orders(tasks: Sequence[AnyTask], style: PromptStyle) -> None:
    """Say once which tasks are shown in their own order alone.

    Args:
        tasks: All tasks, planned.
        style: How prompts are rendered; with other orders, or nothing is said.
    """
    if style.orders is None:
        return
    classes = [task.spec.name for task in tasks if not isinstance(task, Task)]
    if classes:
        log.warning(
            "--choice_orders has no effect on %d of %s: a class makes their prompts by itself (%s%s).",
            len(classes), counted(len(tasks), "task"), ", ".join(classes[:SHOWN]),
            ", ..." if len(classes) > SHOWN else "",
        )  # fmt: skip
    names = [task.spec.name for task in tasks if isinstance(task, Task) and not task.lists_options(style)]
    if names:
        log.warning(
            "--choice_orders has no effect on %d of %s: their prompts list no options that could be shown in "
            "another order (%s%s).",
            len(names), counted(len(tasks), "task"), ", ".join(names[:SHOWN]), ", ..." if len(names) > SHOWN else "",
        )  # fmt: skip


def _value(mean: MeanOfItems | PrideScore, *, is_share: bool) -> Value:
    assert mean.value is not None
    if mean.stderr is None:
        return Value(mean.value, n=mean.n)
    if is_share:
        interval = wilson_interval(round(mean.value * mean.n), mean.n)
        return Value(mean.value, mean.stderr, mean.n, "proportion", interval)
    return Value(mean.value, mean.stderr, mean.n, "mean", normal_interval(mean.value, mean.stderr))


def _clustered(mean: MeanOfItems) -> ClusteredError | None:
    """The error of a mean over documents that belong together; none where its documents are of no cluster."""
    if mean.value is None or mean.clusters is None:
        return None
    if not mean.stderr:
        return ClusteredError(mean.clusters, mean.stderr, None)
    half = student_quantile(0.975, mean.clusters - 1) * mean.stderr
    return ClusteredError(mean.clusters, mean.stderr, (mean.value - half, mean.value + half))


def _report(one: OrderResult) -> None:
    log.info("%s", one.sentence)
    scores = one.scores
    if scores.ties > MOST_TIES * scores.orders:
        log.warning(
            "Task '%s': in %s of %s orders two options were equally likely and the first won: a bias towards the first "
            "position that the model does not have.",
            one.task, f"{scores.ties:,}", f"{scores.orders:,}",
        )  # fmt: skip
    if one.left_out:
        log.warning(
            "Task '%s': %s without a score over orders, since an order could not be graded or the right "
            "option is unknown.",
            one.task, counted(one.left_out, "document"),
        )  # fmt: skip


def order_facts(details: Sequence[OrderResult], orders: str, keep: str) -> dict[str, Any]:
    """What the results file says, under ``choice_orders``.

    A list, not a mapping by name: what stands under a name that looks like a secret's is hidden.

    Args:
        details: Of all tasks.
        orders: The setting.
        keep: The setting of what keeps its place.
    """
    if orders == "canonical":
        return {}
    return {"choice_orders": {"orders": orders, "keep": keep, "tasks": [_details(one) for one in details]}}


def _details(one: OrderResult) -> dict[str, Any]:
    scores, places = one.scores, one.positions
    found: dict[str, Any] = {
        "task": one.task,
        "filter": one.filter,
        "sentence": one.sentence,
        "kinds": dict(one.kinds),
        "orders": scores.orders,
        "documents": scores.mean.n,
        "documents_in_several_orders": scores.worst.n,
        "left_out": one.left_out,
        "acc_canonical": scores.canonical.value,
        "acc_orders_at_least": list(scores.at_least),
        "nan_orders": scores.nan_orders,
        "ties": scores.ties,
    }
    if one.pride is not None:
        found["pride"] = {
            "documents": one.pride.n,
            "priors": [{"options": size, "prior": prior} for size, prior in one.pride.priors.items()],
        }
    if places is not None:
        found["positions"] = {
            "options": places.options,
            "documents": places.items,
            "chosen": list(places.share),
            "gold": list(places.gold_share),
            "recall": list(places.recall),
            "chi_square": places.test.statistic,
            "degrees_of_freedom": places.test.freedom,
            "p": None if one.is_stopped else places.p,
        }
    return found


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"
