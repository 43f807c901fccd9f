"""From scores of spans to responses of requests: the one home of their numbering."""

# Three numberings meet here
# --------------------------
#   request   (index, request): its place in what the model was sent, and the number under which it is answered
#   owner     one continuation, counted through over all requests; or one window of a whole text
#   span      tokens scored at once. A continuation that is too long for the model has several, an empty one has none
#
#   requests     0: " A" " B"      1: " yes"      2: "" (no tokens)
#   owners          0    1            2              3
#   spans           0    1          2, 3             -
#
# A model scores spans in any order and hands each score over under its owner's number. When the last span of a request
# has come, its response is complete; requests without spans are complete at once (``ready``).
#
# Invariant: each wanted request is answered once, with one value for each continuation, in order.

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from proctor.types import Loglikelihood, Response, Rolling, RollingScore, Scores

if TYPE_CHECKING:
    from proctor.models.prefix.rows import Span


class ScoredRequests:
    """The responses to log-likelihood requests while their spans are scored.

    Args:
        requests: Requests, each with the number under which it is answered.
        waiting: Per span the place of its request, as :class:`~proctor.models.tokens.spans.SpanMaker` gives it.
        wanted: The numbers that anybody wants to know; None: all.
        spans: The spans, of which the tokens of continuations are counted; None: they are not.
    """

    def __init__(
        self,
        requests: Sequence[tuple[int, Loglikelihood]],
        waiting: Sequence[int],
        wanted: frozenset[int] | None = None,
        spans: Sequence[Span] | None = None,
    ) -> None:
        self._requests = requests
        self.owners = [place for place, (_, request) in enumerate(requests) for _ in request.continuations]
        self._first = {place: start for start, place in reversed(list(enumerate(self.owners)))}
        self._values: list[tuple[float, bool]] = [(0.0, True)] * len(self.owners)
        self._tokens = None if spans is None else [0] * len(self.owners)
        for span in spans or ():
            if self._tokens is not None:
                self._tokens[span.owner] += span.count
        self._open = [0] * len(requests)
        for place in waiting:
            self._open[place] += 1
        self._wanted = [wanted is None or index in wanted for index, _ in requests]

    @property
    def wanted(self) -> list[bool]:
        """Per owner, whether anybody wants to know its score."""
        return [self._wanted[place] for place in self.owners]

    def ready(self) -> Iterator[tuple[int, Response]]:
        """The responses that need no score."""
        for place, count in enumerate(self._open):
            if self._wanted[place] and not count:
                yield self._response(place)

    def add(self, owner: int, logprob: float, greedy: bool) -> Iterator[tuple[int, Response]]:
        """Take the score of one span.

        Args:
            owner: The continuation it belongs to.
            logprob: The log-probability of its tokens, in nats.
            greedy: Whether each of them is the model's first choice.

        Returns:
            The response that this completes, if it does.
        """
        total, all_greedy = self._values[owner]
        self._values[owner] = (total + logprob, all_greedy and greedy)
        place = self.owners[owner]
        self._open[place] -= 1
        if self._wanted[place] and not self._open[place]:
            yield self._response(place)

    def _response(self, place: int) -> tuple[int, Response]:
        index, request = self._requests[place]
        start = self._first.get(place, 0)
        end = start + len(request.continuations)
        tokens = None if self._tokens is None else tuple(self._tokens[start:end])
        return index, Scores(tuple(self._values[start:end]), tokens)


class RolledRequests:
    """The responses to whole texts while their windows are scored.

    Args:
        requests: Requests, each with the number under which it is answered.
        places: Per window the place of its request.
        wanted: The numbers that anybody wants to know; None: all.
    """

    def __init__(
        self, requests: Sequence[tuple[int, Rolling]], places: Sequence[int], wanted: frozenset[int] | None = None
    ) -> None:
        self._requests = requests
        self._places = places
        self._windows: list[list[tuple[int, float]]] = [[] for _ in requests]
        self._count = [0] * len(requests)
        for place in places:
            self._count[place] += 1
        self._wanted = [wanted is None or index in wanted for index, _ in requests]

    @property
    def wanted(self) -> list[bool]:
        """Per window, whether anybody wants to know its score."""
        return [self._wanted[place] for place in self._places]

    def ready(self) -> Iterator[tuple[int, Response]]:
        """The responses to texts without tokens."""
        for place, (index, _) in enumerate(self._requests):
            if self._wanted[place] and not self._count[place]:
                yield index, RollingScore(0.0)

    def add(self, window: int, logprob: float) -> Iterator[tuple[int, Response]]:
        """Take the score of one window.

        Args:
            window: Its number.
            logprob: The log-probability of its tokens, in nats.

        Returns:
            The response that this completes, if it does.
        """
        place = self._places[window]
        self._windows[place].append((window, logprob))
        if self._wanted[place] and len(self._windows[place]) == self._count[place]:
            # Summed in the order of the text, so that batching does not change the last bits.
            total = sum(value for _, value in sorted(self._windows[place]))
            yield self._requests[place][0], RollingScore(total)
