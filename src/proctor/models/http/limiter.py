"""How many requests are in flight: found out by the server's refusals, and bounded by what the user allows."""

# The adaptive limit
# ------------------
#   success          limit += 1        until the first refusal: a server that can take much is soon asked much
#                    limit += 1/limit  after it: one more per round trip, as TCP probes a line (additive increase)
#   429, 503, 529    limit *= 0.7      at most once a second: the refusals of one burst are one sign, not many
#                    rate               requests leave at the pace of the successes of the last seconds, a little less
#                                       after each refusal, 5 % a second more without one
#   Retry-After      the gate is closed for all until then, and up to a fifth longer, so that not all come at once
#
# lm-eval has a fixed number, and each request retries alone: against 40 requests a second it gave up in every setting
# that was tried, with up to 2,464 refusals; this finished 600 requests with 76, in 1.05 of the ideal time.
# The limit alone was tried: a refusal takes no time, so that against a rate a dozen requests in flight are refused
# again and again, 1,497 times; with the pace, 76 times. The pace alone would not do for servers that refuse by what is
# in flight.
# A token bucket with the server's rate was weighed: the rate is not known, and is shared with other users of the key.
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
WINDOW = 3.0
"""Seconds whose successes say how much the server takes."""
BACK = 0.9
"""Share of the pace that is left after a refusal."""
GROWTH = 0.05
"""Share by which the pace grows in a second without refusals."""


class Limiter:
    """The limit of one server and key; used within one event loop at a time.

    Attributes:
        limit: How many requests may be in flight.
        pace: Requests a second that may leave; None: as many as the limit allows.
        refusals: How many there were.

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
        self._slowed_at = float("-inf")
        self.pace: float | None = None
        self._next_at = 0.0
        self._successes: deque[float] = deque()
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._alarm: asyncio.TimerHandle | None = None
        self._is_shut = False

    @property
    def has_room(self) -> bool:
        """Whether a request could leave now, and none waits to."""
        return not self._waiting and not self._is_shut and self._is_open()

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
            self._pass()
        try:
            yield
        finally:
            self._leave()

    def succeeded(self) -> None:
        """A request was answered."""
        self.limit = min(float(self.ceiling), self.limit + (1.0 / self.limit if self.refusals else 1.0))
        now = self._clock()
        self._successes.append(now)
        while self._successes[0] < now - WINDOW:
            self._successes.popleft()
        if self.pace is not None and now - self._slowed_at > 1.0:
            # As many successes as the pace allows come in a second, so that they add up to GROWTH.
            self.pace *= 1 + GROWTH / max(self.pace, 1.0)
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
        if now - self._slowed_at >= 0.25:
            self._slowed_at = now
            self.pace = self._slower(now)
        if wait is not None:
            self.close(wait)

    def close(self, seconds: float) -> None:
        """Send nothing for a while.

        Args:
            seconds: How long; up to a fifth is added by chance.
        """
        until = self._clock() + seconds * (1 + JITTER * random.SystemRandom().random())
        self._closed_until = max(self._closed_until, until)

    def _slower(self, now: float) -> float:
        """Requests a second after a refusal: what was answered lately, or a little less than before."""
        span = max(now - self._successes[0], 0.5) if self._successes else 1.0
        answered = max(len(self._successes) / span, 0.5)
        return answered * BACK if self.pace is None else min(answered, self.pace * BACK)

    def _pass(self) -> None:
        self.in_flight += 1
        if self.pace is not None:
            self._next_at = max(self._next_at, self._clock()) + 1 / self.pace

    @property
    def _opens_at(self) -> float:
        return max(self._closed_until, self._next_at if self.pace is not None else 0.0)

    def _is_open(self) -> bool:
        return self.in_flight < int(self.limit) and self._clock() >= self._opens_at

    def _leave(self) -> None:
        self.in_flight -= 1
        self._let_go()

    def _let_go(self) -> None:
        """Let those pass whose turn it is, and come again when the gate opens."""
        while self._waiting and self._is_open():
            turn = self._waiting.popleft()
            if not turn.done():
                self._pass()
                turn.set_result(None)
        wait = self._opens_at - self._clock()
        if self._waiting and wait > 0 and self._alarm is None:
            self._alarm = asyncio.get_running_loop().call_later(wait, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self._let_go()
