"""A model that is right where a test says so, on the documents of ``quiz_files``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from proctor.models.dummy import DummyModel
from proctor.types import Request, Response, Scores


class ScriptedModel(DummyModel):
    """Right on document n, the last number of its prompt, where ``is_right(n)``; its responses can be stored.

    ``stop_after``: Ctrl-C comes after so many responses. ``requests``: how many there were.
    """

    name = "scripted"

    def __init__(
        self, is_right: Callable[[int], bool], *, stop_after: int | None = None, name: str = "scripted"
    ) -> None:
        self._is_right, self._stop_after = is_right, stop_after
        self.identity: Mapping[str, Any] = {"model": name}  # type: ignore[misc]
        self.requests = 0

    def respond(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        for index, request in enumerate(requests):
            if self.requests == self._stop_after:
                raise KeyboardInterrupt
            self.requests += 1
            number = int(re.findall(r"\d+", request.texts[0])[-1])
            right = number % 2 if self._is_right(number) else 1 - number % 2
            yield index, Scores(tuple([(-1.0 - (place != right), False) for place in range(request.count)]))
