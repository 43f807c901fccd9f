"""The log of the command: one logger, on stderr, in lm-evaluation-harness's format."""

from __future__ import annotations

import logging
import os
import sys
import threading
import traceback
from types import TracebackType
from typing import Any

from proctor.errors import error_line, printable

LOGGER = logging.getLogger("proctor")


class _RankName:
    """What stands before the lines of a rank other than 0; nothing before those of rank 0."""

    prefix = ""


def log_as_rank(rank: int) -> None:
    """Log warnings and errors alone from now on, with the rank before them.

    Args:
        rank: This process, not rank 0.
    """
    _RankName.prefix = f"rank {rank}: "
    LOGGER.setLevel(max(LOGGER.level, logging.WARNING))


def rank_prefix() -> str:
    """What stands before a line of this process."""
    return _RankName.prefix


class _RedactingFormatter(logging.Formatter):
    """Lines without secrets, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        from proctor.secrets import redact_text

        try:
            line = _RankName.prefix + super().format(record)
            return printable(redact_text(line)).encode("utf-8", "backslashreplace").decode()
        except (Exception, SystemExit):  # noqa: BLE001 - a value of others whose __str__ fails
            record.msg, record.args = f"{record.msg} (what belongs to it cannot be shown as text)", ()
            return redact_text(super().format(record))


class _StderrHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes to what ``sys.stderr`` is now, so that lines go above a progress bar."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


def set_up_logging(verbosity: str | None = None) -> None:
    """Log from ``LMEVAL_LOG_LEVEL`` on, or ``verbosity``, or INFO."""
    wanted = os.environ.get("LMEVAL_LOG_LEVEL", "").upper() or verbosity or "INFO"
    level = logging.getLevelNamesMapping().get(wanted)
    if not any(isinstance(handler, _StderrHandler) for handler in LOGGER.handlers):
        handler = _StderrHandler()
        handler.setFormatter(
            _RedactingFormatter(
                "%(asctime)s %(levelname)-8s [%(module)s:%(lineno)d] %(message)s", datefmt="%Y-%m-%d:%H:%M:%S"
            )
        )
        LOGGER.addHandler(handler)
        _hush_others()
    LOGGER.propagate = False
    LOGGER.setLevel(max(logging.INFO if level is None else level, logging.WARNING if _RankName.prefix else 0))
    if level is None:
        LOGGER.warning("LMEVAL_LOG_LEVEL is %r, which is no level; the log starts at INFO.", wanted)


def _hush_others() -> None:
    """What libraries log goes out by handlers of their own: it loses its secrets when it is written."""
    make = logging.getLogRecordFactory()

    def record(*args: Any, **kwargs: Any) -> logging.LogRecord:
        made = make(*args, **kwargs)
        if not made.name.startswith("proctor"):
            from proctor.secrets import redact_text

            try:
                made.msg, made.args = redact_text(made.getMessage()), ()
            except (Exception, SystemExit):  # noqa: BLE001 - a value of others whose __str__ fails
                return made  # its text does not fit its arguments, which logging itself will say
        return made

    logging.setLogRecordFactory(record)


def hush_tracebacks() -> None:
    """An error of proctor's own ends with a traceback, which is to be shown in a report: without secrets.

    A helper thread that dies (one that draws a bar, say) ends nothing; it is said in a line.
    """

    def show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        from proctor.secrets import redact_text

        sys.stderr.write(redact_text("".join(traceback.format_exception(kind, error, trace))))

    def tell(died: threading.ExceptHookArgs) -> None:
        name = "?" if died.thread is None else died.thread.name
        what = "nothing" if died.exc_value is None else error_line(died.exc_value)
        LOGGER.warning("The thread %s died of %s; the rest goes on.", name, what)
        LOGGER.debug("Where it died:", exc_info=died.exc_value)

    sys.excepthook = show
    threading.excepthook = tell
