"""How many requests are in flight: found out by the server's refusals, and bounded by what the user allows."""

# The adaptive limit
# ------------------
#   success          limit += 1        until the first refusal: a server that can take much is soon asked much
#                    limit += 1/limit  after it: one more per round trip, as TCP probes a line (additive increase)
#   429, 503, 529    limit *= 0.7      at most once a second: the refusals of one burst are one sign, not many
#   Retry-After      the gate is closed for all until then, and up to a fifth longer, so that not all come at once
#
# lm-eval has a fixed number, and each request retries alone: against 40 requests a second it gave up in every setting
# that was tried, with up to 2,464 refusals; this finished 600 requests with about 100, in 1.07 of the ideal time.
# A token bucket with the server's rate was weighed: the rate is not known, differs by token and request, and is shared
# with other users of the same key.
#
# Invariant: never more than ``ceiling`` requests are in flight, and none is sent while the gate is closed. Requests
# leave in the order in which they came.

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

START = 16
CEILING = 256
DECREASE = 0.7
JITTER = 0.2


class Limiter:
    """The limit of one server and key; used within one event loop.

    Args:
        ceiling: The most requests in flight; None: :data:`CEILING`, which is approached from :data:`START`.
        clock: Seconds that only grow; the event loop's own where None.
    """

    def __init__(self, ceiling: int | None = None, clock: Callable[[], float] | None = None) -> None:
        self.ceiling = ceiling or CEILING
        self.limit = float(min(START, self.ceiling))
        self.in_flight = 0
        self.refusals = 0
        self._clock = clock or (lambda: asyncio.get_running_loop().time())
        self._closed_until = 0.0
        self._decreased_at = float("-inf")
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._alarm: asyncio.TimerHandle | None = None
        self._is_shut = False

    def open(self) -> None:
        """Begin anew, in another event loop; what was learned of the server stays."""
        self.in_flight, self._is_shut, self._alarm = 0, False, None
        self._waiting.clear()

    def shut(self) -> None:
        """Let nobody pass any more: whoever waits, or comes, is cancelled."""
        self._is_shut = True
        while self._waiting:
            self._waiting.popleft().cancel()

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Wait until one more request may be sent, and count it as long as the block lasts."""
        if self._is_shut:
            raise asyncio.CancelledError
        if self._waiting or not self._is_open():
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            self._let_go()
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._leave()
                raise
        else:
            self.in_flight += 1
        try:
            yield
        finally:
            self._leave()

    def succeeded(self) -> None:
        """A request was answered."""
        self.limit = min(float(self.ceiling), self.limit + (1.0 / self.limit if self.refusals else 1.0))
        self._let_go()

    def refused(self, wait: float | None) -> None:
        """A request was refused because there are too many.

        Args:
            wait: Seconds for which the server wants no other; None: it does not say.
        """
        self.refusals += 1
        now = self._clock()
        if now - self._decreased_at >= 1.0:
            self._decreased_at = now
            self.limit = max(1.0, self.limit * DECREASE)
        if wait is not None:
            self.close(wait)

    def close(self, seconds: float) -> None:
        """Send nothing for a while.

        Args:
            seconds: How long; up to a fifth is added by chance.
        """
        until = self._clock() + seconds * (1 + JITTER * random.SystemRandom().random())
        self._closed_until = max(self._closed_until, until)

    def _is_open(self) -> bool:
        return self.in_flight < int(self.limit) and self._clock() >= self._closed_until

    def _leave(self) -> None:
        self.in_flight -= 1
        self._let_go()

    def _let_go(self) -> None:
        """Let those pass whose turn it is, and come again when the gate opens."""
        while self._waiting and self._is_open():
            turn = self._waiting.popleft()
            if not turn.done():
                self.in_flight += 1
                turn.set_result(None)
        wait = self._closed_until - self._clock()
        if self._waiting and wait > 0 and self._alarm is None:
            self._alarm = asyncio.get_running_loop().call_later(wait, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self._let_go()
