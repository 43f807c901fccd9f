"""How far a run has got: a bar on a terminal, now and then a line elsewhere. Rate and remaining time on both."""

from __future__ import annotations

import contextlib
import itertools
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Protocol, Self

logger = logging.getLogger("proctor")

LEAST_SECONDS = 10.0
"""No two lines stand closer together than this."""
MOST_SECONDS = 60.0
"""A line is due after this long, even if less than a tenth more is done."""
FIRST_SECONDS = (10.0, 30.0)
"""When something that only takes time says so, before it does every :data:`MOST_SECONDS`."""
TIME = "seconds"
"""The unit of what cannot be counted, such as a model that is loaded: only how long it has taken is known."""
WIDE = 80
"""Columns of a terminal beyond which there is room for a bar, not only for its text."""
BAR_COLUMNS = 24
"""Columns that a bar takes, with the space before it."""


class Progress(Protocol):
    """Something that is told how many more are done, as a context manager."""

    def __enter__(self) -> Self:
        """Begin to count."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Say where it ended."""
        ...

    def advance(self, n: int = 1) -> None:
        """Count ``n`` more."""
        ...


class OpenProgress(Protocol):
    """Opens a display of ``total`` steps; ``unit`` is what is counted, in the plural, or :data:`TIME`."""

    def __call__(self, total: int, label: str, unit: str = "tasks") -> Progress:
        """Open it."""
        ...


def open_progress(total: int, label: str, unit: str = "tasks") -> Progress:
    """Show progress in the way that suits where stderr goes."""
    if unit == TIME:
        return WaitLines(total, label, unit)
    if total <= 0:
        return Quiet(total, label, unit)
    return Bar(total, label, unit) if sys.stderr.isatty() else Lines(total, label, unit)


def duration(seconds: float) -> str:
    """A duration as a person says it: ``42 s``, ``3:07``, ``2:03:40``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def rate(done: int, seconds: float) -> str:
    """How many in a second, with as many digits as mean something."""
    if seconds <= 0 or done <= 0:
        return "-"
    speed = done / seconds
    return f"{speed:,.0f}/s" if speed >= 100 else f"{speed:.1f}/s" if speed >= 1 else f"{speed:.2f}/s"


def _nothing(width: int | None = None) -> str:
    return ""


class Quiet:
    """Counts and says nothing."""

    def __init__(
        self, total: int, label: str, unit: str = "tasks", *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.total = total
        self.label = label
        self.unit = unit
        self.done = 0
        self.whole: Callable[[int | None], str] = _nothing
        """What is to be said of the whole run, now, in so many letters; "": nothing."""
        self._clock = clock
        self._started = clock()

    @property
    def seconds(self) -> float:
        """Seconds since it was entered."""
        return self._clock() - self._started

    def __enter__(self) -> Self:
        """Begin to count."""
        self._started = self._clock()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Say nothing."""

    def advance(self, n: int = 1) -> None:
        """Count ``n`` more."""
        self.done += n


class Lines(Quiet):
    """A line of the log for every tenth, but neither hurried nor long silent; and one at the end."""

    _logged_at = 0.0
    _logged_done = 0

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Say where it ended."""
        ended = "done" if kind is None else "stopped"
        logger.info(
            "%s: %s of %s %s, %s after %s (%s)",
            self.label,
            f"{self.done:,}",
            f"{self.total:,}",
            self.unit,
            ended,
            duration(self.seconds),
            rate(self.done, self.seconds),
        )

    def advance(self, n: int = 1) -> None:
        """Count ``n`` more, and say so if a line is due."""
        super().advance(n)
        # A tenth of a short run is no news, and a tenth of a long one is hours away: both bounds are in seconds.
        silent = self.seconds - self._logged_at
        if silent < LEAST_SECONDS or self.done >= self.total:
            return
        if silent >= MOST_SECONDS or self.done - self._logged_done >= self.total / 10:
            self._logged_at, self._logged_done = self.seconds, self.done
            self._log()

    def _log(self) -> None:
        remaining = duration((self.total - self.done) * self.seconds / self.done)
        share = 100 * self.done // self.total
        speed = rate(self.done, self.seconds)
        count = f"{self.done:,} of {self.total:,} {self.unit}"
        logger.info("%s: %s (%d %%), %s, %s left", self.label, count, share, speed, remaining)
        if whole := self.whole(None):
            logger.info("The run: %s", whole)


class WaitLines(Quiet):
    """Now and then a line that says for how long it has gone on; none of what is done soon.

    No bar, on a terminal neither: while a model is loaded, others draw the bars of their downloads there.
    """

    def __enter__(self) -> Self:
        """Begin to wait."""
        super().__enter__()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._wait, name="elapsed", daemon=True)
        with contextlib.suppress(RuntimeError):  # the system gives no thread
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End; the line that is said in the end is that of what was waited for."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def _wait(self) -> None:
        due = line_times()
        while not self._ended.wait(max(0.0, next(due) - self.seconds)):
            logger.info("%s: %s so far", self.label, duration(self.seconds))


def line_times() -> Iterator[float]:
    """The seconds after which a line is due of what only takes time."""
    yield from FIRST_SECONDS
    yield from itertools.count(MOST_SECONDS, MOST_SECONDS)


class Bar(Quiet):
    """A bar on a terminal."""

    def __enter__(self) -> Self:
        """Draw the bar."""
        super().__enter__()
        self._bar, self._row = _draw(self)
        try:
            self._bar.start()
        except RuntimeError:
            self._bar.disable = True
            logger.warning("There is no progress bar: the system gives no thread to draw it.")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the bar as it is."""
        self._bar.stop()

    def advance(self, n: int = 1) -> None:
        """Count ``n`` more on the bar."""
        super().advance(n)
        self._bar.update(self._row, advance=n)


def state_of(progress: Quiet, width: int) -> str:
    """``220/691 requests · 6.0/s · 36 s elapsed · 1:05 left``; a narrow terminal gets the first parts only."""
    done, seconds = progress.done, progress.seconds
    parts = [f"{done:,}/{progress.total:,} {progress.unit}"]
    if done:
        parts.append(rate(done, seconds))
    parts.append(f"{duration(seconds)} elapsed")
    if 0 < done < progress.total:
        parts.append(f"{duration((progress.total - done) * seconds / done)} left")
    while len(parts) > 1 and len(" · ".join(parts)) > width:
        # The time that is left matters most, then the rate.
        del parts[2 if len(parts) == 4 else 1]
    return " · ".join(parts)


def _draw(progress: Quiet) -> tuple[Any, Any]:
    """A bar of rich's, imported here because only a terminal needs it."""
    from rich.console import Console
    from rich.progress import BarColumn, ProgressColumn
    from rich.progress import Progress as RichProgress
    from rich.text import Text

    console = Console(stderr=True)

    class State(ProgressColumn):
        def render(self, task: Any) -> Text:
            # One column less than there are: some terminals wrap a full line.
            room = console.width - 1
            room -= BAR_COLUMNS if room >= WIDE else 0
            text = f"{progress.label}  {state_of(progress, room - len(progress.label) - 2)}"
            whole = progress.whole(room)
            # Both are one cell of one row, so that they are drawn and cleared together.
            return Text(f"{text}\n{whole}" if whole else text, no_wrap=True, overflow="ellipsis", end="")

    columns: list[ProgressColumn] = [State()]
    if console.width > WIDE:
        columns.append(BarColumn(BAR_COLUMNS - 2))
    bar = RichProgress(*columns, console=console)
    return bar, bar.add_task(progress.label, total=progress.total)
