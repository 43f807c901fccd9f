"""Chunk by chunk: send the missing requests of a chunk, grade its documents, pass the records on and forget them."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack

from proctor.models.protocols import LoadableModel, Model, OriginModel, RemoteModel
from proctor.records import Record
from proctor.results.samples import Samples
from proctor.run.ask import PendingQueries, Seen
from proctor.run.background import Background
from proctor.run.chunks import QueryChunks
from proctor.run.grade import grade
from proctor.run.looks import LookChunks
from proctor.run.not_a_number import broken_documents
from proctor.run.origins import origins
from proctor.run.progress import TIME, OpenProgress, Progress
from proctor.run.refusals import RefusalLimit
from proctor.run.replay_model import ReplayModel
from proctor.run.run_store import RunStore
from proctor.run.scores import MetricValues
from proctor.run.status import TaskWatch
from proctor.settings.config import RunConfig
from proctor.tasks.plan import TaskPlan, count_requests
from proctor.types import Response

Take = Callable[[Record], None]


def request_and_grade(
    model: Model,
    chunks: QueryChunks | LookChunks,
    store: RunStore,
    values_by_task: Mapping[str, MetricValues],
    config: RunConfig,
    *,
    progress: OpenProgress,
    take: Take,
) -> None:
    """Send what is not stored to the model, and add what a run's documents gave to ``values_by_task``.

    Args:
        model: Gets the requests.
        chunks: The run's documents.
        store: Has the responses that are known, and takes the new ones as they arrive.
        values_by_task: Of every task; they are added to.
        config: ``fail_fast``: the first document that cannot be graded ends the run. ``max_errors``: how many requests
            may be refused, as :class:`~proctor.run.refusals.RefusalLimit` has it.
        progress: Opens a display.
        take: Gets every record, task by task and within a chunk filter by filter.
    """
    fail_fast = config.fail_fast
    limit = None if config.max_errors == math.inf else RefusalLimit(config.max_errors, chunks.total)
    left = chunks.total
    # Before the first chunk: the message of a run that is stopped there counts against the whole run.
    store.expect(chunks.counted)
    display: Progress | None = None
    watch = progress if isinstance(progress, TaskWatch) else None
    if watch is not None:
        watch.expect(chunks.counted_by_task, chunks.documents)
        take = _both(take, watch.graded)
    background = None
    if isinstance(model, RemoteModel) and isinstance(chunks, QueryChunks) and not fail_fast:
        background = Background(chunks.steps())
    with ExitStack() as stack:
        for chunk in chunks.plans() if background is None else background.chunks():
            pending = store.pending([query for plan in chunk for query in plan.queries()])
            seen = None if watch is None else watch.follow(pending.by_task, chunk)
            if display is None:
                # Before the display, so that what is said while weights are read stands above it.
                if pending.missing and isinstance(model, LoadableModel):
                    with progress(0, _loading(model), TIME):
                        model.load()
                display = stack.enter_context(progress(chunks.counted, "Answering", "requests"))
            if isinstance(model, ReplayModel) and isinstance(chunks, LookChunks) and _ends_scope(chunks, pending):
                continue
            advance = _advance(display, background)
            responses = _request(model, chunk, pending, store, advance, seen, fail_fast=fail_fast, limit=limit)
            if responses is None:
                continue
            left -= len(responses)
            if left <= 0:
                # What follows is grading: the display has nothing more to say.
                stack.close()
            grading = _grade(chunk, responses, values_by_task, take, fail_fast=fail_fast)
            if background is None:
                deque(grading, maxlen=0)
            else:
                background.grade(grading)
        if background is not None:
            background.finish()
    if isinstance(model, ReplayModel):
        model.check()


def _loading(model: Model) -> str:
    """What a display calls the time before the first response."""
    return model.loading if isinstance(model, RemoteModel) else "Loading model"


def _both(take: Take, also: Take) -> Take:
    def both(record: Record) -> None:
        take(record)
        also(record)

    return both


def _advance(display: Progress, background: Background | None) -> Callable[[int], None]:
    """What is called for each response: the display, and what is done meanwhile."""
    if background is None:
        return display.advance

    def advance(count: int) -> None:
        display.advance(count)
        background.step()

    return advance


def _ends_scope(chunks: LookChunks, pending: PendingQueries) -> bool:
    """Whether an earlier run that stopped asked nothing of this chunk: there its documents end."""
    return not pending.counts.cached and bool(pending.missing) and chunks.end_here()


def _request(
    model: Model,
    chunk: Sequence[TaskPlan],
    pending: PendingQueries,
    store: RunStore,
    advance: Callable[[int], None],
    seen: Seen | None,
    *,
    fail_fast: bool,
    limit: RefusalLimit | None,
) -> list[Response] | None:
    """The answers; None where some are missing and nobody can be asked."""
    if isinstance(model, ReplayModel) and pending.missing:
        model.note_missing([pending.queries[place] for place in pending.missing])
        return None
    about = origins(chunk) if isinstance(model, OriginModel) else None
    # An OriginModel is a script's: it may look at the document, which no other model ever sees.
    responses = pending.ask(model, advance, about, seen=seen, fail_fast=fail_fast, limit=limit)
    store.close_chunk()
    return responses


def _grade(
    chunk: Sequence[TaskPlan],
    responses: Sequence[Response],
    values_by_task: Mapping[str, MetricValues],
    take: Take,
    *,
    fail_fast: bool,
) -> Iterator[None]:
    """Grade a chunk, a document at each step."""
    position = 0
    for plan in chunk:
        metric_values = values_by_task[plan.task.spec.name]
        count = count_requests([plan])
        answered = responses[position : position + count]
        metric_values.note_nan(broken_documents(plan, answered))
        metric_values.texts.add(answered)
        metric_values.choices.add(answered)
        # Scoring is called twice for the first documents of a task only, hence in the first chunk that has some.
        for record in grade(plan, answered, fail_fast=fail_fast, check=metric_values.requested == 0):
            metric_values.add(record)
            take(record)
            yield
        position += count


class RecordSink:
    """Where records go: into the run's result (those of the tasks ``names``), to a file, or nowhere."""

    def __init__(self, names: Sequence[str], samples: Samples | None) -> None:
        self._lists: dict[str, dict[str, list[Record]]] = {name: {} for name in names}
        self._samples = samples

    def take(self, record: Record) -> None:
        """Pass a record on."""
        if self._samples is not None:
            self._samples.write(record)
        if self._lists:
            self._lists[record.task].setdefault(record.filter, []).append(record)

    @property
    def records(self) -> dict[str, Sequence[Record]]:
        """By task: all documents under the first filter, then all under the next."""
        return {name: [record for some in filters.values() for record in some] for name, filters in self._lists.items()}
