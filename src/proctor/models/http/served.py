"""What every model that is reached over HTTP has: arguments, one limiter, sentences, and facts for the results."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, TypeVar

from proctor.errors import UsageError
from proctor.models.base import WarningCounter
from proctor.models.generation import DEFAULT_MAX_TOKENS, LENGTH_NAMES, GenerationPlan, plan_generation
from proctor.models.http.arguments import ApiArguments
from proctor.models.http.endpoints import Endpoint, endpoint
from proctor.models.http.limiter import Limiter
from proctor.models.http.meter import Meter
from proctor.models.http.model_list import look_at_models
from proctor.models.http.parameters import Parameters
from proctor.models.http.replies import Reply
from proctor.models.http.runner import Job, run_jobs
from proctor.models.http.sender import RequestFailedError, Sender
from proctor.models.http.transport import Connection, Transport
from proctor.models.prices import Prices
from proctor.types import Generate, Refusal, Response, Text

log = logging.getLogger("proctor")

T = TypeVar("T")
Outcome = Sequence[tuple[int, Response]]
"""Responses under the numbers of their requests."""


class ServedModel:
    """The part that completions and chats share.

    Args:
        arguments: The model arguments.
        kind: The name of the kind, for the identity and sentences.
        ending: What the endpoint's path ends with.
        headers: Those that hold the key.
        key_names: The environment variables that it is read from.
    """

    def __init__(
        self,
        arguments: ApiArguments,
        *,
        kind: str,
        ending: str,
        headers: Mapping[str, str],
        key_names: Sequence[str] = (),
    ) -> None:
        self.name = arguments.model
        self.arguments = arguments
        self.kind = kind
        self.endpoints: tuple[Endpoint, ...] = tuple(endpoint(address, ending) for address in arguments.base_url)
        self.connection = connection_of(arguments, headers)
        self._key_names = key_names
        self.counter = WarningCounter()
        self.parameters = Parameters()
        self.limiter = Limiter(arguments.num_concurrent)
        self.meter = Meter()
        self.transport = Transport(self.connection)
        self.sent: Counter[str] = Counter()
        self.tokens_used: Counter[str] = Counter()
        self.limits: list[int] = []
        self._drawn: Counter[str] = Counter()
        self._is_known = False
        self._halt = threading.Event()

    @property
    def info(self) -> Mapping[str, Any]:
        """Nothing: the server says neither its weights nor their type."""
        return {}

    def close(self) -> None:
        """Nothing is open between two calls."""

    def identity_of(self, **more: Any) -> Mapping[str, Any]:
        """What responses depend on: the server's address and name of the model, and what is sent."""
        arguments = self.arguments
        return {
            "kind": self.kind,
            "model": arguments.model,
            "servers": sorted(one.url for one in self.endpoints),
            "seed": arguments.seed,
            **more,
        }

    def report(self) -> Mapping[str, Any]:
        """What happened while it responded."""
        facts: dict[str, Any] = {"requests": dict(self.sent), "concurrency": int(self.limiter.limit)}
        if self.parameters.changes:
            facts["parameters"] = dict(self.parameters.changes)
        if self.tokens_used:
            facts["usage"] = dict(self.tokens_used)
        return {
            "truncated": {key: count for key, count in self.counter.counts.items() if key != "not_believed"},
            "batch_sizes": [],
            "scoring": {},
            "generation": facts,
            **({"usage": usage} if (usage := self.meter.facts()) else {}),
        }

    def set_budget(self, prices: Prices, most: float | None) -> None:
        """Take what tokens cost, and the amount at which no more requests are sent."""
        self.meter.set_budget(prices, most)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Sender]:
        """An open connection, and what sends over it."""
        async with self.transport:
            sender = Sender(
                self.transport,
                self.limiter,
                self.parameters,
                attempts=self.arguments.max_retries,
                secret_names=self._key_names,
                meter=self.meter,
            )
            try:
                yield sender
            finally:
                self.sent.update(sender.counts)

    def run(self, jobs: Iterator[Job[T]]) -> Iterator[T]:
        """The results of jobs as they end."""
        return run_jobs(jobs, self.limiter, self.session, self._halt)

    def stop(self) -> None:
        """Send nothing more; what is in flight still comes."""
        self._halt.set()

    @property
    def is_stopped(self) -> bool:
        """Whether nothing more is sent."""
        return self._halt.is_set()

    def plan(self, request: Generate, eos: str | None) -> GenerationPlan:
        """The generation arguments of a request; a task that names no length gets the model's own."""
        plan = plan_generation(request.kwargs, eos=eos)
        for name in ("model", "messages", "prompt"):
            if name in plan.extra:
                raise UsageError(
                    f"The generation arguments hold {name!r}, which is what is evaluated and no way to generate.",
                    hint="Leave it out of generation_kwargs and --gen_kwargs; the model is named in --model_args.",
                )
        if any(request.kwargs.get(name) is not None for name in LENGTH_NAMES):
            return plan
        return replace(plan, max_tokens=self.arguments.max_gen_toks or DEFAULT_MAX_TOKENS)

    def seed_of(self, request: Generate) -> int:
        """The seed of a request: each repetition of a sampled one has another.

        lm-eval sends one seed with all of them, so that the repeats of servers that obey it are all alike.
        """
        if not request.is_sampled:
            return self.arguments.seed
        key = repr((request.arguments, request.texts))
        self._drawn[key] += 1
        return self.arguments.seed + self._drawn[key] - 1

    def text_job(self, index: int, url: str, payload: Mapping[str, Any], read: Callable[[Any], Text]) -> Job[Outcome]:
        """A job that sends one request for a text.

        Args:
            index: The number of the request.
            url: Where to.
            payload: What is sent.
            read: From a reply's body to its text; ValueError where it is none.
        """

        async def job(sender: Sender) -> Outcome:
            try:
                reply = await sender.post(url, payload)
            except RequestFailedError as error:
                return [(index, refusal(error))]
            return [(index, self.read_text(reply, read))]

        return job

    def read_text(self, reply: Reply, read: Callable[[Any], Text]) -> Response:
        """The text of a reply, or what is wrong with it.

        Args:
            reply: The reply.
            read: From its body to the text.
        """
        try:
            text = read(reply.body)
        except ValueError as error:
            return Refusal(f"the reply cannot be read: {error}: {reply.message}", retryable=True)
        self._count_usage(text)
        return text

    def _count_usage(self, text: Text) -> None:
        if text.usage is not None:
            self.tokens_used.update(
                {"prompt": text.usage.prompt, "cached": text.usage.cached, "new": text.usage.new, "texts": 1}
            )

    def check_name(self) -> None:
        """Whether each server is there and knows the model, before anything of a task is sent.

        Raises:
            ModelError: It is not, or does not.
        """
        if not self._is_known:
            self._is_known = True
            self.limits = [limit for limit in self.run(map(self._name_job, self.endpoints)) if limit is not None]

    def _name_job(self, server: Endpoint) -> Job[int | None]:
        async def job(sender: Sender) -> int | None:
            return await look_at_models(self.transport, server, self.arguments.model, [])

        return job


def connection_of(arguments: ApiArguments, headers: Mapping[str, str]) -> Connection:
    """How the server of some arguments is reached.

    Args:
        arguments: The model arguments.
        headers: Those that hold the key, unless the arguments have others.
    """
    return Connection(
        headers=headers if arguments.header is None else arguments.header,
        timeout=arguments.timeout,
        verify=arguments.verify_certificate,
        ca_file=arguments.ca_cert_path,
    )


def refusal(error: RequestFailedError) -> Refusal:
    """The response to a request that failed for good."""
    return Refusal(error.why, retryable=error.retryable)


def flat(outcomes: Iterator[Outcome]) -> Iterator[tuple[int, Response]]:
    """The responses of outcomes."""
    for outcome in outcomes:
        yield from outcome
