"""Sends a request that hangs once more, when it is all that a run still waits for."""

# The last requests of a run
# --------------------------
# Now and then a server never replies to one request of thousands, and a run that has everything else waits for its
# timeout of ten minutes. Such a request is sent a second time, and the first good reply of the two is taken. Each is
# paid for, so that it has to be certain that the request hangs and is not just long:
#
#   it took LEAST seconds, and FACTOR times as long as 95 % of the replies so far
#   nothing waits to be sent, and there is room for one more in flight
#   no more than a twentieth as many requests are in flight as have replies: those in flight are the outliers, and not
#   the whole run (sixteen long texts after a few short probes)
#
# Invariant: a request is sent at most once more, within the limit of requests in flight, and one reply comes of it.

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from proctor.models.http.limiter import Limiter
from proctor.models.http.replies import Reply

LEAST = 30.0
FACTOR = 5.0
LOOK = 1.0
"""Seconds between two looks at a request that takes long."""
SHARE = 20
"""Replies for each request in flight."""
REMEMBERED = 1000

Send = Callable[[], Awaitable[Reply]]


class StallWatch:
    """The watch over the requests of one sender.

    Args:
        limiter: Knows what waits and what is in flight.
    """

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter
        self._seconds: deque[float] = deque(maxlen=REMEMBERED)

    async def reply(self, send: Send, send_again: Send) -> Reply:
        """The reply to a request, or to the same one sent again.

        Args:
            send: Sends it.
            send_again: Sends it a second time; called at most once, within a slot of the limiter.
        """
        clock = asyncio.get_running_loop().time
        begun = clock()
        first = asyncio.ensure_future(send())
        try:
            wait = LEAST
            while not first.done():
                await asyncio.wait((first,), timeout=wait)
                if not first.done() and self._hangs(clock() - begun):
                    return await self._first_of(first, asyncio.ensure_future(self._in_slot(send_again)))
                wait = LOOK
        finally:
            first.cancel()
        reply = first.result()
        if reply.status == 200:
            self._seconds.append(clock() - begun)
        return reply

    async def _in_slot(self, send: Send) -> Reply:
        async with self._limiter.slot():
            return await send()

    def _hangs(self, seconds: float) -> bool:
        replies = len(self._seconds)
        if not self._limiter.has_room or self._limiter.in_flight * SHARE > replies:
            return False
        slow = sorted(self._seconds)[int(0.95 * (replies - 1))]
        return seconds > max(LEAST, FACTOR * slow)

    @staticmethod
    async def _first_of(*tasks: asyncio.Task[Reply]) -> Reply:
        """The first good reply; where none is good, the last."""
        pending = set(tasks)
        reply: Reply | None = None
        try:
            while pending:
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    # Cancelled: the limiter let nothing pass any more.
                    if not task.cancelled():
                        reply = task.result()
                        if reply.status == 200:
                            return reply
        finally:
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)
        if reply is None:
            raise asyncio.CancelledError
        return reply
