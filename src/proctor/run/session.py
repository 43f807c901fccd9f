"""One run, ten steps: from a configuration to a result, and nothing else.

Everything that can be wrong without the model (names, task files, metrics, data, prompts) is
found before the model is loaded.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from proctor.foreign import ends_in_errors
from proctor.models import model_kind
from proctor.models.protocols import Model
from proctor.results.samples import Samples
from proctor.run.ask import ResponseSource
from proctor.run.budget import set_batches, set_budget
from proctor.run.chunks import ROOM, ChunkLimits, plan_chunks
from proctor.run.document_marks import marks_of
from proctor.run.draw_results import check_draws
from proctor.run.exam import Exam, check_exam, load_exam
from proctor.run.looks import HELD, LookChunks, plan_stops
from proctor.run.loop import RecordSink, request_and_grade
from proctor.run.model import open_configured
from proctor.run.progress import OpenProgress
from proctor.run.run_store import RunStore
from proctor.run.scores import MetricValues
from proctor.run.seeds import seed_everything
from proctor.run.summary import ModelFacts, summarize
from proctor.run_result import RunResult
from proctor.sandbox.consent import code_consent
from proctor.settings.config import RunConfig

BOOTSTRAP_ITERS = 100_000


@ends_in_errors
def evaluate(
    config: RunConfig,
    *,
    progress: OpenProgress,
    bootstrap_iters: int = BOOTSTRAP_ITERS,
    keep_records: bool | None = None,
    opened: Model | None = None,
    opener: Callable[[RunConfig], Model] | None = None,
    exam: Exam | None = None,
    samples: Samples | None = None,
    responses: ResponseSource | None = None,
    room: ChunkLimits = ROOM,
) -> RunResult:
    """Run ``config`` from task files to scores.

    Args:
        config: The settings.
        progress: ``progress(total, label)`` opens a display of ``total`` steps.
        bootstrap_iters: Resamples of a bootstrap; 0: no standard errors.
        keep_records: Whether the result holds the records; None: where they are logged and ``samples`` is None.
        opened: A model that responds instead of ``config.model``, which then only names it, and stays open.
        opener: Opens the model that ``config`` names, weights later; None: :func:`open_configured`, in this process.
        exam: Tasks that are loaded already, instead of ``config.tasks``.
        samples: Takes every record as it is graded.
        responses: Responses that are known, of a run without a store.
        room: How much is planned, sent to the model and graded at a time.

    Raises:
        ProctorError: One of :mod:`proctor.errors`; a user's mistake is raised before the model's weights are loaded.
    """
    started, clock = time.time(), time.perf_counter()
    # 1. The settings were parsed before. 2 and 4: names are selected, task files and documents loaded, before the
    # model is opened: whatever can be wrong with them costs seconds and no weights are read.
    if opened is None:
        model_kind(config.model)
    exam = _checked(exam or load_exam(config, progress), config)
    values_by_task = {name: MetricValues(name, marks=one) for name, one in marks_of(exam.tasks, config).items()}
    stops = plan_stops(exam, config) if config.early_stop else []
    # 3. The model is opened without its weights: its identity is part of keys, its chat template of prompts.
    model = opened or (opener or partial(open_configured, lazily=True))(config)
    in_memory = config.log_samples and samples is None if keep_records is None else keep_records
    sink = RecordSink(list(values_by_task) if in_memory else [], samples)
    try:
        prices = set_budget(model, config)
        set_batches(model, config)
        seed_everything(config.seed)
        # 5. Plan: every prompt is built once, so that an error in the last document is found before the first request.
        whole = plan_chunks(exam.tasks, config, model, progress, HELD if stops else room)
        chunks = LookChunks(whole, stops, config, values_by_task) if stops else whole
        # 6 to 8, chunk by chunk: look up responses in the store, request what is missing, grade into records.
        with (
            RunStore(config, model, started, responses) as store,
            code_consent(config.confirm_run_unsafe_code, remote=config.trust_remote_code),
        ):
            request_and_grade(model, chunks, store, values_by_task, config, progress=progress, take=sink.take)
            facts = ModelFacts.of(store, prices)
        # 9. Aggregate tasks, then groups. 10, files and table, is in proctor.run.finish.
        with store.stops_noted():
            ends = chunks.outcomes
            result = summarize(exam, config, model, values_by_task, facts, chunks.warnings, bootstrap_iters, ends)
    finally:
        if model is not opened:
            model.close()
    return replace(
        result,
        records=sink.records,
        started=started,
        seconds=time.perf_counter() - clock,
        hashes={} if samples is None else samples.hashes,
    )


def _checked(exam: Exam, config: RunConfig) -> Exam:
    """Tasks that go with the settings."""
    check_exam(exam, config)
    check_draws(exam, config)
    return exam
