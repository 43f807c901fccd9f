"""What a reporter does, and the error that it ends in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from proctor.errors import ProctorError
from proctor.reporters.facts import ReportedRun, ReportedTask
from proctor.results.files import as_output_error, make_folder


class ReporterError(ProctorError):
    """Results did not arrive where they were sent. The run itself is not wrong."""


class Reporter(Protocol):
    """Sends one run: :meth:`begin`, :meth:`task` for each task and group, :meth:`end`; after a failure :meth:`abandon`.

    It is made before the run, from its arguments.
    """

    def check(self) -> None:
        """Find what is certain to fail, without a network: a key that is missing, a folder that cannot be written.

        Raises:
            ProctorError: It is certain.
        """
        ...

    def begin(self, run: ReportedRun) -> None:
        """Open the tracker's own run.

        Args:
            run: What is sent.
        """
        ...

    def task(self, result: ReportedTask) -> None:
        """Send one task or group.

        Args:
            result: Its scores and samples.
        """
        ...

    def end(self, run: ReportedRun) -> str:
        """Send what belongs to the whole run, and close.

        Args:
            run: What is sent.

        Returns:
            Where the results are, to be read after "Results are at".
        """
        ...

    def abandon(self) -> None:
        """Close after a failure; nothing is raised that was not raised before."""
        ...


@runtime_checkable
class ShownReporter(Protocol):
    """A reporter that shows what it will send, so that somebody can say no."""

    @property
    def is_remote(self) -> bool:
        """Whether something leaves this machine."""
        ...

    def preview(self, run: ReportedRun) -> str:
        """What is sent, and where to.

        Args:
            run: What is sent.
        """
        ...


def text_argument(arguments: Mapping[str, Any], name: str) -> str | None:
    """An argument that is a text; numbers in it (``name=7``) were read as numbers.

    Args:
        arguments: The reporter's.
        name: The argument.
    """
    value = arguments.get(name)
    return None if value is None or value == "" else str(value)


def check_folder(folder: Path, flag: str) -> None:
    """Make a folder, and a file in it that goes again.

    Args:
        folder: Where a tracker writes.
        flag: What names it.

    Raises:
        OutputError: Nothing can be written there.
    """
    with as_output_error(f"{flag}: nothing can be written to {folder}", flag):
        make_folder(folder)
        probe = folder / ".proctor-probe"
        probe.write_bytes(b"")
        probe.unlink()
