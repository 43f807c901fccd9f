"""Find what is stored, ask the model what is not, keep each response as it arrives, put all in order.

Resuming a run is this and no other step.
"""

# From queries to responses
# -------------------------
#   queries --find--> cached   -----------------------------------------> in their places
#            |        in part (some options of a request)  --+
#            |        missing  ------------------------------+--> model --> (number, response), in any order
#            |                                                               |
#            |                        store.keep(query, response)  <---------+  before it counts as done
#
# The model yields responses as they complete, in whatever order suits it; ``places`` leads back to the queries. Each
# response is handed to the store as it arrives, so that a run that is stopped loses at most what is being computed.
#
# Options of one request are stored one by one. If some are cached, the model is sent a request for the others alone,
# and both are put together (``_left``, ``_completed``).
#
# A refusal is a response, too: it stands in its query's place, so that the others can be graded, and is not stored, so
# that the same run sends the request again.
#
# Invariant: one response for each query, or an error that says how many are missing.

from __future__ import annotations

import hashlib
import logging
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from proctor.errors import ModelError, RequestError
from proctor.foreign import ForeignExitError, no_exit
from proctor.models.protocols import Model, Origin, OriginModel, ResumableModel, StoppableModel
from proctor.records import Query
from proctor.run.gentle_stop import gentle_stop
from proctor.run.refusals import RefusalLimit
from proctor.run.token_counts import TokenCounts
from proctor.store.codec import Part, join, parts_of
from proctor.store.response_cache import Lookup
from proctor.store.runs import Counts
from proctor.types import Choice, ChoiceRoute, Choose, Loglikelihood, Refusal, Request, Response, Scores

log = logging.getLogger("proctor")

Advance = Callable[[int], None]
Seen = Callable[[int, Sequence[Response | None]], None]
"""Takes the place of a response among the queries, and all responses that there are."""
Origins = Mapping[tuple[str, int], Origin]


class ResponseSource(Protocol):
    """Where responses may be already, and where new ones go."""

    def find(self, queries: Sequence[Query]) -> Lookup:
        """Everything that is known of some queries.

        Args:
            queries: The queries, in the run's order.
        """
        ...

    def keep(self, query: Query, response: Response) -> None:
        """Store a response.

        Args:
            query: What it responds to.
            response: The whole response.
        """
        ...


class PendingQueries:
    """The queries of one chunk.

    Attributes:
        requests: How many requests, as lm-eval counts and the display shows them, have responses by now.
        total: How many they are in all.
        by_task: By task, how many have responses by now.
        refusals: Those of the model, in the order in which they came.
        paid: By task, the tokens of texts that were requested now, where the model counts them.
        route: The way in which options were chosen by ``auto`` so far, for what is left: ways are not mixed.
    """

    def __init__(
        self, queries: Sequence[Query], store: ResponseSource | None = None, *, route: ChoiceRoute | None = None
    ) -> None:
        self.queries = queries
        self._store = store
        lookup = None if store is None else store.find(queries)
        self._responses: list[Response | None] = [None] * len(queries) if lookup is None else lookup.responses
        self._parts: Mapping[int, Sequence[Part | None]] = {} if lookup is None else lookup.parts
        self._own = frozenset[int]() if lookup is None else lookup.own
        self.route: ChoiceRoute | None = self._route_of_cached() or route
        self.missing = [place for place, response in enumerate(self._responses) if response is None]
        self._requested, self._cached = 0, len(queries) - len(self.missing)
        self.total = sum(query.request.count for query in queries)
        self.by_task: dict[str, int] = {}
        for query, response in zip(queries, self._responses, strict=True):
            if response is not None:
                self._count(query)
        self.requests = sum(self.by_task.values())
        self.refusals: list[Refusal] = []
        self.paid: dict[str, TokenCounts] = {}

    @property
    def counts(self) -> Counts:
        """How many queries were sent to the model, and how many were cached."""
        return Counts(self._requested, self._cached)

    def _count(self, query: Query) -> int:
        count = query.request.count
        self.by_task[query.task] = self.by_task.get(query.task, 0) + count
        return count

    def ask(
        self,
        model: Model,
        advance: Advance,
        origins: Origins | None = None,
        *,
        seen: Seen | None = None,
        fail_fast: bool = False,
        limit: RefusalLimit | None = None,
    ) -> list[Response]:
        """One response per query, in their order; a :class:`Refusal` is one, and is not stored.

        Args:
            model: Responds to what is not cached.
            advance: Called as responses arrive, with how many requests they are as lm-eval counts.
            origins: By task and document, for a model that takes what its requests are about.
            seen: Takes the place of each response, the cached ones first, and all that there are by then.
            fail_fast: The first refusal ends the run.
            limit: How many refusals of the run do not end it; None: any number.

        Raises:
            ModelError: The model leaves requests out, or fails; or it refuses too many.
        """
        too_many: ModelError | None = None
        if self._cached:
            rest = "the others are requested from the model" if self.missing else "no request is sent to the model"
            cached, total = f"{self.requests:,}", f"{self.total:,}"
            log.info("The responses to %s of %s requests are cached; %s.", cached, total, rest)
            advance(self.requests)
            self._draw_anew()
            if seen is not None:
                _see_cached(seen, self._responses)
        with gentle_stop(model):
            for place, response in _held(model, self._answered(model, origins or {})) if self.missing else ():
                query, whole = self.queries[place], self._completed(place, response)
                self._responses[place] = whole
                is_refusal = isinstance(whole, Refusal)
                if is_refusal:
                    self._note_refusal(place, whole, fail_fast=fail_fast)
                else:
                    paid = self.paid.get(query.task)
                    if paid is None:
                        paid = self.paid[query.task] = TokenCounts()
                    paid.add(whole)
                    if self._store is not None:
                        self._store.keep(query, whole)
                # Now, and not before: whoever is stopped says how much is stored.
                self._requested += 1
                count = self._count(query)
                self.requests += 0 if is_refusal else count
                advance(count)
                if seen is not None:
                    seen(place, self._responses)
                if too_many is None and limit is not None and (too_many := limit.add(query, whole)):
                    # What is in flight is waited for, where the model can do that: it is paid for.
                    if not isinstance(model, StoppableModel):
                        raise too_many
                    model.stop()
        if too_many is not None:
            raise too_many
        self._check()
        return [response for response in self._responses if response is not None]

    def _note_refusal(self, place: int, refusal: Refusal, *, fail_fast: bool) -> None:
        query = self.queries[place]
        if fail_fast:
            hint = "The same command sends it again." if refusal.retryable else None
            raise ModelError(f"Task '{query.task}', document {query.doc_id}: {refusal.why}", hint=hint)
        self.refusals.append(refusal)

    def _answered(self, model: Model, origins: Origins) -> Iterator[tuple[int, Response]]:
        """Answers of the model under the numbers of their queries.

        A run that goes on tells the model of everything that it had to ask in the beginning: then the
        last bits of its numbers are those of an undisturbed run.
        """
        # Which prefixes are shared, and so how sums are rounded, depends on all requests of the run. A model that can
        # resume plans with all of them and computes only those that are left.
        if isinstance(model, ResumableModel) and self._own and not self._parts:
            whole = sorted(self._own.union(self.missing))
            requests = [self.queries[place].request for place in whole]
            left = [number for number, place in enumerate(whole) if place not in self._own]
            yield from self._named(whole, model.resume(requests, left))
            return
        requests = [self._left(place) for place in self.missing]
        if origins and isinstance(model, OriginModel):
            queries = (self.queries[place] for place in self.missing)
            responses = model.respond_about(requests, [origins[query.task, query.doc_id] for query in queries])
        else:
            responses = model.respond(requests)
        yield from self._named(self.missing, responses)

    def _named(
        self, places: Sequence[int], responses: Iterator[tuple[int, Response]]
    ) -> Iterator[tuple[int, Response]]:
        """Responses under the numbers of their queries; a request that cannot be answered gets its document's."""
        try:
            for number, response in responses:
                yield places[number], response
        except RequestError as error:
            query = self.queries[places[error.request]]
            raise ModelError(
                f"Task '{query.task}', document {query.doc_id} cannot be asked: {error.message}", hint=error.hint
            ) from error

    def _left(self, place: int) -> Request:
        """What is left to ask of a query: of some continuations, the responses may be there."""
        request, parts = self.queries[place].request, self._parts.get(place)
        if isinstance(request, Choose) and request.route == "auto" and self.route is not None:
            return replace(request, route=self.route)
        if parts is None or not isinstance(request, Loglikelihood):
            return request
        left = zip(request.continuations, parts, strict=True)
        return Loglikelihood(request.context, tuple(text for text, part in left if part is None))

    def _route_of_cached(self) -> ChoiceRoute | None:
        """The way of cached choices by ``auto``, if it is one."""
        pairs = zip(self.queries, self._responses, strict=True)
        routes: set[ChoiceRoute] = {
            response.route
            for query, response in pairs
            if isinstance(response, Choice) and isinstance(query.request, Choose) and query.request.route == "auto"
        }
        return next(iter(routes)) if len(routes) == 1 else None

    def _completed(self, place: int, response: Response) -> Response:
        parts = self._parts.get(place) if self._parts else None
        if parts is None or not isinstance(response, Scores):
            return response
        new = iter(parts_of(response))
        return join(self.queries[place].request, [next(new) if part is None else part for part in parts])

    def _draw_anew(self) -> None:
        """Texts that are drawn now must not be those again that the same seeds gave the run before."""
        sampled = [place for place in self.missing if self.queries[place].request.is_sampled]
        if not sampled:
            return
        # Depends on what is missing: the same run resumed at the same point draws the same texts.
        state = hashlib.sha256(repr((len(self.queries), self.missing)).encode())
        state.update(repr(random.getstate()).encode())
        seed = int.from_bytes(state.digest()[:4], "little")
        random.seed(seed)
        for name in ("numpy.random", "torch"):
            if name in sys.modules:
                getattr(sys.modules[name], "seed" if name == "numpy.random" else "manual_seed")(seed)

    def _check(self) -> None:
        missing = [query for query, response in zip(self.queries, self._responses, strict=True) if response is None]
        if missing:
            first = missing[0]
            raise ModelError(
                f"The model left {len(missing)} of {len(self.queries)} requests unanswered, "
                f"first task '{first.task}', document {first.doc_id}."
            )


def _see_cached(seen: Seen, responses: Sequence[Response | None]) -> None:
    for place, response in enumerate(responses):
        if response is not None:
            seen(place, responses)


def _held(model: Model, responses: Iterator[tuple[int, Response]]) -> Iterator[tuple[int, Response]]:
    """The responses of a model whose code may not end the run."""
    try:
        with no_exit():
            yield from responses
    except ForeignExitError as error:
        raise ModelError(
            f"The model '{model.name}' failed while it responded: its code {error}.",
            hint="Earlier responses are cached, if the run has a store.",
        ) from error


def ask(
    model: Model, queries: Sequence[Query], advance: Advance, store: ResponseSource | None = None
) -> list[Response]:
    """One response per query, in their order.

    Args:
        model: Responds to what is not cached.
        queries: The queries.
        advance: Called as responses arrive, with how many requests they are as lm-eval counts.
        store: Where responses may be already, and where new ones go.

    Raises:
        ModelError: The model leaves requests out, fails, or cannot take one.
    """
    return PendingQueries(queries, store).ask(model, advance)
