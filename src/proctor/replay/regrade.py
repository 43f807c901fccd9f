"""New filters, metrics and choices on responses that are there: a run with everything but its model.

An earlier run is found by its number, or by its results file; its responses are in the store, or in
the samples files beside its results (of lm-eval, too). Today's task files say what is asked, and
what was answered to exactly that is graded again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from proctor.replay.changes import Changes
from proctor.replay.earlier import find_past
from proctor.run.exam import load_exam
from proctor.run.finish import FinishedRun, check_output, complete_run
from proctor.run.progress import OpenProgress
from proctor.run.session import BOOTSTRAP_ITERS, evaluate
from proctor.run.status_file import watched_progress
from proctor.settings.config import RunConfig


def regrade(
    source: str | Path,
    changes: Changes,
    *,
    progress: OpenProgress,
    bootstrap_iters: int = BOOTSTRAP_ITERS,
    keep_records: bool = True,
) -> FinishedRun:
    """Grade an earlier run again and write the files.

    Args:
        source: A run's number in the store, or the path of its results file.
        changes: What is different this time.
        progress: Opens a display.
        bootstrap_iters: Resamples of a bootstrap; 0: no standard errors.
        keep_records: False: samples are written while they are graded, and are not in the result.

    Returns:
        Its settings as they are now, and what came out.

    Raises:
        ProctorError: There is no such run, or it lacks what grading takes.
    """
    check_output(changes.output_path)
    past = find_past(source, changes)
    # Without the chosen documents: they may name tasks that are not graded this time, which would be an error.
    exam = load_exam(replace(past.config, samples=None), progress, past.as_requested)
    config = _narrowed(past.config, [task.spec.name for task in exam.tasks])
    run = partial(
        evaluate,
        config,
        bootstrap_iters=bootstrap_iters,
        keep_records=keep_records,
        opened=past.model,
        responses=past.responses,
        exam=exam,
    )
    with watched_progress(config, progress) as watched:
        once = partial(run, progress=watched)
        return complete_run(config, lambda samples: once(samples=samples), stream_samples=not keep_records)


def _narrowed(config: RunConfig, names: Sequence[str]) -> RunConfig:
    """Chosen documents of tasks that are graded; those of others do not matter now."""
    if config.samples is None:
        return config
    return replace(config, samples={name: config.samples[name] for name in names if name in config.samples})
