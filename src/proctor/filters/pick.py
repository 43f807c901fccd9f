"""Filters that pick among the responses of a request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from proctor.errors import UsageError
from proctor.filters.base import Filter


class TakeFirst(Filter):
    """The first response alone; what follows sees a response instead of a list.

    Source: lm-eval's ``take_first``.
    """

    def __init__(self) -> None:
        super().__init__()

    def apply(self, resps: Iterable[Any], docs: Sequence[Mapping[str, Any]]) -> Iterable[Any]:
        """Keep the first response of each request."""
        return [request[0] for request in resps]


class TakeFirstK(Filter):
    """The first ``k`` responses. Source: lm-eval's ``take_first_k``."""

    def __init__(self, k: int) -> None:
        super().__init__()
        if isinstance(k, bool) or not isinstance(k, int) or k < 1:
            raise UsageError(f"take_first_k takes a number of responses of 1 or more as k, not {k!r}.")
        self.k = k

    def apply(self, resps: Iterable[Any], docs: Sequence[Mapping[str, Any]]) -> Iterable[Any]:
        """Keep the first ``k`` responses of each request."""
        requests = list(resps)
        if requests and len(requests[0]) < self.k:
            raise UsageError(
                f"take_first_k is to take {self.k} responses of each request and finds {len(requests[0])}.",
                hint=f"Set 'repeats: {self.k}' or more in the task.",
            )
        return [request[: self.k] for request in requests]


class MajorityVote(Filter):
    """The most frequent response as a list of one; of equals the one that came first.

    Source: self-consistency, https://arxiv.org/abs/2203.11171; lm-eval's ``majority_vote``.
    """

    def __init__(self) -> None:
        super().__init__()

    def apply(self, resps: Iterable[Any], docs: Sequence[Mapping[str, Any]]) -> Iterable[Any]:
        """Keep the most frequent response of each request."""
        # most_common() keeps the order of first occurrence among equals, and so decides ties as lm-eval does.
        return [[Counter(request).most_common(1)[0][0]] for request in resps]
