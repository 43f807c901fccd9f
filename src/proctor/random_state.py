"""The state of everything that draws by chance in this process: the global generators and those of task files.

Checks call functions of a task once more than a run needs them. Whatever they draw on the way is put
back, so that prompts are those of a run that was not checked.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any


def random_state() -> Mapping[str, Any]:
    """The state of Python's, numpy's and torch's global generators, of those that are loaded."""
    state: dict[str, Any] = {"random": random.getstate()}
    if "numpy.random" in sys.modules:
        state["numpy.random"] = sys.modules["numpy.random"].get_state()
    if "torch" in sys.modules:
        state["torch"] = sys.modules["torch"].get_rng_state()
    return state


def set_random_state(state: Mapping[str, Any]) -> None:
    """Put back what :func:`random_state` gave."""
    random.setstate(state["random"])
    if "numpy.random" in state:
        sys.modules["numpy.random"].set_state(state["numpy.random"])
    if "torch" in state:
        sys.modules["torch"].set_rng_state(state["torch"])


@contextmanager
def random_state_restored(functions: Iterable[Any]) -> Iterator[None]:
    """Within, generators may be drawn from; afterwards they stand where they stood.

    ``functions``: those of a task, whose files may hold generators of their own.
    """
    own = {id(one): one for function in functions for one in _generators_of(function)}
    states = [(one, one.getstate()) for one in own.values()]
    before = random_state()
    try:
        yield
    finally:
        set_random_state(before)
        for generator, state in states:
            generator.setstate(state)


def _generators_of(function: Any) -> Iterator[random.Random]:
    """The generators that stand at the top of a function's file."""
    names = getattr(function, "__globals__", None) or {}
    # list(): another thread may define names meanwhile.
    yield from (value for value in list(names.values()) if isinstance(value, random.Random))
