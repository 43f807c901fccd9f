"""The end of a run before files and table: scores of tasks and groups, and what is worth knowing of them."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from proctor.models.prices import Prices
from proctor.models.protocols import Model
from proctor.run.aggregate import group_results, task_results
from proctor.run.budget import report_usage
from proctor.run.document_marks import mark_facts
from proctor.run.draw_results import (
    DrawScores,
    draw_facts,
    draw_scores,
    group_draws,
    group_with_draws,
    with_draws,
)
from proctor.run.exam import Exam, warn_of_unconfined
from proctor.run.facts import config_section, exam_facts, model_facts, model_report, tokenizer_facts
from proctor.run.formulation_report import formulation_facts, group_formulations, report_formulations
from proctor.run.formulation_results import FormulationResult, formulation_results
from proctor.run.not_a_number import report_nan
from proctor.run.order_results import OrderResult, order_facts, order_results
from proctor.run.refusals import report_refusals
from proctor.run.run_store import RunStore
from proctor.run.sample_errors import with_finite_error
from proctor.run.scores import MetricValues, facts_of, failure_report
from proctor.run.selection import document_seed
from proctor.run.stop_results import stop_facts, stop_sentence, stopped_group, stopped_task, stopped_tasks
from proctor.run.stopping import Outcome
from proctor.run.token_counts import TokenCounts
from proctor.run.variant_scores import without_errors
from proctor.run_result import RunResult, TaskResult
from proctor.settings.choice_settings import formulation_names
from proctor.settings.config import RunConfig

log = logging.getLogger("proctor")


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What is known of the model of a run once it has responded, also where it was not loaded.

    Attributes:
        info: :attr:`proctor.models.protocols.Model.info`.
        digest: Of its identity; None: its responses are not stored.
        refused: What the results file says of requests that it refused.
        paid: By task, the texts that were requested in this run.
        prices: What their tokens cost; None: not known.
    """

    info: Mapping[str, Any]
    digest: str | None
    refused: Mapping[str, Any]
    paid: Mapping[str, TokenCounts]
    prices: Prices | None

    @classmethod
    def of(cls, store: RunStore, prices: Prices | None) -> ModelFacts:
        """Those of a run that has all its responses; the log has how many requests were refused."""
        refused = report_refusals(store.refusals, store.counts.requested)
        return cls(dict(store.facts()), store.digest, refused, store.paid, prices)


def summarize(
    exam: Exam,
    config: RunConfig,
    model: Model,
    values_by_task: Mapping[str, MetricValues],
    facts: ModelFacts,
    warnings: Mapping[str, Any],
    bootstrap_iters: int,
    stopped: Sequence[Outcome] = (),
) -> RunResult:
    """Scores and facts of a run whose documents are graded; records, times and hashes are left to the caller.

    Args:
        exam: The tasks and groups.
        config: The settings.
        model: The model, still open: it reports how it computed its responses.
        values_by_task: The tasks' metrics by document.
        facts: What the store knows of the model.
        warnings: By task, what was wrong with its prompts.
        bootstrap_iters: Resamples of a bootstrap; 0: no standard errors.
        stopped: How each part of a run that may stop early ended.
    """
    warn_of_unconfined(exam.tasks)
    results, failed = task_results(exam.tasks, values_by_task, bootstrap_iters, fail_fast=config.fail_fast)
    partial = stopped_tasks(stopped)
    results, orders = _with_orders(results, values_by_task, config, partial)
    results, formulated = _with_formulations(results, values_by_task, config, partial)
    if config.limit_order == "random":
        results = [with_finite_error(result) for result in results]
    draws = _draws(exam, values_by_task, config)
    results = [with_draws(stopped_task(result, stopped), draws.get(result.name, ())) for result in results]
    together = group_formulations(exam.groups, exam.leaves, formulated, config.seed.fewshot or 0)
    report_formulations([*together, *formulated])
    nan = report_nan([task.spec for task in exam.tasks], values_by_task)
    groups = group_results(exam.groups, exam.leaves, {result.name: result for result in results})
    groups = tuple([group_with_draws(stopped_group(one, stopped), draws.get(one.name, ())) for one in groups])
    if not bootstrap_iters:
        results = [replace(one, values=without_errors(one.values)) for one in results]
        groups = tuple([replace(one, values=without_errors(one.values)) for one in groups])
    for one in stopped:
        log.info("%s", stop_sentence(one))
    report = dict(model.report())
    # lm-eval's own figures are asked for: nothing stands beside them that it does not know.
    scored = [] if config.strict_lm_eval else [*results, *groups]
    own = {
        **model_report(report, facts.info.get("device"), facts.digest),
        **exam_facts(exam.tasks, values_by_task, warnings, scored),
        **facts_of(failed),
        **order_facts(orders, config.choice_orders, config.choice_orders_keep),
        **mark_facts((one.marks for one in values_by_task.values()), config),
        **formulation_facts(formulated, together, config.formulations, choices_only=config.choices_only),
        **draw_facts([one for found in draws.values() for one in found], config),
        **facts.refused,
        **report_usage(report, facts.paid, facts.prices),
        **({"not_a_number": nan.counts} if nan.counts else {}),
    }
    return RunResult(
        tasks=tuple(results),
        groups=groups,
        records={},
        config=config_section(config, facts.info, report, bootstrap_iters) | _stop_section(stopped, config),
        extra={**tokenizer_facts(facts.info), **model_facts(config, model), "proctor": own},
        started=0.0,
        seconds=0.0,
        failed=failed,
        not_a_number=nan.counts,
        problems=(*map(failure_report, failed), *nan.sentences),
    )


def _stop_section(stopped: Sequence[Outcome], config: RunConfig) -> dict[str, Any]:
    return stop_facts(stopped, config.early_stop or "", document_seed(config)) if stopped else {}


def _draws(
    exam: Exam, values_by_task: Mapping[str, MetricValues], config: RunConfig
) -> Mapping[str, Sequence[DrawScores]]:
    """By name of task and group, its scores under several draws of the examples; the log has their sentences."""
    if not config.fewshot_seeds:
        return {}
    draws = config.fewshot_seeds
    tasks = {task.spec.name: draw_scores(task, values_by_task[task.spec.name], draws) for task in exam.tasks}
    groups = {group.name: group_draws(group, exam.leaves[group.name], tasks) for group in exam.groups}
    found = {**groups, **tasks}
    for one in (one for scores in found.values() for one in scores[:1]):
        log.info("%s", one.sentence)
    return found


def _with_formulations(
    results: Sequence[TaskResult],
    values_by_task: Mapping[str, MetricValues],
    config: RunConfig,
    partial: frozenset[str],
) -> tuple[list[TaskResult], list[FormulationResult]]:
    if config.predict_only:
        return list(results), []
    wanted, seed = formulation_names(config.formulations), config.seed.fewshot or 0
    pairs = [
        formulation_results(
            one,
            values_by_task[one.name].formulations,
            wanted,
            seed,
            is_stopped=one.name in partial,
            marks=values_by_task[one.name].marks,
        )
        for one in results
    ]
    return [result for result, _ in pairs], [one for _, one in pairs if one is not None]


def _with_orders(
    results: Sequence[TaskResult],
    values_by_task: Mapping[str, MetricValues],
    config: RunConfig,
    partial: frozenset[str],
) -> tuple[list[TaskResult], list[OrderResult]]:
    seed = config.seed.fewshot or 0
    pairs = [
        order_results(
            one,
            values_by_task[one.name].orders,
            seed,
            is_stopped=one.name in partial,
            marks=values_by_task[one.name].marks,
        )
        for one in results
    ]
    return [result for result, _ in pairs], [one for _, details in pairs for one in details]
