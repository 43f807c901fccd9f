"""A data set's description, read once for all of its configurations.

``datasets`` resolves a data set's folder, its card and its list of files anew for every
configuration; for a benchmark of 57 subjects that is most of the time of loading it, and
over a network 57 times the same questions.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_DESCRIBED: dict[str, Any] = {}


def load_dataset(path: str, name: str | None, **kwargs: Any) -> Any:
    """``datasets.load_dataset``, with the description of ``path`` kept from one call to the next."""
    import datasets

    with _descriptions_kept():
        return datasets.load_dataset(path=path, name=name, **kwargs)


@contextmanager
def _descriptions_kept() -> Iterator[None]:
    """Keep what ``datasets`` finds out about a data set; another version of it may have no such step."""
    from datasets import load

    original: Callable[..., Any] | None = getattr(load, "dataset_module_factory", None)
    if original is None:
        yield
        return

    def describe(*args: Any, **kwargs: Any) -> Any:
        key = repr((str(Path.cwd()), args, sorted(kwargs.items())))
        if key not in _DESCRIBED:
            _DESCRIBED[key] = original(*args, **kwargs)
        found = _DESCRIBED[key]
        # The caller takes entries out of builder_kwargs: each gets a dictionary of its own.
        return dataclasses.replace(found, builder_kwargs=dict(found.builder_kwargs))

    setattr(load, "dataset_module_factory", describe)  # noqa: B010
    try:
        yield
    finally:
        setattr(load, "dataset_module_factory", original)  # noqa: B010
