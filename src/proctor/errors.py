"""One tree of errors, each a sentence with a place and a remedy, and their exit codes.

ProctorError            exit 1
├── UsageError          exit 2   a flag, a value
│   └── UnknownNameError         a name that does not exist: of a task, a model, a filter
├── TaskError           exit 2   errors in task files: all of them at once
├── DataError           exit 1   a data set that cannot be loaded, or holds nothing
├── ModelError          exit 1   a model that cannot be loaded or cannot answer (RequestError: one request)
├── MissingExtraError   exit 1   an optional package is not installed
└── OutputError         exit 1   results that cannot be written
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from typing import ClassVar

from proctor.findings import Finding as Finding

LONGEST_TEXT = 20_000
"""Letters of another's exception that are shown: its text may be as long as its writer likes."""


def error_text(error: BaseException) -> str:
    """``str(error)`` of an exception that others wrote: "" where its ``__str__`` fails or gives no text."""
    try:
        text = str(error)
    except (Exception, SystemExit, GeneratorExit):  # noqa: BLE001 - whatever a stranger's method raises
        return ""
    if len(text) > LONGEST_TEXT:
        from proctor.secrets import redact_text  # first: half a secret would not be recognised

        text = f"{redact_text(text)[:LONGEST_TEXT]} ..."
    return str.__str__(text)


def error_line(error: BaseException) -> str:
    """The type of an exception and, where it has a text, that text: ``ValueError: no such row``."""
    name, text = type.__dict__["__name__"].__get__(type(error)), error_text(error)
    return f"{name}: {text}" if text else name


def value_text(value: object) -> str:
    """``repr(value)`` of a value that others made, for a sentence: its type where that fails."""
    try:
        return str.__str__(repr(value))[:LONGEST_TEXT]
    except Exception:  # noqa: BLE001 - a class of a task's own code raises what it likes
        return f"a value of the type {type.__dict__['__name__'].__get__(type(value))}"


class ProctorError(Exception):
    """An error that is shown as a sentence, never as a traceback. Secrets in the sentence are hidden."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        from proctor.secrets import redact_text  # what goes well needs no regular expressions

        self.message = redact_text(message)
        self.hint = None if hint is None else redact_text(hint)
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class UsageError(ProctorError):
    """The command line asks for something that does not exist or makes no sense."""

    exit_code = 2


class UnknownNameError(UsageError):
    """A name that stands for nothing: of a task, a model, a metric, a filter, a sampler."""


class DataError(ProctorError):
    """A data set, a split or a document is missing or unusable."""


class ModelError(ProctorError):
    """A model cannot be loaded or cannot answer."""


class RequestError(ModelError):
    """A request that a model cannot answer; ``request`` is its position among those that it was given.

    Whoever knows the request's document says which one it is.
    """

    def __init__(self, request: int, message: str, *, hint: str | None = None) -> None:
        self.request = request
        super().__init__(message, hint=hint)


class MissingExtraError(ProctorError):
    """A package of an optional extra is not installed."""


class AnalysisError(ProctorError, ValueError):
    """Values of which a statistic cannot be computed: of different lengths, none at all, NaN, out of range."""


class OutputError(ProctorError):
    """A result cannot be written."""


class TaskError(ProctorError):
    """Task files have errors; ``errors`` lists all that were found."""

    exit_code = 2

    def __init__(self, errors: Sequence[Finding] | Finding) -> None:
        self.errors: tuple[Finding, ...] = (errors,) if isinstance(errors, Finding) else tuple(errors)
        from proctor.causes import by_cause

        super().__init__("\n".join(str(finding) for finding in by_cause(self.errors)))


def did_you_mean(name: str, candidates: Iterable[str], *, limit: int = 3) -> str | None:
    """A sentence that names the closest candidates, or None if none is close."""
    return suggestion(close_names(name, candidates, limit=limit))


def close_names(name: str, candidates: Iterable[str], *, limit: int = 3) -> list[str]:
    """The candidates that are closest to ``name``, at most ``limit``, the closest first."""
    pool = list(candidates)
    close = difflib.get_close_matches(name, pool, n=limit, cutoff=0.6)
    if not close:
        # Only where nothing is close as it is written: "MMLU" for "mmlu" is far away by letters.
        lowered = {candidate.lower(): candidate for candidate in pool}
        close = [lowered[hit] for hit in difflib.get_close_matches(name.lower(), list(lowered), n=limit, cutoff=0.6)]
    return close


def suggestion(names: Sequence[str]) -> str | None:
    """The sentence that asks whether one of ``names`` was meant; None if there are none."""
    if not names:
        return None
    *others, last = map(repr, names)
    return f"Did you mean {', '.join(others)} or {last}?" if others else f"Did you mean {last}?"


_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """``text`` with control characters written out as escapes, so that a name or a message drives no terminal.

    Line feeds and tabs stay.
    """
    return _CONTROL.sub(lambda match: ascii(match[0])[1:-1], text)
