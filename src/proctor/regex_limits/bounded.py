"""``findall`` and ``sub`` with a limit on processor time, and a watch over many of them.

In the main thread a timer of processor time ticks while patterns are applied; ``re`` looks for
signals now and then, so the tick can break a match off. It ticks for all documents of a filter
together: a document costs a few assignments. Other threads get no signals and ``re`` lets nobody
else run meanwhile, so their texts go to a child process.
"""

# Two ways to break a match off
# -----------------------------
#   main thread    SIGVTALRM every 0.1 s of processor time. ``re`` checks for signals while it backtracks, runs the
#                  handler, and an exception raised there ends the match.
#   other threads  Python runs handlers in the main thread alone, and ``re`` holds the interpreter's lock: nothing in
#                  this process can interrupt it. A child process matches, under a limit of the system (RLIMIT_CPU).
#
# Other ways fall short: a thread that waits with a timeout (the match goes on, and holds the lock); another engine for
# regular expressions (patterns of task files are Python's, look-arounds and back references included); looking for
# dangerous patterns beforehand (misses some, refuses good ones).
#
# Processor time and not time of day: a busy machine must not turn right answers into failures.
#
# Cost for a document: an assignment and a counter. A timer for each document would be two system calls for each.

from __future__ import annotations

import atexit
import contextlib
import json
import os
import re
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from proctor.errors import DataError

SECONDS = 5.0
"""Processor time that the pattern of a filter, a metric or a template gets per document."""

LEAST = 0.5
"""Each document that takes longer halves the time of those after it, down to this."""

# Seconds of processor time between ticks; a limit is exceeded by one tick at most.
_TICK = 0.1
# Seconds of real time that the child may take beyond its limit: the machine may be busy.
_PATIENCE = 30.0
_T = TypeVar("_T")


class SlowPatternError(DataError):
    """A regular expression took too long on one text."""

    def __init__(self, pattern: str, length: int, seconds: float) -> None:
        super().__init__(
            f"the regular expression {_short(pattern)} took more than {seconds:g} s on {length:,} characters.",
            hint="Repeats within repeats, such as '(a+)+', or several in a row, such as '.*.*', can take that long.",
        )


class _TimeLimitReached(BaseException):
    """Raised by the tick inside of a match; nothing that handles errors may take it for one."""


class TimeLimit:
    """Breaks off the piece of work that takes too long; of pieces in a row, each has its own time.

    Only the outermost of several counts. It does nothing where signals cannot be had.
    """

    _current: TimeLimit | None = None

    def __init__(self) -> None:
        self.limit = SECONDS
        self._thread = 0
        self._piece = self._seen = self._ticks = 0
        self._matching = False

    def __enter__(self) -> TimeLimit:
        # The interval timer is one for the whole process: an inner watch counts with the outer one.
        if TimeLimit._current is None and _can_tick():
            TimeLimit._current, self._thread = self, threading.get_ident()
            self._before = signal.signal(signal.SIGVTALRM, self._tick)
            signal.setitimer(signal.ITIMER_VIRTUAL, _TICK, _TICK)
        return self

    def __exit__(self, *_: object) -> None:
        if TimeLimit._current is self:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            signal.signal(signal.SIGVTALRM, self._before or signal.SIG_DFL)
            TimeLimit._current = None

    def run(self, work: Callable[..., _T], *arguments: Any) -> _T:
        """Do one piece of work. :class:`SlowPatternError` out of it shortens the time of the next."""
        self._piece += 1
        try:
            return work(*arguments)
        except SlowPatternError:
            self.limit = max(LEAST, self.limit / 2)
            raise

    def match(self, regex: re.Pattern[str], text: str, work: Callable[..., _T], *arguments: Any) -> _T:
        """``work(*arguments)``, a match of this pattern on this text, which alone can be broken off."""
        try:
            self._matching = True
            return work(*arguments)
        except _TimeLimitReached:
            raise SlowPatternError(regex.pattern, len(text), self.limit) from None
        finally:
            self._matching = False

    def _tick(self, *_: object) -> None:
        # A new document since the last tick: its time begins here, at most one tick too late.
        if self._piece != self._seen:
            self._seen, self._ticks = self._piece, 0
        self._ticks += 1
        # Only within a match: raised anywhere else, it would break off code that is not ours to interrupt.
        if self._matching and self._ticks * _TICK > self.limit:
            raise _TimeLimitReached


def findall(regex: re.Pattern[str], text: str) -> list[Any]:
    """``regex.findall(text)``, or :class:`SlowPatternError`."""
    watch = TimeLimit._current
    if watch is not None and watch._thread == threading.get_ident():
        return watch.match(regex, text, regex.findall, text)
    if _can_tick():
        with TimeLimit() as watch:
            return watch.run(findall, regex, text)
    matches = _HELPER.match(regex, text, work="findall")
    # JSON has no tuples: findall() of several groups comes back as lists.
    return [tuple(one) if isinstance(one, list) else one for one in matches]


def sub(regex: re.Pattern[str], repl: str, text: str, count: int = 0) -> str:
    """``regex.sub(repl, text, count)``, or :class:`SlowPatternError`."""
    watch = TimeLimit._current
    if watch is not None and watch._thread == threading.get_ident():
        return watch.match(regex, text, regex.sub, repl, text, count)
    if _can_tick():
        with TimeLimit() as watch:
            return watch.run(sub, regex, repl, text, count)
    return _HELPER.match(regex, text, work="sub", repl=repl, count=count)


def compiled(pattern: Any) -> re.Pattern[str]:
    """``re.compile``; whatever is wrong with a pattern is a ValueError with the reason."""
    try:
        regex = re.compile(pattern)
    except (re.error, TypeError, ValueError, OverflowError, RecursionError, MemoryError) as error:
        raise ValueError(f"{_short(pattern)} is no regular expression: {error}.") from error
    if not isinstance(regex.pattern, str):
        raise ValueError(f"{_short(pattern)} is a pattern for bytes, not for text.")
    return regex


def _can_tick() -> bool:
    """Whether this is the main thread, and nobody else measures with this timer."""
    return threading.current_thread() is threading.main_thread() and signal.getitimer(signal.ITIMER_VIRTUAL)[0] == 0


def _short(pattern: Any) -> str:
    text = repr(pattern)
    return text if len(text) <= 200 else f"{text[:197]}..."


class _ChildMatcher:
    """The child process, one per process and started when it is first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0

    def match(self, regex: re.Pattern[str], text: str, **job: Any) -> Any:
        """One text; the child is gone after a match that took too long, and the next text gets another."""
        job |= {"pattern": regex.pattern, "flags": regex.flags, "text": text, "seconds": SECONDS}
        with self._lock:
            line = self._ask(json.dumps(job).encode("ascii") + b"\n")
        if not line:
            raise SlowPatternError(regex.pattern, len(text), SECONDS)
        answer = json.loads(line)
        if "error" in answer:
            raise ValueError(f"{_short(regex.pattern)}: {answer['error']}")
        return answer["found"]

    def _ask(self, line: bytes) -> bytes:
        process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(line)
            process.stdin.flush()
            ready, _, _ = select.select([process.stdout], [], [], SECONDS + _PATIENCE)
            answer = process.stdout.readline() if ready else b""
        except BrokenPipeError:
            answer = b""
        if not answer.endswith(b"\n"):
            self.close()
            return b""
        return answer

    def _started(self) -> subprocess.Popen[bytes]:
        # After a fork the pipes belong to the parent's child: two processes on them would read each other's lines.
        if self._process is None or self._owner != os.getpid() or self._process.poll() is not None:
            # -I and -S: neither the environment nor site packages; the child needs the standard library alone.
            program = [sys.executable, "-I", "-S", str(Path(__file__).with_name("child.py"))]
            self._process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            self._owner = os.getpid()
        return self._process

    def close(self) -> None:
        """End the child."""
        process, self._process = self._process, None
        if process is None or self._owner != os.getpid():
            return
        process.kill()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        process.wait()


_HELPER = _ChildMatcher()
atexit.register(_HELPER.close)
