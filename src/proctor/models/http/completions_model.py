"""A model behind ``/v1/completions`` as :class:`proctor.models.protocols.Model`: scores and texts."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from proctor.errors import ModelError, UsageError
from proctor.messages import prompt_text
from proctor.models.base import by_kind
from proctor.models.http import completions
from proctor.models.http.arguments import ApiArguments
from proctor.models.http.completions import EchoFields, Route
from proctor.models.http.endpoints import Endpoint
from proctor.models.http.handshake import Handshake
from proctor.models.http.prober import Prober
from proctor.models.http.runner import Job
from proctor.models.http.scoring import ONE_TOKEN, ServedScorer, SpanGroup, group_spans
from proctor.models.http.sender import RequestFailedError, Sender
from proctor.models.http.served import Outcome, ServedModel, flat, refusal
from proctor.models.http.text_requests import completion_fields, read_completion
from proctor.models.http.tokenizer import DEFAULT_MAX_LENGTH, open_tokens
from proctor.models.http.transport import Connection, Transport
from proctor.models.prefix.rows import Span
from proctor.models.protocols import Check
from proctor.models.scored_requests import RolledRequests, ScoredRequests
from proctor.models.tokens.spans import SpanMaker
from proctor.models.tokens.tokenizer import Tokens
from proctor.models.tokens.windows import last_tokens
from proctor.types import Generate, Loglikelihood, Refusal, Request, Response, Rolling

log = logging.getLogger("proctor")

ScoredGroup = tuple[SpanGroup, list[tuple[int, float, bool]] | Refusal]


class CompletionsModel(ServedModel):
    """A served model that gives log-probabilities.

    Args:
        arguments: The model arguments.
        kind: The name of the kind.
        headers: Those that hold the key.
        key_names: The environment variables that it is read from.
        sends_texts: Whether prompts to generate after are sent as texts, of which the server makes tokens.
        ending: What the endpoint's path ends with.
        transport: What exchanges a request of this form for a reply of this form.
        echo: The fields that ask for the values of a prompt's last tokens.
        more: Further fields of requests that generate, for what a server does unless it is told otherwise.
    """

    def __init__(
        self,
        arguments: ApiArguments,
        *,
        kind: str,
        headers: Mapping[str, str],
        key_names: Sequence[str] = (),
        sends_texts: bool = False,
        ending: str = "/completions",
        transport: Callable[[Connection], Transport] = Transport,
        echo: EchoFields = completions.echo,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(arguments, kind=kind, ending=ending, headers=headers, key_names=key_names)
        self.transport = transport(self.connection)
        self._echo = echo
        self._more = more or {}
        self._sends_texts = sends_texts or not arguments.tokenized_requests
        self._scorers: dict[str, ServedScorer] = {}
        self._handshake: Handshake | None = None

    @cached_property
    def tokens(self) -> Tokens | None:
        """The tokenizer; None where prompts are sent as text."""
        return open_tokens(self.arguments, self.endpoints[0], self.connection)

    @cached_property
    def identity(self) -> Mapping[str, Any] | None:
        """What its responses depend on; the route does not matter, since each has shown the same values."""
        arguments = self.arguments
        return self.identity_of(
            max_length=arguments.max_length,
            tokenizer=arguments.tokenizer or arguments.model,
            backend=arguments.tokenizer_backend,
            revision=arguments.revision,
            add_bos_token=arguments.add_bos_token,
            prefix=arguments.custom_prefix_token_id,
            generation={
                "tokenized": arguments.tokenized_requests,
                "eos": arguments.eos_string,
                "max_gen_toks": arguments.max_gen_toks,
            },
        )

    @property
    def info(self) -> Mapping[str, Any]:
        """The tokenizer's facts; the limit is lm-eval's, which is that of context and continuation together."""
        if self.tokens is None:
            return {}
        return {"tokenizer": {**self.tokens.facts, "max_length": self.tokens.max_length + 1}}

    def render(
        self, messages: Sequence[Mapping[str, str]], *, add_generation_prompt: bool, template: str | None = None
    ) -> str:
        """Apply the tokenizer's chat template."""
        if self.tokens is None:
            raise UsageError(
                f"'{self.kind}' needs a tokenizer to make a prompt of a chat, and tokenizer_backend is none.",
                hint="Name a tokenizer, or use --model local-chat-completions, where the server applies its template.",
            )
        return self.tokens.render(messages, add_generation_prompt=add_generation_prompt, template=template)

    def chat_template(self, name: str | bool) -> str:
        """The text of the tokenizer's chat template."""
        return "" if self.tokens is None else self.tokens.chat_template(name)

    def report(self) -> Mapping[str, Any]:
        """What happened while it responded."""
        facts = dict(super().report())
        if self._handshake is not None:
            counts = sum((scorer.counts for scorer in self._scorers.values()), start=type(self.sent)())
            facts["scoring"] = {"mode": "served", "counts": dict(counts), **self._handshake.facts()}
        return facts

    def respond(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """Respond to continuations, whole texts, and requests for texts."""
        scored, rolled, generated = by_kind(requests)
        if scored or rolled:
            self._get_ready()
        yield from self._respond_scored(scored)
        yield from self._respond_rolled(rolled)
        if generated:
            self.check_name()
            if self.tokens is not None:
                self._fit_length(self.tokens, self.limits)
            yield from flat(self.run(self._text_jobs(generated)))

    # -- scores

    def _need_tokens(self) -> Tokens:
        if self.tokens is None or not self.arguments.tokenized_requests:
            raise UsageError(
                "Scoring continuations needs token ids, and prompts are sent as text.",
                hint="Leave tokenizer_backend=none and tokenized_requests=False out, and name a tokenizer.",
            )
        return self.tokens

    def _get_ready(self) -> None:
        """The handshake, once: nothing of a task is sent before a route is proven."""
        if self._handshake is not None:
            return
        tokens = self._need_tokens()
        shakes = self.handshakes()
        if len(shakes) < len(self.endpoints):
            return  # stopped
        for one, shake in shakes:
            routes = self._allowed(one, shake)
            self._check_front(one, shake)
            options: Any = {"seed": self.arguments.seed, "echo": self._echo}
            self._scorers[one.url] = ServedScorer(one, self.arguments.model, routes, shake, **options)
        self._handshake = shakes[0][1]
        self._fit_length(tokens, [shake.max_length for _, shake in shakes if shake.max_length is not None])
        log.info("Scores come by the route %s.", self._scorers[shakes[0][0].url].first)

    def handshakes(self) -> list[tuple[Endpoint, Handshake]]:
        """What each server shows, for whoever wants to look at it before a run."""
        tokens = self._need_tokens()
        return list(self.run(iter([self._prober(one, tokens) for one in self.endpoints])))

    def check(self) -> list[Check]:
        """What each server shows, and by which route continuations would be scored."""
        checks: list[Check] = []
        for server, shake in self.handshakes():
            checks += shake.probes
            try:
                routes = self._allowed(server, shake)
            except ModelError as error:
                checks.append(Check("scoring", "failed", error.message, error.hint or ""))
                continue
            checks.append(Check("scoring", "passed", f"by {', then '.join(routes)}"))
        return checks

    def _prober(self, server: Endpoint, tokens: Tokens) -> Job[tuple[Endpoint, Handshake]]:
        async def job(sender: Sender) -> tuple[Endpoint, Handshake]:
            options: Any = {"seed": self.arguments.seed, "echo": self._echo, "more": self._more}
            return server, await Prober(sender, server, self.arguments.model, tokens, self.transport, **options).shake()

        return job

    def _allowed(self, server: Endpoint, shake: Handshake) -> tuple[Route, ...]:
        """The routes that may be taken.

        Raises:
            ModelError: None is proven.
        """
        wanted = self.arguments.scoring
        routes = shake.routes if wanted == "auto" else tuple(one for one in shake.routes if one == wanted)
        if routes:
            # Continuations of several tokens have to go by another way than letters, whatever is wanted for these.
            whole = [one for one in shake.routes if one not in ONE_TOKEN and one not in routes]
            return (*routes, *whole)
        failed = "; ".join(f"{probe.name}: {probe.detail}" for probe in shake.probes if probe.state == "failed")
        raise ModelError(
            f"The server at {server.api} gives no log-probabilities that can be trusted ({failed}).",
            hint="Nothing was sent. Use a server that gives them (vLLM does), or tasks that generate; "
            "'proctor doctor' shows what was tried.",
        )

    def _check_front(self, server: Endpoint, shake: Handshake) -> None:
        """Texts before which the server puts BOS cannot stand for tokens without it."""
        front = None if shake.prompts is None else shake.prompts.front
        if front is not None and self._need_tokens().encode("a")[:1] != [front]:
            raise ModelError(
                f"The server at {server.api} takes no token ids and puts BOS before each text; here none is wanted.",
                hint="Nothing was sent. Score with BOS, as --model hf does: --model_args add_bos_token=True.",
            )

    def _fit_length(self, tokens: Tokens, limits: Sequence[int]) -> None:
        """A server's limit that is below lm-eval's 2,048 counts, unless the user said otherwise."""
        wanted = self.arguments.max_length or DEFAULT_MAX_LENGTH
        least = min(limits, default=wanted)
        if least < wanted and tokens.max_length != least - 2:
            log.warning(
                "The server takes %d tokens, fewer than max_length (%d): longer prompts are truncated at the left.",
                least, wanted,
            )  # fmt: skip
            tokens.max_length = least - 2

    def _respond_scored(self, requests: Sequence[tuple[int, Loglikelihood]]) -> Iterator[tuple[int, Response]]:
        if not requests:
            return
        spans, waiting = SpanMaker(self._need_tokens(), self.counter).scored(request for _, request in requests)
        responses = ScoredRequests(requests, waiting, spans=spans)
        yield from responses.ready()
        failed: set[int] = set()
        for group, scores in self._scores(spans):
            if isinstance(scores, Refusal):
                places = dict.fromkeys(responses.owners[span.owner] for span in group.spans)
                yield from ((requests[place][0], scores) for place in places if place not in failed)
                failed.update(places)
                continue
            for owner, logprob, greedy in scores:
                yield from responses.add(owner, logprob, greedy)

    def _respond_rolled(self, requests: Sequence[tuple[int, Rolling]]) -> Iterator[tuple[int, Response]]:
        if not requests:
            return
        spans, places = SpanMaker(self._need_tokens(), self.counter).rolled(request for _, request in requests)
        responses = RolledRequests(requests, places)
        yield from responses.ready()
        failed: set[int] = set()
        for group, scores in self._scores(spans):
            if isinstance(scores, Refusal):
                broken = {places[span.owner] for span in group.spans} - failed
                yield from ((requests[place][0], scores) for place in sorted(broken))
                failed |= broken
                continue
            for window, logprob, _ in scores:
                yield from responses.add(window, logprob)

    def _scores(self, spans: Sequence[Span]) -> Iterator[ScoredGroup]:
        tokens = self._need_tokens()
        groups = group_spans(spans, tokens.max_length + 1)
        # Contiguous parts of the sorted groups, so that each server's cache sees whole prefixes.
        share = -(-len(groups) // len(self.endpoints)) or 1
        return self.run(
            self._score_job(self._scorers[self.endpoints[place // share].url], group)
            for place, group in enumerate(groups)
        )

    def _score_job(self, scorer: ServedScorer, group: SpanGroup) -> Job[ScoredGroup]:
        async def job(sender: Sender) -> ScoredGroup:
            try:
                return group, await scorer.score(sender, group)
            except RequestFailedError as error:
                return group, refusal(error)

        return job

    # -- texts

    def _text_jobs(self, requests: Sequence[tuple[int, Generate]]) -> Iterator[Job[Outcome]]:
        tokens = None if self._sends_texts else self.tokens
        eos = self.arguments.eos_string or (None if self.tokens is None else self.tokens.eot_text)
        encoded = None if tokens is None else tokens.encode_prompts([prompt_text(one.prompt) for _, one in requests])
        for place, (index, request) in enumerate(requests):
            plan = self.plan(request, eos)
            prompt: Any = prompt_text(request.prompt).removeprefix(self._front_text)
            if tokens is not None and encoded is not None:
                prompt = self._fit(tokens, encoded[place], plan.max_tokens)
            fields = completion_fields(plan, self.seed_of(request))
            payload = {"model": self.arguments.model, "prompt": prompt, **self._more, **fields}
            server = self.endpoints[place * len(self.endpoints) // len(requests)]
            yield self.text_job(index, server.url, payload, lambda body, plan=plan: read_completion(body, plan))

    @cached_property
    def _front_text(self) -> str:
        """BOS where the server puts it before texts by itself: a chat template has written it already."""
        if not self._sends_texts or self.tokens is None:
            return ""
        tokenizer = self.tokens.tokenizer
        return (tokenizer.bos_token or "") if self.tokens.encode("a")[:1] == [tokenizer.bos_token_id] else ""

    def _fit(self, tokens: Tokens, ids: list[int], new: int) -> list[int]:
        room = tokens.max_length + 1 - new
        if room < 1:
            raise UsageError(
                f"max_gen_toks is {new}, which leaves no room for a prompt within {tokens.max_length + 2} tokens.",
                hint="Raise max_length in --model_args if the model can take more, or lower max_gen_toks.",
            )
        if len(ids) > room:
            self.counter.note(
                "generate",
                f"A prompt of {len(ids)} tokens leaves no room for {new} more (limit {tokens.max_length + 2}): "
                "it is truncated at the left. All such cases are counted in the results.",
            )
        return last_tokens(ids or [tokens.prefix_token_id], room)
