"""Errors at the border to scripts written for lm-eval.

Such scripts catch what lm-eval raises: ``KeyError`` for an unknown task, ``ValueError`` for an unknown model,
``OSError`` for a checkpoint or data that cannot be reached. Inside, proctor has one tree of errors
(:mod:`proctor.errors`) that knows nothing of these. So an error that leaves a function which scripts call becomes
one of a class with two parents: proctor's own, and the built-in ones that stand in lm-eval's place.

Invariant: the sentence, the exit code and the cause stay; ``except ProctorError`` catches it as before.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from proctor.errors import (
    DataError,
    MissingExtraError,
    ModelError,
    OutputError,
    ProctorError,
    TaskError,
    UnknownNameError,
    UsageError,
)

P = ParamSpec("P")
R = TypeVar("R")

_BUILT_IN: tuple[tuple[type[ProctorError], tuple[type[Exception], ...]], ...] = (
    (UnknownNameError, (KeyError, ValueError)),
    (UsageError, (ValueError, TypeError)),
    # What is wrong in a task may be a file of its data.
    (TaskError, (OSError, KeyError, ValueError)),
    (DataError, (OSError, ValueError)),
    (ModelError, (OSError, RuntimeError)),
    (MissingExtraError, (ImportError,)),
    (OutputError, (OSError,)),
)
_FROM_CAUSE = (OSError, ImportError)
"""A cause of these kinds decides too: a task file is at error, say, because a file of its data is missing."""


def raises_built_in(function: Callable[P, R]) -> Callable[P, R]:
    """A decorator: errors of proctor leave ``function`` as errors of lm-eval's kinds, too."""

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except ProctorError as error:
            raise with_built_in(error) from error.__cause__

    return call


def with_built_in(error: ProctorError, *more: type[Exception]) -> ProctorError:
    """The same error, of a class that also derives from the built-in ones in its place, and from ``more``."""
    usual = next((built_in for kind, built_in in _BUILT_IN if isinstance(error, kind)), ())
    # A class cannot list a base before one that derives from it.
    parents = (*(kind for kind in usual if not any(issubclass(one, kind) for one in more)), *more)
    # What has fields of its own comes first: it is what makes the object.
    parents = (*_parents_from_cause(error, parents), *parents)
    if not parents or isinstance(error, parents):
        return error
    kind = _border_class(type(error), parents)
    # Without __init__, whose parameters differ between the classes: fields are copied.
    made = kind.__new__(kind)
    made.args = error.args
    vars(made).update(vars(error))
    return made.with_traceback(error.__traceback__)


def _parents_from_cause(error: ProctorError, parents: tuple[type[Exception], ...]) -> tuple[type[Exception], ...]:
    cause = error.__cause__
    while cause is not None:
        for kind in _FROM_CAUSE:
            # A class cannot derive from both of these: each has fields of its own.
            if isinstance(cause, kind) and not set(parents) & set(_FROM_CAUSE):
                return (kind,)
        cause = cause.__cause__
    return ()


@functools.cache
def _border_class(kind: type[ProctorError], parents: tuple[type[Exception], ...]) -> Any:
    return type(kind.__name__, (kind, *parents), {"__module__": __name__, "__doc__": kind.__doc__})
