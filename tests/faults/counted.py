"""A plugin model for these tests: proctor's own, with a log of what it is asked, and faults on demand.

What it is told stands in the environment, so that no two runs differ in their arguments:
``FAULTS_LOG`` a file that gets a line for whatever happens, ``FAULTS_PAUSE`` seconds before each
answer, ``FAULTS_LOADING`` seconds more of loading, ``FAULTS_WRITING`` seconds before the results file is
written, ``FAULTS_SHOWING`` seconds before the table is printed, ``FAULTS_BUSY`` seconds for which a locked
store is waited for, ``FAULTS_MEMORY`` how memory runs out, ``FAULTS_THREAD`` which thread dies.
"""

from __future__ import annotations

import importlib
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any


def open_counted(args: Mapping[str, Any], **run: Any) -> Counted:
    """The model of ``args``, counted."""
    from proctor.models.hf import open_hf_lazily

    note("opening")
    slow_down()
    break_thread(os.environ.get("FAULTS_THREAD"))
    model = Counted(open_hf_lazily(args, **run))
    note("opened")
    return model


def note(what: str, *more: object) -> None:
    """Write down that it happened, in one write, so that no kill leaves half a line."""
    path = os.environ.get("FAULTS_LOG")
    if path:
        line = " ".join([what, f"{time.monotonic():.6f}", *map(str, more)])
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            os.write(handle, f"{line}\n".encode())
        finally:
            os.close(handle)


def slow_down() -> None:
    """What takes no time at all, or too long for a test, takes as long as it is told."""
    writing, showing, busy = (os.environ.get(f"FAULTS_{what}") for what in ("WRITING", "SHOWING", "BUSY"))
    if writing:
        delay("proctor.results.files", "dumps", float(writing), "writing")
    if showing:
        delay("proctor.cli.run", "print_report", float(showing), "showing")
    if busy:
        importlib.import_module("proctor.store.db").BUSY_SECONDS = float(busy)


def delay(module: str, name: str, seconds: float, event: str) -> None:
    """Have a function note that it was called, and wait before it does its work."""
    found = importlib.import_module(module)
    function = getattr(found, name)

    def slowly(*args: Any, **kwargs: Any) -> Any:
        note(event)
        time.sleep(seconds)
        return function(*args, **kwargs)

    setattr(found, name, slowly)


def break_thread(which: str | None) -> None:
    """Have a thread die of something that nobody expects."""
    if which == "hashing":
        importlib.import_module("proctor.models.digest")._digest_block = die
    elif which == "loading":
        importlib.import_module("transformers.core_model_loading")._materialize_copy = die
    elif which in ("drawing", "no threads"):
        progress = importlib.import_module("proctor.run.progress")
        progress.Lines = progress.Bar
        if which == "drawing":
            importlib.import_module("rich.live")._RefreshThread.run = die
        else:
            threading.Thread.start = die_of_no_thread
    elif which == "writer":
        writer = importlib.import_module("proctor.store.writer").Writer
        commit, commits = writer._commit, []

        def die_later(self: Any, *rest: Any) -> None:
            commits.append(rest)
            if len(commits) > 2:
                raise SystemExit
            commit(self, *rest)

        writer._commit = die_later


def die(*_: Any) -> Any:
    """What no thread survives."""
    raise MemoryError


def die_of_no_thread(_: Any) -> Any:
    """What the system says where there are too many."""
    raise RuntimeError("can't start new thread")


def digest(request: Any) -> str:
    """What stands for a request in the log."""
    return blake2b(repr(request).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


class Counted:
    """Everything is the model's own; what it is asked and what it answers is written down."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def respond(self, requests: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        """Answer all of them."""
        return self._watch(requests, range(len(requests)), lambda: self._inner.respond(requests))

    def resume(self, requests: Sequence[Any], missing: Sequence[int]) -> Iterator[tuple[int, Any]]:
        """Answer those that are missing."""
        return self._watch(requests, missing, lambda: self._inner.resume(requests, missing))

    def _watch(self, requests: Sequence[Any], wanted: Sequence[int], ask: Any) -> Iterator[tuple[int, Any]]:
        note("loading")
        time.sleep(float(os.environ.get("FAULTS_LOADING", "0")))
        loaded = self._inner.loaded()
        starve(loaded.module, os.environ.get("FAULTS_MEMORY", ""))
        note("loaded")
        for place in wanted:
            note("asked", digest(requests[place]))
        pause = float(os.environ.get("FAULTS_PAUSE", "0"))
        for place, response in ask():
            time.sleep(pause)
            note("answered", digest(requests[place]))
            yield place, response
        note("exhausted")


def starve(module: Any, how: str) -> None:
    """Let memory run out: ``KIND:tokens>N`` in passes of more tokens, ``KIND:passes>N`` after so many passes."""
    if not how:
        return
    kind, _, when = how.partition(":")
    what, _, limit = when.partition(">")
    passes = 0

    def before(_: Any, args: Any, kwargs: Any) -> None:
        nonlocal passes
        passes += 1
        given = kwargs.get("input_ids", args[0] if args else None)
        if {"passes": passes, "tokens": 0 if given is None else given.numel()}[what] > int(limit):
            note("starved")
            raise error_of(kind)

    module.register_forward_pre_hook(before, with_kwargs=True)


def error_of(kind: str) -> BaseException:
    """What running out of memory looks like."""
    torch = importlib.import_module("torch")
    return {
        "torch": lambda: torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        "runtime": lambda: RuntimeError("[enforce fail at alloc_cpu.cpp:114] can't allocate memory: you tried to"),
        "python": MemoryError,
        "other": lambda: RuntimeError("CUDA error: device-side assert triggered"),
    }[kind]()
