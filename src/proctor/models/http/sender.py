"""Sends a request until it is answered, refused for good, or the run has to stop."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from proctor.errors import ModelError
from proctor.models.http.limiter import Limiter
from proctor.models.http.meter import BudgetError, Meter
from proctor.models.http.parameters import Parameters
from proctor.models.http.rate_headers import held_back, retry_after
from proctor.models.http.replies import Reply, Verdict, verdict
from proctor.models.http.stall_watch import StallWatch
from proctor.models.http.transport import Transport
from proctor.secrets import redact_text

log = logging.getLogger("proctor")

BUDGET = 600.0
"""Seconds that one request may be tried for, the time that a server asked to wait for not counted."""
SILENCE = 90.0
"""Seconds without any reply after which the server is taken for gone."""
LONGEST_PAUSE = 30.0


class RequestFailedError(Exception):
    """One request that failed for good; the run goes on.

    Attributes:
        reply: The last reply.
        retryable: Whether the same request may succeed another time.
    """

    def __init__(self, why: str, reply: Reply, *, retryable: bool) -> None:
        super().__init__(why)
        self.why = why
        self.reply = reply
        self.retryable = retryable


class Sender:
    """The requests of one model to one server.

    Args:
        transport: Exchanges one request for one reply.
        limiter: How many are in flight.
        parameters: What the model does not take.
        attempts: How often a request is sent at most; None: as often as fits into :data:`BUDGET` seconds.
        pause: The first pause between attempts, in seconds.
        secret_names: Environment variables that hold the key, for the sentence on a refused one.
        meter: Counts the tokens of replies, and says when they have cost enough.
    """

    def __init__(
        self,
        transport: Transport,
        limiter: Limiter,
        parameters: Parameters,
        *,
        attempts: int | None = None,
        pause: float = 0.5,
        secret_names: Sequence[str] = (),
        meter: Meter | None = None,
    ) -> None:
        self._transport = transport
        self._limiter = limiter
        self._parameters = parameters
        self._attempts = attempts
        self._pause = pause
        self._secret_names = secret_names
        self._meter = meter or Meter()
        self._watch = StallWatch(limiter)
        self._last_reply, self._answered = time.monotonic(), False
        self.counts: Counter[str] = Counter()

    async def post(self, url: str, payload: Mapping[str, Any]) -> Reply:
        """The reply to one request.

        Args:
            url: Where to.
            payload: What to send.

        Raises:
            RequestFailedError: This request cannot be answered.
            ModelError: No request can.
        """
        begun, waited, failures = time.monotonic(), 0.0, 0
        while True:
            async with self._limiter.slot():
                self._check_budget()
                sent = self._parameters.apply(payload)
                self.counts["sent"] += 1
                reply = await self._watch.reply(
                    lambda sent=sent: self._transport.post(url, sent), lambda sent=sent: self._post_again(url, sent)
                )
                outcome = self._judge(reply, sent, payload)
                if outcome is Verdict.STOP:
                    # Before the slot is free: whoever waits for it would be refused too, or paid for in vain.
                    self._limiter.shut()
            if outcome is None:
                continue
            match outcome:
                case Verdict.DONE:
                    self._meter.add(reply.body)
                    self._note_success(reply)
                    return reply
                case Verdict.STOP:
                    raise self._stop(url, reply)
                case Verdict.LATER:
                    self.counts["refused"] += 1
                    wait = retry_after(reply.headers, time.time())
                    self._limiter.refused(wait)
                    pause = self._growing_pause(min(failures, 4)) if wait is None else 0.0
                    failures += wait is None
                    waited += pause if wait is None else wait
                case Verdict.RETRY:
                    failures += 1
                    pause = self._growing_pause(failures - 1)
                    self._check_silence(url, reply)
                    if self._is_spent(failures, time.monotonic() - begun - waited):
                        raise RequestFailedError(_failure(reply, failures), reply, retryable=True)
                    self.counts["retried"] += 1
                    log.debug("Attempt %d failed (%s); the next in %.1f s.", failures, _what(reply), pause)
                case Verdict.FAIL:
                    raise RequestFailedError(_failure(reply, 1), reply, retryable=False)
            await asyncio.sleep(pause)

    async def _post_again(self, url: str, sent: Mapping[str, Any]) -> Reply:
        self._check_budget()
        self.counts["sent"] += 1
        self.counts["resent"] += 1
        log.warning("A request at %s hangs: it is sent once more.", shown(url))
        return await self._transport.post(url, sent)

    def _judge(self, reply: Reply, sent: Mapping[str, Any], payload: Mapping[str, Any]) -> Verdict | None:
        """What is done about a reply; None: the request is adapted and sent again at once."""
        if reply.status:
            self._last_reply, self._answered = time.monotonic(), True
        if self._parameters.learn(reply, sent):
            return None
        # Another request that was in flight has taught something in the meantime.
        if verdict(reply) in (Verdict.FAIL, Verdict.STOP) and sent != self._parameters.apply(payload):
            return None
        return verdict(reply)

    def _check_budget(self) -> None:
        """End the run before a request that may not be paid; whoever waits is not sent either."""
        try:
            self._meter.check()
        except BudgetError:
            self._limiter.shut()
            raise

    def _growing_pause(self, failures: int) -> float:
        # Full jitter: many requests that failed together do not come again together.
        return random.SystemRandom().uniform(0, min(LONGEST_PAUSE, self._pause * 2 ** (failures + 1)))

    def _is_spent(self, failures: int, seconds: float) -> bool:
        return seconds > BUDGET if self._attempts is None else failures >= self._attempts

    def _note_success(self, reply: Reply) -> None:
        self._limiter.succeeded()
        wait = held_back(reply.headers, time.time())
        if wait is not None:
            self._limiter.close(wait)

    def _check_silence(self, url: str, reply: Reply) -> None:
        """A server that is gone ends the run: each request would use up its own ten minutes otherwise."""
        patience = SILENCE if self._answered else SILENCE / 9
        if not reply.status and time.monotonic() - self._last_reply > patience:
            raise ModelError(
                f"The server at {shown(url)} does not answer: {reply.message}.",
                hint="Start it, or correct base_url in --model_args. The same command goes on where this one stopped.",
            )

    def _stop(self, url: str, reply: Reply) -> ModelError:
        sentence, hint = _stop_sentence(url, reply, self._secret_names)
        return ModelError(sentence, hint=hint)


def shown(url: str) -> str:
    """An address for a sentence: without what may be secret in it.

    Args:
        url: The address.
    """
    return redact_text(url)


def _what(reply: Reply) -> str:
    return f"status {reply.status}: {reply.message}" if reply.status else reply.message


def _failure(reply: Reply, attempts: int) -> str:
    tries = "" if attempts == 1 else f" after {attempts} attempts"
    return f"the request failed{tries}: {_what(reply)}"


def _stop_sentence(url: str, reply: Reply, secret_names: Sequence[str]) -> tuple[str, str | None]:
    """What ends the run, and the remedy."""
    url = shown(url)
    names = " or ".join(secret_names)
    if reply.final:
        hint = "ca_cert_path names certificates to trust; verify_certificate=False checks none."
        return f"{url} cannot be used: {reply.message}.", hint if "certificate" in reply.text else None
    if reply.status == 200:
        hint = "base_url in --model_args must be the address of the API, such as http://localhost:8000/v1/completions."
        return f"{url} sent no JSON object, but: {reply.message!r}.", hint
    if reply.status == 401:
        where = f"Set {names}." if names else "The key belongs into an environment variable or auth_token."
        return f"{url} does not accept the key (401): {reply.message}", where
    if reply.status == 404:
        return (
            f"{url} knows no such address or model (404): {reply.message}",
            "Check base_url and model in --model_args.",
        )
    if reply.status in (400, 402, 403, 429):
        return (
            f"{url} refuses all requests ({reply.status}): {reply.message}",
            "What was answered is stored, if the run has a store: the same command goes on where this one stopped.",
        )
    return f"{url} cannot be used (status {reply.status}): {reply.message}", None
