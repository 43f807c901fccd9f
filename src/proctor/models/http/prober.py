"""The questions of the handshake: what they are for stands in :mod:`proctor.models.http.handshake`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from proctor.errors import ModelError
from proctor.models.http import completions
from proctor.models.http.completions import EchoFields, Route, UnbelievableReplyError
from proctor.models.http.endpoints import Endpoint
from proctor.models.http.handshake import HALF_TOLERANCE, REMEDIES, TOLERANCE, Handshake
from proctor.models.http.model_list import look_at_models
from proctor.models.http.sender import RequestFailedError, Sender
from proctor.models.http.server_tokenizer import ServerTokenizer
from proctor.models.http.text_prompts import TextPrompts
from proctor.models.http.transport import Transport
from proctor.models.protocols import Check
from proctor.models.tokens.tokenizer import Tokens

SEED_TEXT = "The capital of France is Paris, and the"
TEXTS = ("The quick brown fox.", "대한민국의 수도는 서울이다.", "  two  blanks\n12,345.6", "🙂 <s>[INST] </s>")
MOST_TOP = 1024
"""The most values of one position that are asked for; more cost a server with many tokens more than they are worth."""
REFUSED = "refused"


class Prober:
    """The questions to one server.

    Args:
        sender: Sends them.
        endpoint: Where to.
        model: The server's name of the model.
        tokens: The local tokenizer.
        transport: Reaches the server's own addresses, which it need not have.
        seed: Sent along.
        echo: The fields that ask for the values of a prompt's last tokens.
        more: Further fields of each request.
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
        echo: EchoFields = completions.echo,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        self._sender = sender
        self._endpoint = endpoint
        self._model = model
        self._tokens = tokens
        self._transport = transport
        self._seed = seed
        self._echo_fields = echo
        self._more = more or {}
        self._probes: list[Check] = []
        self._routes: list[Route] = []
        self._prompt: list[int] = tokens.encode(SEED_TEXT, False)
        self._generated: list[int] = []
        self._values: list[float] = []
        self._best: dict[str, float] = {}
        self._spread = 0.0
        self._top = 0
        self._texts: TextPrompts | None = None
        self._names_ids = True

    async def shake(self) -> Handshake:
        """Ask everything.

        Raises:
            ModelError: The server does not know the model, or cannot be used at all.
        """
        limit = await look_at_models(self._transport, self._endpoint, self._model, self._probes)
        await self._tokenizer()
        if await self._try("ids", self._ids) or (self._is_refused("ids") and await self._try("texts", self._as_texts)):
            await self._try("stability", self._stability)
            await self._try("repeat", self._repeat)
            if not self._has_failed("stability"):
                await self._find_routes()
        return Handshake(tuple(self._probes), tuple(self._routes), limit, self._top, self._spread, self._texts)

    async def _find_routes(self) -> None:
        by_ids = (
            ("named ids", Route.NAMED_IDS, self._named),
            ("forced", Route.LOGIT_BIAS, self._forced),
            ("prompt", Route.PROMPT_LOGPROBS, self._prompt_values),
        )
        for name, route, probe in (*(by_ids if self._names_ids else ()), ("echo", Route.ECHO, self._echo)):
            if await self._try(name, probe):
                self._routes.append(route)
        if self._top >= 2 and self._names_ids:
            if self._top == MOST_TOP and Route.LOGIT_BIAS not in self._routes:
                # What is not among the largest can be had in no other way.
                self._top = len(await self._largest(len(self._tokens.tokenizer)))
            self._routes.insert(self._routes[:1] == [Route.NAMED_IDS], Route.TOP_LOGPROBS)
            self._routes.append(Route.WALK)

    def _has_failed(self, name: str) -> bool:
        return any(probe.name == name and probe.state == "failed" for probe in self._probes)

    def _is_refused(self, name: str) -> bool:
        return any(probe.name == name and probe.detail.startswith(REFUSED) for probe in self._probes)

    async def _try(self, name: str, probe: Callable[[], Awaitable[str]]) -> bool:
        try:
            self._probes.append(Check(name, "passed", await probe()))
        except UnbelievableReplyError as error:
            self._probes.append(Check(name, "failed", str(error), REMEDIES.get(name, "")))
        except RequestFailedError as error:
            self._probes.append(Check(name, "failed", f"{REFUSED}: {error.reply.message}", REMEDIES.get(name, "")))
        return self._probes[-1].state == "passed"

    async def _ask(self, prompt: list[int], fields: Mapping[str, Any], tokens: int = 1) -> Any:
        sent = prompt if self._texts is None else await asyncio.to_thread(self._texts.text, prompt)
        payload = completions.base_payload(self._model, sent, self._seed)
        reply = await self._sender.post(self._endpoint.url, {**payload, **self._more, "max_tokens": tokens, **fields})
        return reply.body

    # -- the questions

    async def _tokenizer(self) -> None:
        if isinstance(self._tokens.tokenizer, ServerTokenizer):
            self._probes.append(Check("tokenizer", "passed", "the server's own is used"))
            return
        ids: list[object] = []
        for text in TEXTS:
            # By vLLM's names and by llama.cpp's.
            names = {"prompt": text, "content": text}
            body = {"model": self._model, **names, "add_special_tokens": False, "add_special": False}
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
        count = _prompt_count(body)
        if count is not None and count != len(self._prompt):
            raise UnbelievableReplyError(f"{len(self._prompt)} ids were sent, and {count} were read")
        self._take_first(body)
        return f"{len(self._prompt)} ids are read as they are"

    async def _as_texts(self) -> str:
        """The same prompt as a text; what the server puts before it belongs to all prompts from now on."""
        self._texts = TextPrompts(self._tokens, None)
        body = await self._ask(self._prompt, completions.top_logprobs(5), 4)
        count, front = _prompt_count(body), self._tokens.tokenizer.bos_token_id
        if count == len(self._prompt) + 1 and front is not None:
            self._texts = TextPrompts(self._tokens, int(front))
            self._prompt = [int(front), *self._prompt]
        elif count != len(self._prompt):
            raise UnbelievableReplyError(f"a text of {len(self._prompt)} tokens was sent, and {count} were read")
        self._take_first(body)
        return "texts are taken, and no ids" + ("" if self._texts.front is None else "; BOS is put before them")

    def _take_first(self, body: Any) -> None:
        token, value, top = completions.next_token(body)
        generated = completions.generated(body)
        names = [token, *(name for name, _ in generated)]
        self._names_ids = all(completions.token_id(name) is not None for name in names)
        if value < max(top.values()) - TOLERANCE:
            raise UnbelievableReplyError("the greedy token is not the most probable one")
        self._best = dict(top)
        self._generated = self._ids_of([name for name, _ in generated][:3])
        self._values = [one for _, one in generated[: len(self._generated)]]

    def _ids_of(self, names: Sequence[str]) -> list[int]:
        """The ids of tokens that come after the prompt; of those named by text, as many as their text has."""
        if self._names_ids:
            return [one for name in names if (one := completions.token_id(name)) is not None]
        plain = self._tokens.encode(SEED_TEXT, False)
        for count in range(len(names), 0, -1):
            ids = self._tokens.encode(SEED_TEXT + "".join(names[:count]), False)
            if ids[: len(plain)] == plain and len(ids) == len(plain) + count:
                return ids[len(plain) :]
        return []

    async def _largest(self, count: int) -> Mapping[str, float]:
        try:
            return completions.next_token(await self._ask(self._prompt, completions.top_logprobs(count)))[2]
        except RequestFailedError:
            return {}

    async def _stability(self) -> str:
        # More than most servers give, which say so; llama.cpp's gives as many as there are.
        most = min(len(self._tokens.tokenizer), MOST_TOP)
        tops = [await self._largest(count) for count in (1, 20, most)]
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
            again = completions.next_token(await self._ask(self._prompt, completions.top_logprobs(5)))[2]
            self._spread = max(self._spread, _difference(again, self._best))
        if self._spread > HALF_TOLERANCE:
            raise UnbelievableReplyError(f"equal requests differ by {self._spread:.2g} nats")
        return f"equal requests differ by {self._spread:.2g} nats at most"

    @property
    def _tolerance(self) -> float:
        return max(TOLERANCE, min(HALF_TOLERANCE, 3 * self._spread))

    @property
    def _fifth(self) -> tuple[int, float]:
        """The least probable token that is known by its id, and its value."""
        for name, value in sorted(self._best.items(), key=lambda item: item[1]):
            for token in self._ids_of([name]):
                return token, value
        raise UnbelievableReplyError("no token that was shown is known by its id")

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
        if not self._generated:
            raise UnbelievableReplyError("the tokens that were generated are not known by their ids")
        token, value = self._fifth
        prompt = [*self._prompt, *self._generated]
        body = await self._ask(prompt, self._echo_fields(len(self._prompt)))
        if self._texts is not None and self._texts.front is not None:
            values = completions.positions(body)
            # With the generated token after it, the prompt came back as it is; one fewer, without what is before it.
            self._texts = TextPrompts(self._tokens, self._texts.front, echoes_front=values == len(prompt) + 1)
        found, greedy = completions.read_echo(body, self._echoed(prompt), len(self._generated))
        self._look_one_off(body, self._echoed(self._prompt), found)
        self._check("the prompt", found, sum(self._values), greedy)
        improbable = [*self._prompt, token]
        body = await self._ask(improbable, self._echo_fields(len(self._prompt)))
        last, greedy = completions.read_echo(body, self._echoed(improbable), 1)
        self._check("an improbable last token", last, value)
        if greedy and len(self._best) > 1:
            raise UnbelievableReplyError("an improbable token is called the most probable one")
        return f"values within {max(abs(found - sum(self._values)), abs(last - value)):.1g}"

    def _echoed(self, prompt: Sequence[int]) -> int:
        return len(prompt) if self._texts is None else self._texts.echoed(len(prompt))

    def _look_one_off(self, body: Any, begin: int, found: float) -> None:
        """Name the fault of a server whose values stand beside their tokens."""
        values = body["choices"][0]["logprobs"]["token_logprobs"]
        for shift in (-1, 1):
            shown = values[begin + shift : begin + shift + len(self._values)]
            moved = [one if isinstance(one, (int, float)) else 1.0 for one in shown]
            off = abs(found - sum(self._values)) > self._tolerance and len(moved) == len(self._values)
            if off and all(abs(one - two) < self._tolerance for one, two in zip(moved, self._values, strict=True)):
                raise UnbelievableReplyError("the values of the prompt stand one place off")

    def _check(self, what: str, found: float, expected: float, greedy: bool = True) -> None:
        if abs(found - expected) > self._tolerance:
            raise UnbelievableReplyError(f"{what} has the value {found:.4f}, which was {expected:.4f} when generated")
        if not greedy:
            raise UnbelievableReplyError(f"{what} is not called the most probable one, which it is")


def _prompt_count(body: Any) -> int | None:
    """The tokens of the prompt, as the server counts them; None where it does not say."""
    usage = body.get("usage") if isinstance(body, Mapping) else None
    count = usage.get("prompt_tokens") if isinstance(usage, Mapping) else None
    return count if isinstance(count, int) else None


def _difference(one: Mapping[str, float], two: Mapping[str, float]) -> float:
    return max((abs(one[name] - two[name]) for name in one.keys() & two.keys()), default=0.0)
