"""Sending a run: everything is checked before it, and what fails after it is a sentence."""

# Two moments
# -----------
#   before the run   check_destination   arguments, package, its release, a key, a folder: an error before any request
#   after the run    send                a server that is gone, a project that is not allowed: a ReporterError, which a
#                                        run shows as a warning with the command that sends later
#
# Invariant: no exception of a tracker's package gets out of here but as a ReporterError, in one line; its text is
# searched for secrets as that of every error. No step takes longer than it may (proctor.reporters.time_limit). A stop
# by Ctrl-C is no failure, and passes.

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import json
import logging
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from proctor.errors import MissingExtraError, ProctorError, UsageError, did_you_mean, error_line
from proctor.lazy import install_extra, load_attribute
from proctor.reporters.base import Reporter, ReporterError
from proctor.reporters.facts import ReportedRun
from proctor.reporters.kinds import KINDS, ReporterKind
from proctor.reporters.time_limit import VARIABLE, LimitedThread, TimeLimitError, step_seconds
from proctor.secrets import redact_text

log = logging.getLogger("proctor")

LONGEST_LINE = 500
"""Characters of a package's own words in a message."""
_ADVICE = re.compile(r" For more information check: https://developer\.mozilla\.org\S+")
"""What libraries of HTTP append to each error."""
ABANDON_SECONDS = 30.0
"""How long closing after a failure may take."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where results go.

    Attributes:
        name: The kind's name.
        arguments: What the reporter is made with.
    """

    name: str
    arguments: Mapping[str, Any]

    @property
    def kind(self) -> ReporterKind:
        """Its row."""
        return KINDS[self.name]


def destinations(settings: Any) -> tuple[Destination, ...]:
    """Where the results of a run are to go, by its settings.

    Args:
        settings: Has an attribute for the setting of each kind.

    Raises:
        UsageError: A configuration for Weights & Biases is given, and nothing is sent there.
    """
    given = tuple(destination(name, settings) for name, kind in KINDS.items() if getattr(settings, kind.setting, None))
    if settings.wandb_config_args and not settings.wandb_args:
        raise UsageError("--wandb_config_args belongs to --wandb_args: add --wandb_args project=NAME.")
    return given


def destination(name: str, settings: Any) -> Destination:
    """One kind with its arguments.

    Args:
        name: The kind.
        settings: As for :func:`destinations`.
    """
    value = getattr(settings, KINDS[name].setting, None) or {}
    arguments: dict[str, Any] = dict(value) if isinstance(value, Mapping) else {"dir": str(value)}
    if name == "wandb" and settings.wandb_config_args:
        own = arguments.get("config")
        arguments["config"] = {**(own if isinstance(own, Mapping) else {}), **settings.wandb_config_args}
    return Destination(name, arguments)


def check_destination(to: Destination, flag: str | None = None) -> Reporter:
    """Everything that can be known before a run.

    Args:
        to: Where results are to go.
        flag: What the user wrote to send there; None: the flag of a run.

    Returns:
        The reporter, for :func:`send`.

    Raises:
        ProctorError: Results cannot arrive there.
    """
    step_seconds(0)  # its variable of the environment is a number
    reporter = make_reporter(to, flag or f"--{to.kind.setting}")
    reporter.check()
    return reporter


def make_reporter(to: Destination, flag: str) -> Reporter:
    """The reporter, which has checked nothing but its arguments' names and its package.

    Args:
        to: Where results are to go.
        flag: What the user wrote to send there.

    Raises:
        ProctorError: There is no such argument, or no such package.
    """
    kind = to.kind
    unknown = [name for name in to.arguments if kind.arguments and name not in kind.arguments]
    if unknown:
        where = f"--{kind.setting}" if flag.startswith("--") else flag
        raise UsageError(
            f"{where}: there is no argument {unknown[0]!r}.",
            hint=did_you_mean(unknown[0], kind.arguments) or f"There are {', '.join(sorted(kind.arguments))}.",
        )
    _check_package(kind, flag)
    reporter: Reporter = load_attribute(kind.target)(to.arguments)  # pyright: ignore[reportCallIssue]
    return reporter


def _check_package(kind: ReporterKind, flag: str) -> None:
    """The package is there, and new enough; it is not imported."""
    command = install_extra(kind.extra) if kind.extra else f"pip install '{kind.package}>={kind.oldest}'"
    try:
        release = importlib.metadata.version(kind.package)
    except importlib.metadata.PackageNotFoundError:
        release = None
    if release is None or importlib.util.find_spec(kind.package) is None:
        raise MissingExtraError(
            f"{flag} needs the package '{kind.package}', which is not installed.",
            hint=f"Install it with: {command}",
        )
    if _numbers(release) < _numbers(kind.oldest):
        raise MissingExtraError(
            f"{flag} needs {kind.package} {kind.oldest} or newer; {release} is installed.",
            hint=f"Renew it with: pip install --upgrade '{kind.package}>={kind.oldest}'",
        )


def _numbers(release: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", release)[:3])


def send(to: Destination, reporter: Reporter, run: ReportedRun, *, samples: bool = True) -> str:
    """Send a run.

    Args:
        to: Where.
        reporter: What :func:`check_destination` gave.
        run: The run.
        samples: Whether samples are sent, too.

    Returns:
        Where the results are.

    Raises:
        ReporterError: They did not arrive, or not whole.
    """
    seconds, thread, ended = step_seconds(_size(run)), LimitedThread(), False
    try:
        thread.call(None, _import, to.kind.package)  # takes half a minute on a busy machine, and no server is asked
        thread.call(seconds, reporter.begin, run)
        for result in run.tasks(samples=samples):
            thread.call(seconds, reporter.task, result)
        place = thread.call(seconds, reporter.end, run)
        ended = True
    except (Exception, SystemExit) as error:  # whatever a tracker raises
        raise _failure(to.kind, error) from error
    finally:
        if not ended:
            _abandon(reporter, thread)
        thread.close()
    return redact_text(place)


def _import(package: str) -> None:
    with suppress(Exception):  # the reporter imports it again, and its failure is a sentence
        importlib.import_module(package)


def _size(run: ReportedRun) -> int:
    """Bytes of the samples files, which are most of what is sent."""
    sizes = 0
    for file in run.stored.samples_files.values():
        with suppress(OSError):
            sizes += file.stat().st_size
    return sizes


def failure_line(error: BaseException) -> str:
    """What a package raised, in one line: a page of HTML, or advice in five lines, is no part of a warning.

    Args:
        error: The exception.
    """
    text = _ADVICE.sub("", " ".join(error_line(error).split()))
    if isinstance(error, json.JSONDecodeError):
        text = f"the response is not JSON, so that what responded is something else ({text})"
    # First: half a secret would not be recognised.
    text = redact_text(text)
    return text if len(text) <= LONGEST_LINE else f"{text[:LONGEST_LINE]} ..."


def _failure(kind: ReporterKind, error: BaseException) -> ReporterError:
    """Why results did not arrive."""
    hint: str | None = None
    if isinstance(error, TimeLimitError):
        text = f"a step took longer than {error.seconds:,.0f} seconds."
        hint = f"{VARIABLE}=SECONDS in the environment lets each step take longer."
    elif isinstance(error, ProctorError):
        text, hint = error.message, error.hint
    else:
        text = failure_line(error)
        if isinstance(error, (AttributeError, ImportError, TypeError)):  # functions are not those that are called here
            hint = f"{_release(kind)} is installed; another release may do ({kind.oldest} is the oldest that does)."
    return ReporterError(f"The results were not sent to {kind.title}: {text}", hint=hint)


def _release(kind: ReporterKind) -> str:
    try:
        return f"{kind.package} {importlib.metadata.version(kind.package)}"
    except importlib.metadata.PackageNotFoundError:
        return f"a package {kind.package} of no release"


def _abandon(reporter: Reporter, thread: LimitedThread) -> None:
    try:
        thread.call(ABANDON_SECONDS, reporter.abandon)
    except (Exception, SystemExit):
        log.debug("Where closing a reporter failed:", exc_info=True)
