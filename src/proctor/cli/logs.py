"""The log of the command: one logger, on stderr, in lm-evaluation-harness's format."""

from __future__ import annotations

import logging
import os
import sys

LOGGER = logging.getLogger("proctor")


class _Stderr(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes to what ``sys.stderr`` is now, so that lines go above a progress bar."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


def set_up_logging(verbosity: str | None = None) -> None:
    """Log from ``LMEVAL_LOG_LEVEL`` on, or ``verbosity``, or INFO."""
    wanted = os.environ.get("LMEVAL_LOG_LEVEL", "").upper() or verbosity or "INFO"
    level = logging.getLevelNamesMapping().get(wanted)
    if not any(isinstance(handler, _Stderr) for handler in LOGGER.handlers):
        handler = _Stderr()
        handler.setFormatter(
            logging.Formatter(
                "%(asctime)s %(levelname)-8s [%(module)s:%(lineno)d] %(message)s", datefmt="%Y-%m-%d:%H:%M:%S"
            )
        )
        LOGGER.addHandler(handler)
    LOGGER.propagate = False
    LOGGER.setLevel(logging.INFO if level is None else level)
    if level is None:
        LOGGER.warning("LMEVAL_LOG_LEVEL is %r, which is no level; the log starts at INFO.", wanted)
