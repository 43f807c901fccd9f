"""Tasks with their data and functions: everything that is wrong with any of them at once.

What one cause makes wrong with many tasks is one line: a data set that is absent is asked for once,
however many tasks are parts of it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from proctor.causes import by_cause
from proctor.errors import DataError, Finding, ProctorError, TaskError
from proctor.run.progress import OpenProgress
from proctor.tasks.all_errors import all_errors
from proctor.tasks.class_task import AnyTask, bind_task
from proctor.tasks.sources.explain import AbsentDataError
from proctor.tasks.spec import TaskSpec
from proctor.tasks.task import Task

log = logging.getLogger("proctor")


def bind_tasks(specs: Sequence[TaskSpec], progress: OpenProgress) -> list[AnyTask]:
    """Load data and functions of every task.

    Raises:
        TaskError: the errors of all task files.
        DataError: no file has an error, but data cannot be had or read; all of them.
    """
    tasks: list[AnyTask] = []
    failures: list[ProctorError] = []
    absent: dict[str | None, AbsentDataError] = {}
    notes: list[Finding] = []
    with progress(len(specs), "Loading tasks") as display:
        for spec in specs:
            try:
                # Each attempt to reach a hub that cannot be reached costs its timeouts.
                if spec.data.path in absent and spec.made_by is None:
                    raise absent[spec.data.path].of(spec.name, spec.data.name)
                tasks.append(bind_task(spec))
            except AbsentDataError as error:
                absent.setdefault(spec.data.path, error)
                failures.append(error)
            except TaskError as error:
                # Binding stops at its first error; the others are looked for only now, so that good tasks pay nothing
                # for it.
                more = () if spec.made_by is not None else all_errors(spec, notes)
                failures.append(TaskError(list(dict.fromkeys([*error.errors, *more]))))
            except DataError as error:
                failures.append(error)
            display.advance(1)
    notes += [note for task in tasks if isinstance(task, Task) for note in task.splits.notes]
    _log_notes(notes)
    if failures:
        raise together(failures)
    return tasks


def together(failures: Sequence[ProctorError]) -> ProctorError:
    """Several errors as one: that of task files, if one of them is."""
    if len(failures) == 1:
        return failures[0]
    errors = [finding for failure in failures for finding in _errors(failure)]
    if any(isinstance(failure, TaskError) for failure in failures):
        return TaskError(list(dict.fromkeys(errors)))
    return DataError("\n".join(map(str, by_cause(errors))))


def _errors(failure: ProctorError) -> Sequence[Finding]:
    return failure.errors if isinstance(failure, TaskError) else (Finding(failure.message, hint=failure.hint),)


def _log_notes(notes: Sequence[Finding]) -> None:
    """How files were read that could not be read as they stand, once for all tasks."""
    for note in by_cause(notes):
        log.warning("%s", note)
