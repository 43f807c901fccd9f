"""Scores of spans by a server: which are sent together, and by which route each is read."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from proctor.models.http import completions
from proctor.models.http.completions import MOST_NAMED, EchoFields, Route, UnbelievableReplyError
from proctor.models.http.endpoints import Endpoint
from proctor.models.http.handshake import Handshake
from proctor.models.http.replies import Reply
from proctor.models.http.sender import RequestFailedError, Sender
from proctor.models.prefix.rows import Span, make_span

ONE_TOKEN = (Route.NAMED_IDS, Route.TOP_LOGPROBS, Route.LOGIT_BIAS)
"""Routes that score continuations of one token, and no others."""

Score = tuple[int, float, bool]
"""An owner, the log-probability of its span in nats, whether it is greedy."""


@dataclass(frozen=True, slots=True)
class SpanGroup:
    """Spans of one context that can be scored by one request; or one span alone.

    Attributes:
        context: Token ids before them, truncated to the server's limit.
        spans: All of one token, or a single one.
    """

    context: tuple[int, ...]
    spans: tuple[Span, ...]

    @property
    def is_one_token(self) -> bool:
        """Whether each span is one token."""
        return all(span.count == 1 for span in self.spans)

    @property
    def ids(self) -> list[int]:
        """The distinct ids of spans of one token."""
        return list(dict.fromkeys(int(span.scored[0]) for span in self.spans))


def group_spans(spans: Sequence[Span], limit: int) -> list[SpanGroup]:
    """Spans by what one request can score, in the order of their tokens.

    Groups that begin alike stand side by side, so that the server finds their prefix in its cache.

    Args:
        spans: All spans of a call.
        limit: The most tokens of context and continuation.
    """
    shared: dict[tuple[int, ...], list[Span]] = {}
    groups: list[SpanGroup] = []
    for span in spans:
        context = tuple(np.asarray(span.context)[-max(limit - span.count, 1) :].tolist())
        if span.count > 1:
            groups.append(SpanGroup(context, (span,)))
            continue
        members = shared.setdefault(context, [])
        members.append(span)
    for context, members in shared.items():
        for start in range(0, len(members), MOST_NAMED):
            groups.append(SpanGroup(context, tuple(members[start : start + MOST_NAMED])))
    return sorted(groups, key=lambda group: (*group.context, *group.spans[0].scored.tolist()))


class ServedScorer:
    """Scores groups of spans by the proven routes.

    Args:
        endpoint: Where requests go.
        model: The server's name of the model.
        routes: Proven, best first.
        shake: What the server has shown.
        seed: Sent along.
        echo: The fields that ask for the values of a prompt's last tokens.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        model: str,
        routes: Sequence[Route],
        shake: Handshake,
        *,
        seed: int,
        echo: EchoFields = completions.echo,
    ) -> None:
        self._endpoint = endpoint
        self._model = model
        self._routes = routes
        self._proven = shake.routes
        self._top = shake.top
        self._texts = shake.prompts
        self._seed = seed
        self._echo = echo
        self.counts: Counter[str] = Counter()

    @property
    def first(self) -> Route:
        """The route that is tried first."""
        return self._routes[0]

    async def score(self, sender: Sender, group: SpanGroup) -> list[Score]:
        """The scores of a group, by the first route whose reply can be believed.

        Args:
            sender: Sends the requests.
            group: The spans.

        Raises:
            RequestFailedError: No route gave scores.
        """
        last = "no route scores this"
        for route in self._routes:
            if route in ONE_TOKEN and not group.is_one_token:
                continue
            try:
                scores = await self._by(route, sender, group)
            except UnbelievableReplyError as error:
                last = f"the reply cannot be believed: {error}"
                self.counts[f"{route} not believed"] += 1
                continue
            self.counts[str(route)] += len(scores)
            return scores
        raise RequestFailedError(last, Reply(200), retryable=True)

    async def _by(self, route: Route, sender: Sender, group: SpanGroup) -> list[Score]:
        match route:
            case Route.NAMED_IDS:
                return self._spread(group, await self._next(sender, group, completions.named_ids(group.ids)))
            case Route.TOP_LOGPROBS:
                return self._spread(group, await self._next(sender, group, completions.top_logprobs(self._top)))
            case Route.LOGIT_BIAS:
                return await self._forced(sender, group)
            case Route.PROMPT_LOGPROBS | Route.ECHO:
                return [await self._whole(route, sender, group, span) for span in group.spans]
            case Route.WALK:
                return [await self._walk(sender, group, span) for span in group.spans]

    async def _next(self, sender: Sender, group: SpanGroup, fields: dict[str, object]) -> list[tuple[float, bool]]:
        return completions.read_next(await self._post(sender, list(group.context), fields), group.ids)

    @staticmethod
    def _spread(group: SpanGroup, values: Sequence[tuple[float, bool]]) -> list[Score]:
        by_id = dict(zip(group.ids, values, strict=True))
        return [(span.owner, *by_id[int(span.scored[0])]) for span in group.spans]

    async def _forced(self, sender: Sender, group: SpanGroup) -> list[Score]:
        # A forced token says nothing of the others: whether it is greedy is seen in a request without a bias.
        body = await self._post(sender, list(group.context), completions.top_logprobs(1))
        _, sampled, top = completions.next_token(body)
        largest = max(sampled, *top.values())
        values: list[tuple[float, bool]] = []
        for token in group.ids:
            body = await self._post(sender, list(group.context), completions.forced(token))
            value = completions.read_forced(body, token)
            values.append((value, value >= largest))
        return self._spread(group, values)

    async def _whole(self, route: Route, sender: Sender, group: SpanGroup, span: Span) -> Score:
        prompt = [*group.context, *span.scored.tolist()]
        if route is Route.ECHO:
            body = await self._post(sender, prompt, self._echo(len(group.context)))
            length = len(prompt) if self._texts is None else self._texts.echoed(len(prompt))
            return (span.owner, *completions.read_echo(body, length, span.count))
        body = await self._post(sender, prompt, completions.prompt_logprobs())
        return (span.owner, *completions.read_prompt(body, prompt, span.count))

    async def _walk(self, sender: Sender, group: SpanGroup, span: Span) -> Score:
        """The tokens of a continuation one after the other, each after those before it."""
        total, greedy = 0.0, True
        for place in range(span.count):
            one = make_span(span.owner, (), span.scored[place : place + 1])
            step = SpanGroup((*group.context, *span.scored[:place].tolist()), (one,))
            [(_, value, first)] = await self._step(sender, step)
            total, greedy = total + value, greedy and first
        return span.owner, total, greedy

    async def _step(self, sender: Sender, step: SpanGroup) -> list[Score]:
        last: UnbelievableReplyError | None = None
        # Whatever route is wanted, single tokens come by one of those that are proven.
        for route in self._proven:
            if route in ONE_TOKEN:
                try:
                    return await self._by(route, sender, step)
                except UnbelievableReplyError as error:
                    last = error
        raise last or UnbelievableReplyError("no route scores a single token")

    async def _post(self, sender: Sender, prompt: list[int], fields: dict[str, object]) -> object:
        sent = prompt if self._texts is None else await asyncio.to_thread(self._texts.text, prompt)
        payload = completions.base_payload(self._model, sent, self._seed)
        return (await sender.post(self._endpoint.url, {**payload, **fields})).body
