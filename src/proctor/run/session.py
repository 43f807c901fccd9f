"""One run, ten steps: from a configuration to a result, and nothing else.

Everything that can be wrong without the model (names, task files, metrics, data, prompts) is
found before the model is loaded.
"""

from __future__ import annotations

import logging
import random
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol

from proctor.errors import UsageError
from proctor.foreign import ends_in_errors
from proctor.models import model_kind, open_model
from proctor.results.samples import Samples
from proctor.run.aggregate import group_results, task_result
from proctor.run.ask import ResponseSource
from proctor.run.bind import bind_tasks
from proctor.run.chunks import ROOM, ChunkLimits, QueryChunks
from proctor.run.facts import config_section, model_facts, sandbox_facts, stock_facts, tokenizer_facts
from proctor.run.loop import RecordSink, answer_and_grade
from proctor.run.not_a_number import report_nan
from proctor.run.progress import OpenProgress
from proctor.run.run_store import RunStore
from proctor.run.scores import MetricValues, facts_of, failure_report
from proctor.sandbox.consent import code_consent
from proctor.sandbox.run import bounds_report
from proctor.settings.config import RunConfig, Seeds
from proctor.tasks.class_task import AnyTask, ClassTask
from proctor.tasks.fewshot import may_leak
from proctor.tasks.groups import GroupSpec
from proctor.tasks.index import build_index, report_errors
from proctor.tasks.plan import DocumentPlan, TaskPlan
from proctor.tasks.prompt import PromptStyle
from proctor.tasks.select import GroupNode, TaskNode, select
from proctor.tasks.spec import TaskSpec, override
from proctor.tasks.suite import Suite, build_suite
from proctor.types import Model, OriginModel, RunResult, TaskResult, UngradedDocuments

log = logging.getLogger("proctor")
BOOTSTRAP_ITERS = 100_000


@dataclass(frozen=True, slots=True)
class Exam:
    """What a run asks: tasks bound to their data, and the groups above them (see :class:`Suite`)."""

    tasks: tuple[AnyTask, ...]
    groups: tuple[GroupSpec, ...] = ()
    leaves: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


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
    _refuse_media([task.spec.name for task in exam.tasks if _takes_media(task)])
    _check_unsafe([task.spec for task in exam.tasks], config.confirm_run_unsafe_code)
    warn_of_surprises(config, [task.spec for task in exam.tasks])
    model = opened or open_configured(config, lazily=True)
    tallies = {task.spec.name: MetricValues(task.spec.name) for task in exam.tasks}
    kept_here = config.log_samples and samples is None if keep_records is None else keep_records
    sink = RecordSink(list(tallies) if kept_here else [], samples)
    try:
        seed_everything(config.seed)
        questions = _ask_for(exam, config, model, progress, room)
        with (
            RunStore(config, model, started, answers) as kept,
            code_consent(config.confirm_run_unsafe_code, remote=config.trust_remote_code),
        ):
            answer_and_grade(
                model, questions, kept, tallies, progress=progress, take=sink.take, fail_fast=config.fail_fast
            )
            facts, digest = dict(kept.facts()), kept.digest
        _warn_of_own_means([task.spec for task in exam.tasks])
        results, failed = _aggregate(exam.tasks, tallies, bootstrap_iters, fail_fast=config.fail_fast)
        broken = report_nan([task.spec for task in exam.tasks], tallies)
        groups = group_results(exam.groups, exam.leaves, {result.name: result for result in results})
        report, extra = dict(model.report()), model_facts(config, model)
        own = {"device": facts.get("device"), **report, **({"model_digest": digest} if digest else {})}
        own |= stock_facts({task.spec.name: task.spec.file for task in exam.tasks})
        own |= {"warnings": questions.warnings} if questions.warnings else {}
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


def load_exam(config: RunConfig, progress: OpenProgress, change: Callable[[TaskSpec], TaskSpec] | None = None) -> Exam:
    """The tasks that ``config`` names, with their data.

    Args:
        config: The settings.
        progress: Opens a display.
        change: Applied to each task before its data is loaded.
    """
    suite = select_suite(config)
    suite = suite if change is None else replace(suite, tasks=tuple(map(change, suite.tasks)))
    _refuse_media([task.name for task in suite.tasks if task.media])
    seed_everything(config.seed)
    with code_consent(config.confirm_run_unsafe_code, remote=config.trust_remote_code):
        return Exam(tuple(bind_tasks(suite.tasks, progress)), suite.groups, suite.leaves)


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


def select_suite(config: RunConfig) -> Suite:
    """Find, select and check the tasks, under the run's own settings.

    Args:
        config: The settings.

    Raises:
        ProctorError: A task file is wrong, a name is unknown, or nothing is selected.
    """
    index = build_index(config.include_path, report=False)
    selected = select(index, config.tasks)  # its errors are those of the files that are meant
    report_errors(index.errors)
    suite = suite_of(selected.nodes, config)
    if not suite.tasks:
        raise UsageError(f"No task was selected by {', '.join(config.tasks)}.", hint="proctor ls shows what there is.")
    check_samples(config, [task.name for task in suite.tasks])
    return suite


def suite_of(nodes: Sequence[TaskNode | GroupNode], config: RunConfig) -> Suite:
    """Selected tasks and groups as specs, under the run's own settings.

    Args:
        nodes: What was selected.
        config: The settings.

    Raises:
        UsageError: A task runs code of the model's, and that is not confirmed.
    """
    suite = build_suite(nodes, config.metadata)
    _check_unsafe(suite.tasks, config.confirm_run_unsafe_code)
    tasks = tuple(
        override(
            task,
            num_fewshot=config.num_fewshot,
            gen_kwargs=config.gen_kwargs,
            predict_only=config.predict_only,
            fewshot_exclude=config.fewshot_exclude,
            strict=config.strict_lm_eval,
        )
        for task in suite.tasks
    )
    for task, before in zip(tasks, suite.tasks, strict=True):
        if config.num_fewshot is not None and before.fewshot.n == 0 and config.num_fewshot != 0:
            log.info("Task '%s' says num_fewshot: 0 and keeps it.", task.name)
    return Suite(tasks, suite.groups, suite.leaves)


def check_samples(config: RunConfig, names: Sequence[str]) -> None:
    """``--samples`` may only name tasks that are selected.

    Args:
        config: The settings.
        names: The selected tasks.

    Raises:
        UsageError: It names others.
    """
    unknown = sorted(set(config.samples or {}) - set(names))
    if unknown:
        raise UsageError(f"--samples names tasks that are not selected: {', '.join(unknown)}.")


def _check_unsafe(tasks: Sequence[TaskSpec], confirmed: bool) -> None:
    unsafe = [task.name for task in tasks if task.unsafe]
    if unsafe and not confirmed:
        raise UsageError(
            f"These tasks run code that the model writes: {', '.join(unsafe)}.",
            hint="Add --confirm_run_unsafe_code if you accept that.",
        )


def _takes_media(task: AnyTask) -> bool:
    return task.takes_media if isinstance(task, ClassTask) else bool(task.spec.media)


def _refuse_media(names: Sequence[str]) -> None:
    if names:
        raise UsageError(
            f"These tasks show images or play sound, which no model here takes: {', '.join(names[:5])}"
            f"{f' and {len(names) - 5} more' if len(names) > 5 else ''}.",
            hint="'proctor preview' shows their text, 'proctor validate' checks their files.",
        )


def seed_everything(seeds: Seeds) -> None:
    """Seed Python's and numpy's generators now, and torch's if it is loaded.

    Args:
        seeds: A seed for each; None leaves one as it is.
    """
    import numpy

    if seeds.python is not None:
        random.seed(seeds.python)
    if seeds.numpy is not None:
        numpy.random.seed(seeds.numpy)
    if seeds.torch is not None and "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seeds.torch)


def warn_of_surprises(config: RunConfig, tasks: Sequence[TaskSpec]) -> None:
    """Warn once of what lm-eval does silently and what surprises its users.

    Args:
        config: The settings.
        tasks: The selected tasks.
    """
    leaking = [task.name for task in tasks if may_leak(task)]
    if leaking:
        log.warning(
            "Few-shot examples come from the split that is evaluated, so a document can be among its own examples, "
            "with its answer, in %d of %d tasks (%s%s). lm-eval does the same; --fewshot_exclude always keeps it out.",
            len(leaking), len(tasks), ", ".join(leaking[:3]), ", ..." if len(leaking) > 3 else "",
        )  # fmt: skip
    if config.system_instruction and not config.apply_chat_template:
        log.warning("--system_instruction without --apply_chat_template stands right before the prompt's first letter.")
    named = str(config.model_args.get("pretrained", "")).lower()
    if not config.apply_chat_template and ("inst" in named or "chat" in named):
        log.warning("The model's name suggests a chat model; --apply_chat_template is not given.")


class Renderer(Protocol):
    """What knows a chat template: a model, or a tokenizer alone."""

    def render(
        self, messages: Sequence[Mapping[str, str]], *, add_generation_prompt: bool, template: str | None = None
    ) -> str:
        """Apply the chat template, or the one called ``template``, to ``{role, content}`` messages."""
        ...


def model_style(config: RunConfig, renderer: Renderer | None) -> PromptStyle:
    """How prompts are rendered in this run.

    Args:
        config: The settings.
        renderer: Applies a chat template; None: prompts are plain text.
    """
    name, chat = config.apply_chat_template, None
    if name and renderer is not None:
        # lm-eval: a template's name is written down, and prompts are made with the default one.
        template = name if isinstance(name, str) and not config.strict_lm_eval else None
        chat = partial(renderer.render, template=template) if template else renderer.render
    return PromptStyle(
        chat=chat, multiturn=config.fewshot_as_multiturn is not False, system_instruction=config.system_instruction
    )


def plan_tasks(
    tasks: Sequence[AnyTask], config: RunConfig, style: PromptStyle, progress: OpenProgress
) -> list[TaskPlan]:
    """Render every prompt of the run, whatever memory that takes; the errors of all documents are raised together.

    Args:
        tasks: Tasks with their data.
        config: The settings.
        style: How prompts are rendered.
        progress: Opens a display.
    """
    with progress(len(tasks), "Building prompts") as display:
        questions = QueryChunks(tasks, config, style, display=display, room=ChunkLimits(sys.maxsize, sys.maxsize))
    return [plan for window in questions.windows() for plan in window]


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
        len(planned.requests),
        planned.requests[0],
        planned.example.target,
    )


def _aggregate(
    tasks: Sequence[AnyTask], tallies: Mapping[str, MetricValues], bootstrap_iters: int, *, fail_fast: bool
) -> tuple[list[TaskResult], tuple[UngradedDocuments, ...]]:
    """The tasks' results, and what could not be graded."""
    results = [
        task_result(task, tallies[task.spec.name], bootstrap_iters=bootstrap_iters, fail_fast=fail_fast)
        for task in tasks
    ]
    failed = tuple(tally.failed for tally in tallies.values() if tally.failed is not None)
    for one in failed:
        log.error(failure_report(one))
    return results, failed


def _warn_of_own_means(tasks: Sequence[TaskSpec]) -> None:
    """Say so where the programs of a model did not run in the sandbox."""
    unsafe = [task.name for task in tasks if task.unsafe]
    if unsafe and bounds_report() is None:
        log.warning("The code of these tasks ran by its own means, outside the sandbox: %s.", ", ".join(unsafe))
