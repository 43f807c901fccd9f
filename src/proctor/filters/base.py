"""What a filter is, for ours and for those of task folders."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from proctor.regex_limits.bounded import SlowPatternError, TimeLimit


@dataclass(frozen=True, slots=True)
class FilterFailure:
    """The outcome of a request that a filter could make nothing of; ``why`` is a sentence."""

    why: str


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


def each_in_time(requests: Iterable[Any], find: Callable[..., Any], *rest: Iterable[Any]) -> list[Any]:
    """``find`` of every request (and of what is beside it); :class:`FilterFailure` where a pattern takes too long."""
    outcomes: list[Any] = []
    # One watch for all requests: to set up a timer for each would cost more than most patterns.
    with TimeLimit() as watch:
        for arguments in zip(requests, *rest, strict=True):
            try:
                outcomes.append(watch.run(find, *arguments))
            except SlowPatternError as error:
                outcomes.append(FilterFailure(error.message))
    return outcomes


def each(resps: Iterable[Any], change: Callable[[Any], Any]) -> list[list[Any]]:
    """Change every response of every request."""
    return [[change(response) for response in request] for request in resps]
