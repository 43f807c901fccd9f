"""What is fed with odd input. A target passes if it returns, or raises one of proctor's own errors.

``TARGETS`` names them; each takes a source of decisions and a folder of its own, and changes nothing outside of it.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from pathlib import Path

from fuzz_documents import fields, filters, metrics, past_runs, prompts, whole_tasks
from fuzz_files import answer_files, config_file, env_file, results_files, stored_answers, task_files, values
from fuzz_hostile import aliases, chat_templates, exceptions, planted_secrets, special_files
from fuzz_source import Source

TARGETS: dict[str, Callable[[Source, Path], None]] = {
    target.__name__: target
    for target in (
        task_files, values, config_file, env_file, filters, metrics, fields, whole_tasks, results_files,
        past_runs, stored_answers, answer_files, prompts, chat_templates, special_files, aliases, exceptions,
        planted_secrets,
    )
}  # fmt: skip


def run(name: str, data: bytes, folder: Path) -> None:
    """One input through one target, with everything quiet that is not a failure."""
    from proctor.regex_limits import bounded

    for file in folder.iterdir():
        if not file.is_dir():
            file.unlink()
    log = logging.getLogger("proctor")
    before, bounded.SECONDS, bounded.LEAST = log.level, 0.2, 0.2
    log.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            TARGETS[name](Source(data), folder)
    finally:
        log.setLevel(before)
        bounded.SECONDS, bounded.LEAST = 5.0, 0.5
