"""``proctor runs --follow``: what a run is doing, until it ends."""

# Where a run says it
# -------------------
# A run with --output_path writes progress.json beside its results (`proctor.run.status_file`). It is found by the
# folder that is given, or else by what the store knows of runs that go on: their folder, --output_path and model. A run
# without --output_path writes none; then all that is known is that it goes on.

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proctor.cli.text_tables import fitting
from proctor.errors import DataError, UsageError, printable

if TYPE_CHECKING:
    from proctor.store.runs import Run

SECONDS = 2.0
"""Between two looks."""
LINE_SECONDS = 60.0
"""Between two lines, where no terminal shows them."""
MOST_UNREAD = 3
"""Looks in a row at a file that is there and cannot be read: a run replaces it whole, so it is another's."""


def follow_folder(folder: Path) -> int:
    """Show the run that writes to a folder until it ends.

    Args:
        folder: A folder of results, at any depth; or a status file.

    Returns:
        The exit code: 0, or 1 if it was stopped, failed or died.

    Raises:
        UsageError: No run writes there.
    """
    from proctor.run.status_file import status_files

    files = status_files(folder)
    if not files:
        raise UsageError(
            f"No run is in progress in {str(folder)!r}.",
            hint="A run writes progress.json beside its results with --output_path, and removes it when it is done.",
        )
    return follow(files[-1])


def follow_runs(runs: Sequence[Run]) -> int:
    """Show the newest of the runs that go on until it ends.

    Args:
        runs: Those of the store, oldest first.

    Returns:
        The exit code, as of :func:`follow_folder`.
    """
    from proctor.run.status_file import status_files

    going_on = [run for run in runs if run.state == "running"]
    if not going_on:
        print("No run is in progress.")
        return 0
    for run in reversed(going_on):
        folder = _folder_of(run)
        if folder is not None and (files := status_files(folder)):
            return follow(files[-1])
    run = going_on[-1]
    print(f"Run {run.id} goes on ({printable(run.command)}).")
    print("It says no more: a run that is started with --output_path writes what it is doing.")
    return 0


def _folder_of(run: Run) -> Path | None:
    from proctor.run.status_file import status_folder

    output, model, arguments = (run.config.get(name) for name in ("output_path", "model", "model_args"))
    if not isinstance(output, str):
        return None
    place = str(Path(run.folder, output))
    return status_folder(place, str(model), arguments if isinstance(arguments, Mapping) else {})


def follow(
    file: Path, *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
) -> int:
    """Show a status file until its run has ended.

    Args:
        file: The file.
        clock: Gives the time in seconds.
        sleep: Waits.

    Raises:
        DataError: The file is no status file, however often it is read.
    """
    unread = 0
    last: Mapping[str, Any] | None = None
    shown_at = float("-inf")
    on_terminal = sys.stdout.isatty()
    while True:
        from proctor.run.status_file import read_status

        document = read_status(file)
        if document is None and not file.exists():
            return _say_end(last)
        unread = unread + 1 if document is None else 0
        if unread == MOST_UNREAD:
            raise DataError(f"{file} cannot be read as the state of a run.", hint="Delete it if no run writes there.")
        if document is not None:
            last = document
            if document["state"] != "running":
                return _say_end(document)
            if on_terminal or clock() - shown_at >= LINE_SECONDS:
                shown_at = clock()
                _show(document, on_terminal=on_terminal)
        sleep(SECONDS)


def _show(document: Mapping[str, Any], *, on_terminal: bool) -> None:
    from proctor.run.running_score import run_line
    from proctor.run.status import status_line

    whole = run_line(document)
    line = printable(f"{document.get('model')}: {status_line(document)}{f' · {whole}' if whole else ''}")
    if on_terminal:
        # One column less than there are: a line that is wrapped is not cleared as a whole, and some wrap a full one.
        line = fitting(line, shutil.get_terminal_size().columns - 1)
    # Cleared to the end of the line, without a line feed: the next look replaces it.
    print(f"\r\x1b[K{line}" if on_terminal else line, end="" if on_terminal else "\n", flush=True)


def _say_end(document: Mapping[str, Any] | None) -> int:
    if sys.stdout.isatty():
        print("\r\x1b[K", end="")
    for line in _end_lines(document):
        print(printable(line))
    return 0 if document is None or document["state"] == "running" else 1


def _end_lines(document: Mapping[str, Any] | None) -> Iterator[str]:
    if document is None or document["state"] == "running":
        yield "The run is done; 'proctor runs' says where its results are."
        return
    from proctor.run.status_file import status_lines

    words = {"died": "died: its process is not there any more", "failed": f"failed: {document.get('error')}"}
    yield f"The run {words.get(document['state'], 'was stopped')}."
    yield from status_lines(document)
    if document["state"] != "failed":
        yield f"The same command: {document.get('command')}"
