"""All questions of a run, or as many at a time as fit into memory.

Ordinary runs are one chunk: what their prompts share is computed once, over all tasks. Larger
ones are planned twice: once to see that every prompt can be made before the model is asked
anything, and again a chunk at a time. What comes out does not depend on the chunks: a task is
only divided where its filters look at each document by itself, and the generators that task code
draws from are put back for the second planning.
"""

# Planning in chunks
# ------------------
#   survey     every document is planned once: errors of all of them, totals, warnings. If it fits, this is the plan.
#   again      else nothing of it is held, and documents are planned a second time, a chunk at a time:
#
#     tasks      | task 1 | task 2 ..........| task 3 |
#     chunks     |  chunk 1    |  chunk 2 |  chunk 3  |       divided within a task only if its filters allow that
#
# Why twice: whoever starts a run of millions of requests must not learn after a day that the last prompt cannot be
# made; holding all prompts instead may take more memory than there is. Planning is cheap beside answering.
#
# Invariant: scores do not depend on the limits. Few-shot draws are those of one pass (a task's documents are planned by
# one iterator), the global generators are put back to where planning left them before each chunk, and a task whose
# filters see all of its documents is one piece, whatever that takes.

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from proctor.check.chat import check_style
from proctor.check.task_checks import TaskChecks, warn
from proctor.errors import Finding
from proctor.models import declared_kind
from proctor.models.protocols import Model, OriginModel, RemoteModel
from proctor.plurals import counted
from proctor.random_state import random_state, set_random_state
from proctor.run.chunk_limits import ROOM, ChunkLimits, ChunkSize
from proctor.run.formulation_report import report_without_formulations
from proctor.run.order_results import report_without_orders
from proctor.run.progress import OpenProgress, Progress
from proctor.run.prompt_style import model_style
from proctor.run.selection import selection_of
from proctor.settings.config import RunConfig
from proctor.tasks.class_task import AnyTask, ClassTask
from proctor.tasks.plan import DocumentPlan, PlanErrors, TaskPlan, plan_documents
from proctor.tasks.prompt import PromptStyle

log = logging.getLogger("proctor")

STEP = 256
"""Documents that are planned in one step: to put the generators back and forth for each would cost as much again."""
IN_MEMORY = 3
"""Chunks of a model that computes elsewhere: one is graded, one requested, one planned."""
SCORED = frozenset({"loglikelihood", "loglikelihood_rolling"})
"""Kinds of requests to which log-likelihoods respond."""
OWN_FILTERS = "proctor.filters."
ACROSS_DOCUMENTS = ("Custom",)
"""Of proctor's own filters, the one that hands all documents to a function of the task."""


class QueryChunks:
    """What a run asks. Making it renders every prompt once, and raises the errors of all documents together.

    Args:
        tasks: Tasks with their data.
        config: The settings.
        style: How prompts are rendered.
        display: Advances by one per task.
        show: Called with the first document of each task.
        each_time: Every repeat is a query, whether it can give another response or not.
        room: How much a chunk may hold.
        at_once: How many chunks are in memory at a time, where there are several: each is so much smaller.

    Attributes:
        total: The number of queries.
        counted: The same as lm-eval counts, each option alone.
        documents: The number of documents.
        counted_by_task: ``counted`` of each task.
        warnings: By task, what was warned of.
        outcomes: How its parts ended, where it may stop early: nothing, it does not.

    Raises:
        ProctorError: Documents that cannot be planned, all in one error; or a chat template that drops them.
    """

    outcomes: tuple[()] = ()

    def __init__(
        self,
        tasks: Sequence[AnyTask],
        config: RunConfig,
        style: PromptStyle,
        *,
        display: Progress,
        show: Callable[[AnyTask, DocumentPlan], None] | None = None,
        each_time: bool = False,
        room: ChunkLimits = ROOM,
        at_once: int = 1,
    ) -> None:
        self._at_once = at_once
        self._each_time = each_time
        self._tasks, self._config, self._style = tasks, config, style
        # The class of a script responds in place of the kind that is named.
        self._scores = each_time or declared_kind(config.model).scores
        # A generator that a script seeded cannot be put back: planned once, and held.
        self._room = room if all(_is_repeatable(task) for task in tasks) else ChunkLimits(sys.maxsize, sys.maxsize)
        self._chance = _RandomState()
        self._per_request: dict[str, int] = {}
        self._chosen: dict[str, Sequence[int]] = {}
        self.total = self.counted = self.documents = 0
        self.counted_by_task: dict[str, int] = {}
        self.warnings: dict[str, list[str]] = {}
        check_style(style, [task.spec for task in tasks])
        self._plans: list[TaskPlan] | None = self._survey(display, show)
        report_without_orders(tasks, style)
        report_without_formulations(tasks, style)

    def plans(self) -> Iterator[Sequence[TaskPlan]]:
        """The tasks' plans, in order; a large task may stand in several chunks, each with some of its documents."""
        return (chunk for chunk in self.steps() if chunk is not None)

    def steps(self) -> Iterator[Sequence[TaskPlan] | None]:
        """The same, and None each time that :data:`STEP` documents were planned and the chunk goes on."""
        if self._plans is not None:
            yield self._plans
            return
        chunks = self._planned_anew()
        while True:
            with self._chance:
                try:
                    chunk = next(chunks)
                except StopIteration:
                    return
            yield chunk

    def _survey(self, display: Progress, show: Callable[[AnyTask, DocumentPlan], None] | None) -> list[TaskPlan] | None:
        """Plan everything; what was planned, if it fits into one chunk."""
        plans: list[TaskPlan] | None = []
        errors, size = PlanErrors(), ChunkSize(self._room)
        for task in self._tasks:
            documents: list[DocumentPlan] = []
            requests, counted, sampled, scored = 0, 0, False, False
            checks = self._checks(task)
            for number, planned in enumerate(self._documents(task, errors)):
                if checks is not None:
                    checks.look(planned.example)
                if show is not None and number == 0:
                    show(task, planned)
                self.documents += 1
                requests += len(planned.asks)
                for ask in planned.asks:
                    request = ask.request
                    counted += request.count
                    sampled = sampled or request.is_sampled
                    scored = scored or request.kind in SCORED
                # ``size`` goes on over tasks: as soon as it is over, what was held is let go, and only totals are
                # counted.
                size.add(task, planned)
                if size.is_over:
                    plans = None
                    documents.clear()
                else:
                    documents.append(planned)
            per_request = self._per_request[task.spec.name] = task.spec.repeats if sampled or self._each_time else 1
            self.total += requests * per_request
            self.counted += counted * per_request
            self.counted_by_task[task.spec.name] = counted * per_request
            if plans is not None:
                plans.append(TaskPlan(task, tuple(documents), per_request))
            if checks is not None:
                mistakes, warnings = checks.finish()
                errors.add(mistakes)
                if warnings:
                    self.warnings[task.spec.name] = warn(warnings)
            if scored and not self._scores:
                errors.add([_no_scores(task, self._config)])
            display.advance(1)
        errors.check()
        return plans

    def _checks(self, task: AnyTask) -> TaskChecks | None:
        return None if isinstance(task, ClassTask) else TaskChecks(task, self._positions(task), self._style)

    def _positions(self, task: AnyTask) -> Sequence[int]:
        name = task.spec.name
        if name not in self._chosen:
            self._chosen[name] = task.positions(selection_of(self._config, name))
        return self._chosen[name]

    def _documents(self, task: AnyTask, errors: PlanErrors | None = None) -> Iterator[DocumentPlan]:
        return plan_documents(task, self._positions(task), self._config.seed.fewshot, self._style, errors)

    def _planned_anew(self) -> Iterator[list[TaskPlan] | None]:
        chunk: list[TaskPlan] = []
        room = self._room.divided(self._at_once)
        size = ChunkSize(room)
        for task in self._tasks:
            documents: list[DocumentPlan] = []
            per_request, divisible = self._per_request[task.spec.name], is_divisible(task)
            for planned in self._documents(task):
                size.add(task, planned)
                # A chunk holds a document at least, and a task that cannot be divided begins a chunk rather than being
                # divided by one.
                if size.is_over and (chunk or documents) and (divisible or not documents):
                    if documents:
                        chunk.append(TaskPlan(task, tuple(documents), per_request))
                    yield chunk
                    chunk, documents, size = [], [], ChunkSize(room)
                    size.add(task, planned)
                documents.append(planned)
                if len(documents) % STEP == 0:
                    yield None
            chunk.append(TaskPlan(task, tuple(documents), per_request))
        yield chunk


def _no_scores(task: AnyTask, config: RunConfig) -> Finding:
    """The error of a task that needs log-likelihoods of a model that gives none."""
    message = f"task '{task.spec.name}' needs log-likelihoods, which --model {config.model} does not give."
    kind = declared_kind(config.model)
    is_choice = not isinstance(task, ClassTask) and task.output.has_options
    hint = "Remove --mc off: its options can be chosen by label." if is_choice and kind.chooses else None
    return Finding(message, hint=hint)


def is_divisible(task: AnyTask) -> bool:
    """Whether its filters treat each document by itself; a task's own may look at all of them.

    Args:
        task: The task.
    """
    makers = [getattr(step.make, "func", step.make) for pipeline in task.pipelines for step in pipeline.steps]
    return all(
        str(getattr(make, "__module__", "")).startswith(OWN_FILTERS)
        and getattr(make, "__name__", "") not in ACROSS_DOCUMENTS
        for make in makers
    )


def _is_repeatable(task: AnyTask) -> bool:
    """Whether its examples are drawn alike a second time; a script may have seeded its own generator."""
    return not (isinstance(task, ClassTask) and task.is_seeded)


class _RandomState:
    """The state of the global generators for planning, apart from that for everything else; a context."""

    def __init__(self) -> None:
        self._planning = random_state()
        self._others: Mapping[str, Any] = {}

    def __enter__(self) -> None:
        self._others = random_state()
        set_random_state(self._planning)

    def __exit__(self, *_: object) -> None:
        self._planning = random_state()
        set_random_state(self._others)


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
    return [plan for chunk in questions.plans() for plan in chunk]


def plan_chunks(
    tasks: Sequence[AnyTask], config: RunConfig, model: Model, progress: OpenProgress, room: ChunkLimits
) -> QueryChunks:
    """The queries of a run; ``write_out`` shows the first of each task.

    Args:
        tasks: The tasks.
        config: The settings.
        model: The model: its chat template is used, and whether it takes every repetition of a request.
        progress: Opens a display.
        room: How much is planned at a time.
    """
    with progress(len(tasks), "Building prompts") as display:
        return QueryChunks(
            tasks,
            config,
            model_style(config, model),
            display=display,
            show=_write_out if config.write_out else None,
            each_time=isinstance(model, OriginModel),
            room=room,
            at_once=IN_MEMORY if isinstance(model, RemoteModel) else 1,
        )


def _write_out(task: AnyTask, planned: DocumentPlan) -> None:
    log.info(
        "Task '%s', document %d, %s.\n--- first request\n%s\n--- target\n%s\n---",
        task.spec.name,
        planned.example.doc_id,
        counted(len(planned.asks), "request"),
        planned.asks[0].request,
        planned.example.target,
    )
