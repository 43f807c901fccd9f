"""One run, ten steps: from a configuration to a result, and nothing else.

Everything that can be wrong without the model (names, task files, metrics, data, prompts) is
found before the model is loaded.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence

from proctor.foreign import ends_in_errors
from proctor.models import model_kind, open_model
from proctor.results.samples import Samples
from proctor.run.aggregate import group_results, task_result
from proctor.run.ask import ResponseSource
from proctor.run.chunks import ROOM, ChunkLimits, QueryChunks
from proctor.run.exam import Exam, check_unsafe, load_exam, refuse_media, takes_media, warn_of_surprises
from proctor.run.facts import config_section, model_facts, sandbox_facts, score_facts, stock_facts, tokenizer_facts
from proctor.run.loop import RecordSink, answer_and_grade
from proctor.run.not_a_number import report_nan
from proctor.run.progress import OpenProgress
from proctor.run.prompt_style import model_style
from proctor.run.run_store import RunStore
from proctor.run.scores import MetricValues, facts_of, failure_report
from proctor.run.seeds import seed_everything
from proctor.run.text_counts import report_texts
from proctor.run_result import RunResult, TaskResult
from proctor.sandbox.consent import code_consent
from proctor.sandbox.run import bounds_report
from proctor.settings.config import RunConfig
from proctor.tasks.class_task import AnyTask
from proctor.tasks.plan import DocumentPlan
from proctor.tasks.spec import TaskSpec
from proctor.types import Model, OriginModel, UngradedDocuments

log = logging.getLogger("proctor")
BOOTSTRAP_ITERS = 100_000


@ends_in_errors
def evaluate(
    config: RunConfig,
    *,
    progress: OpenProgress,
    bootstrap_iters: int = BOOTSTRAP_ITERS,
    keep_records: bool | None = None,
    opened: Model | None = None,
    exam: Exam | None = None,
    samples: Samples | None = None,
    answers: ResponseSource | None = None,
    room: ChunkLimits = ROOM,
) -> RunResult:
    """Run ``config`` from task files to scores.

    Args:
        config: The settings.
        progress: ``progress(total, label)`` opens a display of ``total`` steps.
        bootstrap_iters: Resamples of a bootstrap; 0: no standard errors.
        keep_records: Whether the result holds the records; None: where ``log_samples`` wants them and ``samples`` is
            None.
        opened: A model that is open already: it responds instead of ``config.model``, which then only names it, and
            stays open.
        exam: Tasks that are loaded already, instead of ``config.tasks``.
        samples: Takes every record as it is graded.
        answers: Responses that are known, of a run without a store.
        room: How much is planned, sent to the model and graded at a time.

    Raises:
        ProctorError: One of :mod:`proctor.errors`; a user's mistake is raised before the model's weights are loaded.
    """
    started, clock = time.time(), time.perf_counter()
    if opened is None:
        model_kind(config.model)
    exam = exam or load_exam(config, progress)
    refuse_media([task.spec.name for task in exam.tasks if takes_media(task)])
    check_unsafe([task.spec for task in exam.tasks], config.confirm_run_unsafe_code)
    warn_of_surprises(config, [task.spec for task in exam.tasks])
    model = opened or open_configured(config, lazily=True)
    values_by_task = {task.spec.name: MetricValues(task.spec.name) for task in exam.tasks}
    kept_here = config.log_samples and samples is None if keep_records is None else keep_records
    sink = RecordSink(list(values_by_task) if kept_here else [], samples)
    try:
        seed_everything(config.seed)
        questions = _ask_for(exam, config, model, progress, room)
        with (
            RunStore(config, model, started, answers) as kept,
            code_consent(config.confirm_run_unsafe_code, remote=config.trust_remote_code),
        ):
            answer_and_grade(
                model, questions, kept, values_by_task, progress=progress, take=sink.take, fail_fast=config.fail_fast
            )
            facts, digest = dict(kept.facts()), kept.digest
        _warn_of_own_means([task.spec for task in exam.tasks])
        results, failed = _aggregate(exam.tasks, values_by_task, bootstrap_iters, fail_fast=config.fail_fast)
        broken = report_nan([task.spec for task in exam.tasks], values_by_task)
        groups = group_results(exam.groups, exam.leaves, {result.name: result for result in results})
        report, extra = dict(model.report()), model_facts(config, model)
        own = {"device": facts.get("device"), **report, **({"model_digest": digest} if digest else {})}
        own |= stock_facts({task.spec.name: task.spec.file for task in exam.tasks})
        own |= report_texts({name: one.texts for name, one in values_by_task.items()})
        own |= {"warnings": questions.warnings} if questions.warnings else {}
        own |= {} if config.strict_lm_eval else score_facts([*results, *groups])
    finally:
        if model is not opened:
            model.close()
    return RunResult(
        tasks=tuple(results),
        groups=groups,
        records=sink.records,
        config=config_section(config, facts, report, bootstrap_iters),
        extra={**tokenizer_facts(facts), **extra, "proctor": {**own, **sandbox_facts(), **facts_of(failed), **broken}},
        started=started,
        seconds=time.perf_counter() - clock,
        failed=failed,
        not_a_number=broken.get("not_a_number", {}),
        hashes={} if samples is None else samples.hashes,
    )


def open_configured(config: RunConfig, *, lazily: bool = False) -> Model:
    """Open the model of a run.

    Args:
        config: The settings.
        lazily: Read its weights when it is first asked.
    """
    return open_model(
        config.model,
        config.model_args,
        batch_size=config.batch_size,
        max_batch_size=config.max_batch_size,
        device=config.device,
        threads=config.threads,
        lazily=lazily,
    )


def _ask_for(exam: Exam, config: RunConfig, model: Model, progress: OpenProgress, room: ChunkLimits) -> QueryChunks:
    """The questions of a run; ``write_out`` shows the first of each task."""
    with progress(len(exam.tasks), "Building prompts") as display:
        return QueryChunks(
            exam.tasks,
            config,
            model_style(config, model),
            display=display,
            show=_write_out if config.write_out else None,
            each_time=isinstance(model, OriginModel),
            room=room,
        )


def _write_out(task: AnyTask, planned: DocumentPlan) -> None:
    log.info(
        "Task '%s', document %d, %d requests.\n--- first request\n%s\n--- target\n%s\n---",
        task.spec.name,
        planned.example.doc_id,
        len(planned.asks),
        planned.asks[0].request,
        planned.example.target,
    )


def _aggregate(
    tasks: Sequence[AnyTask], values_by_task: Mapping[str, MetricValues], bootstrap_iters: int, *, fail_fast: bool
) -> tuple[list[TaskResult], tuple[UngradedDocuments, ...]]:
    """The tasks' results, and what could not be graded."""
    results = [
        task_result(task, values_by_task[task.spec.name], bootstrap_iters=bootstrap_iters, fail_fast=fail_fast)
        for task in tasks
    ]
    failed = tuple(one.failed for one in values_by_task.values() if one.failed is not None)
    for one in failed:
        log.error(failure_report(one))
    return results, failed


def _warn_of_own_means(tasks: Sequence[TaskSpec]) -> None:
    """Say so where the programs of a model did not run in the sandbox."""
    unsafe = [task.name for task in tasks if task.unsafe]
    if unsafe and bounds_report() is None:
        log.warning("The code of these tasks ran by its own means, outside the sandbox: %s.", ", ".join(unsafe))
