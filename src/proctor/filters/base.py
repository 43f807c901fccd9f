"""What a filter is, for ours and for those of task folders."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any


class Filter(ABC):
    """One step of a pipeline. Settings go to ``__init__``; a new object is made for each run."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: B027 - filters of task folders call it
        """Take settings; a filter without ``__init__`` of its own ignores them."""

    @abstractmethod
    def apply(self, resps: Iterable[Any], docs: Sequence[Mapping[str, Any]]) -> Iterable[Any]:
        """Give one outcome per entry of ``resps``, in order.

        An entry is the list of one request's responses until a step such as ``take_first``
        makes a single one of it. ``docs`` is aligned with ``resps``.
        """


def each(resps: Iterable[Any], change: Callable[[Any], Any]) -> list[list[Any]]:
    """Change every response of every request."""
    return [[change(response) for response in request] for request in resps]
