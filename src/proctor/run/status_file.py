"""``progress.json`` beside the results of a run that goes on, and its state in the log on SIGUSR1."""

# The file
# --------
#   while the run goes on     replaced every two seconds, whole: readers never see half of it
#   it ended well             removed
#   it was stopped or failed  kept, with that state; the next run in the folder replaces it
#   it was killed             kept with the state "running": readers look whether the process is there
#
# A thread writes it, so that it goes on while weights are read or a batch is computed. It sleeps a hundred times as
# long as it has computed, and at least two seconds: it never takes more than 1 % of a core, whatever the number of
# tasks. Whoever sends SIGUSR1 wakes it: the handler only puts a word into a queue, because it may interrupt anything, a
# write to the log included.
#
# Another process may run in the same folder. Its file is left alone, and this run's has its process in its name.
#
# Invariant: a file that cannot be written is a line in the debug log. No run ends because of it.

from __future__ import annotations

import json
import logging
import os
import queue
import signal
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from proctor.errors import printable
from proctor.files import read_text
from proctor.plurals import counted
from proctor.results.files import folder_of, make_folder
from proctor.results.redact import redact_text
from proctor.results.schema import experiment_facts
from proctor.run.command import command_line
from proctor.run.progress import OpenProgress
from proctor.run.running_score import run_line
from proctor.run.status import RunStatus, WatchedProgress, status_line
from proctor.settings.config import RunConfig

NAME = "progress.json"
SECONDS = 2.0
"""Between two writes."""
SHARE = 100
"""At least so many times as long as a write took does the thread sleep after it."""
_SHOW, _STOP = "show", "stop"

log = logging.getLogger("proctor")


@contextmanager
def watched_progress(config: RunConfig, open_display: OpenProgress) -> Iterator[OpenProgress]:
    """Displays of a run in somebody's Python program: its status is written, and no signal is caught.

    Args:
        config: The run's settings; without ``output_path`` displays are opened as they are.
        open_display: Opens what is shown.
    """
    if config.output_path is None:
        yield open_display
        return
    with published_status(config, signals=False) as status:
        yield WatchedProgress(status, open_display)


@contextmanager
def published_status(config: RunConfig, *, signals: bool = True) -> Iterator[RunStatus]:
    """The status of a run; within, it is written beside the results and shown on SIGUSR1.

    Args:
        config: The run's settings; without ``output_path`` nothing is written.
        signals: Whether SIGUSR1 is caught: the command's own process is this run's.
    """
    model = str(experiment_facts(config.model, config.model_args)["model_name"])
    facts = {"model": model, "pid": os.getpid(), "host": socket.gethostname(), "command": command_line()}
    status = RunStatus(facts)
    publisher = _Publisher(status, None if config.output_path is None else place_of(config), signals=signals)
    warnings = _Warnings(status)
    log.addHandler(warnings)
    try:
        with publisher:
            yield status
    finally:
        log.removeHandler(warnings)


def place_of(config: RunConfig) -> Path:
    """The file of a run of this process.

    Args:
        config: The run's settings, with ``output_path``.
    """
    folder = status_folder(str(config.output_path), config.model, config.model_args)
    return folder / (f"progress_{os.getpid()}.json" if _is_of_another(folder / NAME) else NAME)


def status_folder(output_path: str, model: str, model_args: Mapping[str, Any]) -> Path:
    """Where the files of a run lie.

    Args:
        output_path: The setting.
        model: The kind of model.
        model_args: Its arguments.
    """
    return folder_of(output_path, str(experiment_facts(model, model_args)["model_name_sanitized"]))


def _is_of_another(file: Path) -> bool:
    document = read_status(file)
    return document is not None and document["state"] == "running" and document.get("pid") != os.getpid()


def status_files(place: Path) -> list[Path]:
    """Status files at a place, the one that was written last at the end.

    Args:
        place: A folder, looked through at any depth, or a file.
    """
    if place.is_file():
        return [place]
    files = [*place.rglob("progress.json"), *place.rglob("progress_*.json")]
    return sorted(files, key=_written)


def _written(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0


def read_status(file: Path) -> dict[str, Any] | None:
    """A status as its file has it; ``died`` where its process is gone without a word. None: it cannot be read.

    Args:
        file: The file.
    """
    try:
        document = json.loads(read_text(file))
        if not isinstance(document, dict) or not isinstance(document.get("state"), str):
            return None
        # What no line can be made of is none: somebody edited it, or another program has a file of this name.
        _ = status_line(document), run_line(document)
    except (OSError, ValueError, RecursionError, ArithmeticError, AttributeError, LookupError, TypeError):
        return None
    here = document.get("host") == socket.gethostname()
    if document["state"] == "running" and here and not _is_alive(document.get("pid")):
        document["state"] = "died"
    return document


def _is_alive(pid: Any) -> bool:
    if not isinstance(pid, int) or isinstance(pid, bool) or pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


class _Publisher:
    """The thread, the file and the signal, as a context."""

    def __init__(self, status: RunStatus, file: Path | None, *, signals: bool) -> None:
        self._status, self._file, self._signals = status, file, signals
        self._words: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="progress", daemon=True)
        self._handler: Any = None
        self._is_caught = False

    def __enter__(self) -> None:
        try:
            self._thread.start()
        except RuntimeError:
            log.debug("There is no %s: the system gives no thread to write it.", NAME)
            return
        # Only the main thread may, and there is no such signal everywhere.
        is_main = threading.current_thread() is threading.main_thread()
        if self._signals and is_main and hasattr(signal, "SIGUSR1"):
            self._handler = signal.signal(signal.SIGUSR1, lambda *_: self._words.put(_SHOW))
            self._is_caught = True

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if self._is_caught:
            signal.signal(signal.SIGUSR1, signal.SIG_DFL if self._handler is None else self._handler)
        if self._thread.is_alive():
            self._words.put(_STOP)
            self._thread.join()
        self._status.state = "finished" if kind is None else "failed"
        if isinstance(error, KeyboardInterrupt | SystemExit):
            self._status.state = "stopped"
        elif error is not None:
            self._status.error = redact_text(str(error) or type(error).__name__)
        if kind is not None:
            self._write()
        elif self._file is not None:
            with suppress(OSError):
                self._file.unlink(missing_ok=True)

    def _run(self) -> None:
        pause = 0.0
        while True:
            try:
                word = self._words.get(timeout=pause if self._file is not None else None)
            except queue.Empty:
                word = None
            if word == _STOP:
                return
            if word == _SHOW:
                log.info("%s", "\n".join(status_lines(self._status.document())))
                continue
            began = time.thread_time()
            self._write()
            pause = pause_after(time.thread_time() - began)

    def _write(self) -> None:
        if self._file is None:
            return
        part = self._file.with_name(f".{self._file.name}.{os.getpid()}.part")
        try:
            make_folder(self._file.parent)
            part.write_text(text_of(self._status.document()), encoding="utf-8")
            part.replace(self._file)
        except (OSError, ValueError) as error:
            log.debug("%s cannot be written: %s", self._file, error)
            with suppress(OSError):
                part.unlink(missing_ok=True)


def text_of(document: Mapping[str, Any]) -> str:
    """A status as JSON, a line for each key: an indented text takes Python's encoder ten times as long.

    Args:
        document: The status.
    """
    return "{\n" + ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in document.items()) + "\n}\n"


def pause_after(seconds: float) -> float:
    """How long to sleep after a write.

    Args:
        seconds: The CPU time of the write.
    """
    return max(SECONDS, SHARE * seconds)


class _Warnings(logging.Handler):
    """Collects what the run warns of."""

    def __init__(self, status: RunStatus) -> None:
        super().__init__(logging.WARNING)
        self._status = status

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(Exception):  # a value of others whose __str__ fails
            self._status.warn(redact_text(record.getMessage()))


def status_lines(document: Mapping[str, Any]) -> Iterator[str]:
    """A status as lines: the phase, then each task that is begun and not done, then warnings.

    Args:
        document: What a status file has.
    """
    yield printable(status_line(document))
    if line := run_line(document):
        yield printable(f"  {line}")
    for name, task in (document.get("tasks") or {}).items():
        if 0 < task["done"] < task["total"] or "score" in task:
            yield printable(f"  {name}: {task['done']:,} of {task['total']:,}{_score(task)}")
    if document.get("warned"):
        yield f"  {counted(document['warned'], 'warning')}, the first: {printable(str(document['warnings'][0]))}"


def _score(task: Mapping[str, Any]) -> str:
    if "score" not in task:
        return ""
    interval = task.get("interval")
    around = "" if interval is None else f" [{interval[0]:.4f}, {interval[1]:.4f}]"
    return f", {task['metric']} {task['score']:.4f}{around} of {counted(task['n'], 'document')}"
