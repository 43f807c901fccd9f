"""Python's cyclic garbage collector, where it walks a million objects and finds nothing.

The collector walks all objects again each time that their number has grown by a quarter. Importing torch and
transformers, scanning task files and encoding a chunk of prompts make a million objects that all stay. The walks
cost a third of a scan, and 0.4 of the 4.4 CPU seconds of these imports. A process ends with two more walks over
everything, and a model that is closed with a third: another 0.8 s.

So collections are paused while such objects are made (:func:`collection_paused`), and what is imported is left out
of all later ones (:func:`imports_kept`). The latter is right in a process of proctor's own only: cycles that were
alive then are never freed, and in a notebook one of them may be the user's previous model. Hence
:func:`own_process`, which the command calls and the library does not. Reference counts free what has no cycle
all the while.
"""

from __future__ import annotations

import atexit
import gc
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_own_process = threading.Event()


_THRESHOLDS = (50_000, 50, 4)
"""Objects before a young collection, and collections before an older one: Python's 700, 10, 10 fit small programs. Of a
run's documents, what outlives a young collection lives on until they are graded, so a middle one finds nothing."""


def own_process() -> None:
    """Say that nobody else's objects live in this process: its collector is set for a run of many documents.

    Prompts, requests and records are trees without cycles. A few ten thousand objects that wait for the next
    collection are some megabytes.
    """
    if not _own_process.is_set():
        atexit.register(_unfreeze_bindings)
    _own_process.set()
    gc.set_threshold(*_THRESHOLDS)


def _unfreeze_bindings() -> None:
    """At the end of the process: let what is frozen be torn down where somebody counts what is not."""
    # Triton's bindings (nanobind) report every object of theirs that is left as leaked, on a page of standard error.
    if "triton" in sys.modules:
        gc.unfreeze()


@contextmanager
def collection_paused() -> Iterator[None]:
    """Run a block without collections; afterwards the collector is as it was.

    Blocks may be nested, and run in several threads: whoever found the collector on turns it on again.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextmanager
def imports_kept() -> Iterator[None]:
    """Run a block that imports without collections; in a process of proctor's own, its objects are never walked."""
    with collection_paused():
        yield
    if _own_process.is_set():
        # Moves all objects of now into a generation that is never walked.
        gc.freeze()
