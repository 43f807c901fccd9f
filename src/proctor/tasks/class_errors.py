"""Whatever a class of a task file raises, as a sentence with the line that names the class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proctor.errors import Finding, ProctorError, TaskError
from proctor.foreign import ForeignExitError, no_exit
from proctor.lazy import remedy
from proctor.tasks.fields import describe
from proctor.tasks.spec import TaskSpec
from proctor.types import Doc


class errors_of_class:
    """Makes sentences of what a class raises. ``doc``: it was busy with a document."""

    def __init__(self, spec: TaskSpec, doc: Doc | None = None) -> None:
        self._spec, self._doc = spec, doc

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        if error is None or isinstance(error, ProctorError):
            return
        failure: BaseException = error
        try:
            no_exit().__exit__(kind, error, trace)
        except ForeignExitError as leaving:
            failure = leaving
        if not isinstance(failure, Exception):
            return
        doc = self._doc if isinstance(self._doc, Mapping) else None if self._doc is None else {}
        finding: Finding = self._spec.error(f"its class {describe(failure, doc)}", "class", hint=_remedy(failure))
        raise TaskError(finding) from failure


def _remedy(error: Exception) -> str | None:
    if isinstance(error, ModuleNotFoundError) and error.name:
        return remedy(error.name)
    return None
