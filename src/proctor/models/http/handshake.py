"""Asks a server a few small questions before the first document, and believes only what it has shown."""

# What is proven, and against what
# --------------------------------
#   names       the model is one of those that the server lists; its limit in tokens
#   tokenizer   /tokenize gives the ids of the local tokenizer (Korean, blanks, digits, an emoji, a written-out BOS)
#   ids         a prompt of ids is taken, and nothing is put before it (usage counts as many tokens)
#   presence    log-probabilities come, below 0, the sampled token's is the largest
#   stability   the same values for 1, 5 and 20 of them: they are not normalised over those that are shown
#   repeat      the same request again: how far values vary by themselves
#   echo        the prompt comes back with values; those of generated tokens equal what was said when they were
#               generated, at their own place and not one place off; the last one is no first choice
#   prompt      the same for prompt_logprobs
#   named ids   the value of the fifth-best token by its id equals what the list of five said
#   forced      the same by logit_bias: the raw value, not that after the bias
#
# The values of ``ids`` are the measure of all others: each route must give the same within ``TOLERANCE``. A route that
# differs is not corrected ("off by one"), it is not used: whoever is wrong in one place is not trusted in another.
#
# Costs about 12 requests of 8 tokens, once per run.
#
# Invariant: a route is used only if its probe passed; where none did, nothing of a scoring task is sent.

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from proctor.errors import ModelError, did_you_mean
from proctor.models.http import completions
from proctor.models.http.completions import Route, UnbelievableReplyError
from proctor.models.http.endpoints import Endpoint
from proctor.models.http.sender import RequestFailedError, Sender
from proctor.models.http.transport import Transport
from proctor.models.protocols import Check
from proctor.models.tokens.tokenizer import Tokens

TOLERANCE = 1e-3
HALF_TOLERANCE = 0.05
"""The same where the server's own values vary, as those of half precision do."""
SEED_TEXT = "The capital of France is Paris, and the"
TEXTS = ("The quick brown fox.", "대한민국의 수도는 서울이다.", "  two  blanks\n12,345.6", "🙂 <s>[INST] </s>")

REMEDIES = {
    "ids": "Scoring needs a server that takes token ids and returns log-probabilities by id; vLLM does.",
    "stability": "The server normalises over the values that it shows: its log-probabilities cannot be compared.",
    "repeat": "Equal requests give other values: batches change them. Set VLLM_BATCH_INVARIANT=1, or float32.",
}
"""What helps where a probe failed; a route that another one stands in for needs nothing."""


@dataclass(frozen=True, slots=True)
class Handshake:
    """What a server has shown.

    Attributes:
        probes: In their order.
        routes: The proven ones, best first.
        max_length: The server's limit in tokens; None: it does not say.
        top: How many of the largest values it gives at most.
        spread: The largest difference of a value among equal requests, in nats.
    """

    probes: tuple[Check, ...]
    routes: tuple[Route, ...]
    max_length: int | None
    top: int
    spread: float

    def facts(self) -> dict[str, Any]:
        """For the results file."""
        return {
            "probes": {probe.name: f"{probe.state}: {probe.detail}".removesuffix(": ") for probe in self.probes},
            "routes": [str(route) for route in self.routes],
            "spread": self.spread,
        }


class Prober:
    """The questions to one server.

    Args:
        sender: Sends them.
        endpoint: Where to.
        model: The server's name of the model.
        tokens: The local tokenizer.
        transport: Reaches the server's own addresses, which it need not have.
        seed: Sent along.
    """

    def __init__(
        self,
        sender: Sender,
        endpoint: Endpoint,
        model: str,
        tokens: Tokens,
        transport: Transport,
        *,
        seed: int,
    ) -> None:
        self._sender = sender
        self._endpoint = endpoint
        self._model = model
        self._tokens = tokens
        self._transport = transport
        self._seed = seed
        self._probes: list[Check] = []
        self._routes: list[Route] = []
        self._prompt: list[int] = tokens.encode(SEED_TEXT, False)
        self._generated: list[int] = []
        self._values: list[float] = []
        self._best: dict[int, float] = {}
        self._spread = 0.0
        self._top = 0

    async def shake(self) -> Handshake:
        """Ask everything.

        Raises:
            ModelError: The server does not know the model, or cannot be used at all.
        """
        limit = await look_at_models(self._transport, self._endpoint, self._model, self._probes)
        await self._tokenizer()
        if await self._try("ids", self._ids):
            await self._try("stability", self._stability)
            await self._try("repeat", self._repeat)
            if not self._has_failed("stability"):
                for name, route, probe in (
                    ("named ids", Route.NAMED_IDS, self._named),
                    ("forced", Route.LOGIT_BIAS, self._forced),
                    ("prompt", Route.PROMPT_LOGPROBS, self._prompt_values),
                    ("echo", Route.ECHO, self._echo),
                ):
                    if await self._try(name, probe):
                        self._routes.append(route)
                if self._top >= 2:
                    self._routes.insert(self._routes[:1] == [Route.NAMED_IDS], Route.TOP_LOGPROBS)
                    self._routes.append(Route.WALK)
        return Handshake(tuple(self._probes), tuple(self._routes), limit, self._top, self._spread)

    def _has_failed(self, name: str) -> bool:
        return any(probe.name == name and probe.state == "failed" for probe in self._probes)

    async def _try(self, name: str, probe: Callable[[], Awaitable[str]]) -> bool:
        try:
            self._probes.append(Check(name, "passed", await probe()))
        except UnbelievableReplyError as error:
            self._probes.append(Check(name, "failed", str(error), REMEDIES.get(name, "")))
        except RequestFailedError as error:
            self._probes.append(Check(name, "failed", f"refused: {error.reply.message}", REMEDIES.get(name, "")))
        return self._probes[-1].state == "passed"

    async def _ask(self, prompt: list[int] | str, fields: Mapping[str, Any], tokens: int = 1) -> Any:
        payload = completions.base_payload(self._model, prompt, self._seed)
        reply = await self._sender.post(self._endpoint.url, {**payload, "max_tokens": tokens, **fields})
        return reply.body

    # -- the questions

    async def _tokenizer(self) -> None:
        ids: list[object] = []
        for text in TEXTS:
            body = {"model": self._model, "prompt": text, "add_special_tokens": False}
            reply = await self._transport.post(f"{self._endpoint.root}/tokenize", body)
            if reply.status != 200 or not isinstance(reply.body, Mapping):
                self._probes.append(Check("tokenizer", "skipped", "the server does not tokenize texts"))
                return
            ids.append(reply.body.get("tokens"))
        for text, served in zip(TEXTS, ids, strict=True):
            if served != self._tokens.encode(text, False):
                raise ModelError(
                    f"The server's tokenizer is not the one of '{self._tokens.name.replace('__', '/')}': "
                    f"{text!r} has other ids there.",
                    hint="Name the served checkpoint's tokenizer: --model_args tokenizer=NAME or its folder.",
                )
        self._probes.append(Check("tokenizer", "passed", f"{len(TEXTS)} texts have the same ids"))

    async def _ids(self) -> str:
        body = await self._ask(self._prompt, completions.top_logprobs(5), 4)
        count = body.get("usage", {}).get("prompt_tokens") if isinstance(body.get("usage"), Mapping) else None
        if isinstance(count, int) and count != len(self._prompt):
            raise UnbelievableReplyError(f"{len(self._prompt)} ids were sent, and {count} were read")
        token, value, top = completions.next_token(body)
        self._best = _by_id(top)
        generated = completions.generated(body)
        tokens = [completions.token_id(name) for name, _ in generated]
        if completions.token_id(token) is None or None in tokens:
            raise UnbelievableReplyError("tokens come as texts, not as ids (return_tokens_as_token_ids is not known)")
        if value < max(top.values()) - TOLERANCE:
            raise UnbelievableReplyError("the greedy token is not the most probable one")
        self._generated = [one for one in tokens if one is not None][:3]
        self._values = [one for _, one in generated[: len(self._generated)]]
        return f"{len(self._prompt)} ids are read as they are"

    async def _stability(self) -> str:
        tops: list[dict[int, float]] = []
        # The whole vocabulary is more than most servers give, which say so; llama.cpp's gives it.
        for count in (1, 20, len(self._tokens.tokenizer)):
            try:
                tops.append(_by_id(completions.next_token(await self._ask(self._prompt, _top(count)))[2]))
            except RequestFailedError:
                tops.append({})
        self._top = max(len(self._best), *(len(top) for top in tops))
        for top in tops:
            difference = _difference(top, self._best)
            if difference > TOLERANCE:
                raise UnbelievableReplyError(f"values depend on how many are shown (by {difference:.2g})")
        mass = sum(2.718281828459045**value for value in self._best.values())
        if mass > 1 + TOLERANCE:
            raise UnbelievableReplyError(f"the probabilities of {len(self._best)} tokens are {mass:.3f} together")
        return f"up to {self._top} values, the same however many"

    async def _repeat(self) -> str:
        for _ in range(2):
            again = _by_id(completions.next_token(await self._ask(self._prompt, _top(5)))[2])
            self._spread = max(self._spread, _difference(again, self._best))
        if self._spread > HALF_TOLERANCE:
            raise UnbelievableReplyError(f"equal requests differ by {self._spread:.2g} nats")
        return f"equal requests differ by {self._spread:.2g} nats at most"

    @property
    def _tolerance(self) -> float:
        return max(TOLERANCE, min(HALF_TOLERANCE, 3 * self._spread))

    @property
    def _fifth(self) -> tuple[int, float]:
        return min(self._best.items(), key=lambda item: item[1])

    async def _named(self) -> str:
        token, value = self._fifth
        [(found, greedy)] = completions.read_next(
            await self._ask(self._prompt, completions.named_ids([token])), [token]
        )
        self._check("the named id", found, value)
        if greedy and len(self._best) > 1:
            raise UnbelievableReplyError("an improbable token is called the most probable one")
        return f"value within {abs(found - value):.1g}"

    async def _forced(self) -> str:
        token, value = self._fifth
        found = completions.read_forced(await self._ask(self._prompt, completions.forced(token)), token)
        self._check("the forced token", found, value)
        return f"raw value within {abs(found - value):.1g}"

    async def _prompt_values(self) -> str:
        prompt = [*self._prompt, *self._generated]
        body = await self._ask(prompt, completions.prompt_logprobs())
        found, greedy = completions.read_prompt(body, prompt, len(self._generated))
        self._check("the prompt", found, sum(self._values), greedy)
        return f"values within {abs(found - sum(self._values)):.1g}"

    async def _echo(self) -> str:
        token, value = self._fifth
        prompt = [*self._prompt, *self._generated]
        body = await self._ask(prompt, completions.echo())
        found, greedy = completions.read_echo(body, len(prompt), len(self._generated))
        values = body["choices"][0]["logprobs"]["token_logprobs"]
        for shift in (-1, 1):
            begin = len(self._prompt) + shift
            shown = values[begin : begin + len(self._values)]
            moved = [one if isinstance(one, (int, float)) else 1.0 for one in shown]
            off = abs(found - sum(self._values)) > self._tolerance and len(moved) == len(self._values)
            if off and all(abs(one - two) < self._tolerance for one, two in zip(moved, self._values, strict=True)):
                raise UnbelievableReplyError("the values of the prompt stand one place off")
        self._check("the prompt", found, sum(self._values), greedy)
        improbable = [*self._prompt, token]
        last, greedy = completions.read_echo(await self._ask(improbable, completions.echo()), len(improbable), 1)
        self._check("an improbable last token", last, value)
        if greedy and len(self._best) > 1:
            raise UnbelievableReplyError("an improbable token is called the most probable one")
        return f"values within {max(abs(found - sum(self._values)), abs(last - value)):.1g}"

    def _check(self, what: str, found: float, expected: float, greedy: bool = True) -> None:
        if abs(found - expected) > self._tolerance:
            raise UnbelievableReplyError(f"{what} has the value {found:.4f}, which was {expected:.4f} when generated")
        if not greedy:
            raise UnbelievableReplyError(f"{what} is not called the most probable one, which it is")


async def look_at_models(transport: Transport, endpoint: Endpoint, model: str, probes: list[Check]) -> int | None:
    """Whether a server knows a model, and its limit.

    Args:
        transport: Reaches the server.
        endpoint: The server.
        model: The name.
        probes: Takes what came of it.

    Returns:
        The most tokens of prompt and response; None where the server does not say.

    Raises:
        ModelError: It lists other models only.
    """
    reply = await transport.get(f"{endpoint.api}/models")
    listed = reply.body.get("data") if reply.status == 200 and isinstance(reply.body, Mapping) else None
    rows = {str(row["id"]): row for row in listed or () if isinstance(row, Mapping) and "id" in row}
    if not rows:
        probes.append(Check("names", "skipped", "the server lists no models"))
        return None
    if model not in rows:
        names = ", ".join(sorted(rows)[:10])
        raise ModelError(
            f"The server at {endpoint.api} has no model named '{model}'.",
            hint=did_you_mean(model, rows) or f"Its models: {names}.",
        )
    limit = rows[model].get("max_model_len")
    probes.append(Check("names", "passed", f"{len(rows)} models" if len(rows) > 1 else "the server's only model"))
    return limit if isinstance(limit, int) and limit > 0 else None


def _top(count: int) -> dict[str, Any]:
    return completions.top_logprobs(count)


def _by_id(top: Mapping[str, float]) -> dict[int, float]:
    return {token: value for key, value in top.items() if (token := completions.token_id(key)) is not None}


def _difference(one: Mapping[int, float], two: Mapping[int, float]) -> float:
    return max((abs(one[token] - two[token]) for token in one.keys() & two.keys()), default=0.0)
