"""Options chosen by a chat model: which route it can take, found out once, and the requests by that route."""

# Which route
# -----------
# ``auto`` takes the first that a small question shows to work; a route that the user names has to show it, too, before
# anything of a task is sent:
#
#   letters       the likeliest first tokens come, none above probability 1, the sampled one is the likeliest
#   constrained   the reply is JSON with one of the labels, and nothing else
#   text          needs no proof
#
# A server that ignores an option it does not know sends a reply of another shape, which is the proof that fails: nobody
# is asked for a version. One route is taken for all documents of a run: accuracies of two routes are not comparable.

from __future__ import annotations

import json
import logging
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from proctor.answers import read_choice
from proctor.errors import ModelError
from proctor.models.choices import (
    REPLY_TOKENS,
    ChoiceCall,
    constrained_call,
    label_scores,
    letters_call,
    letters_choice,
    text_call,
)
from proctor.models.generation import plan_generation
from proctor.models.http.runner import Job
from proctor.models.http.sender import RequestFailedError, Sender
from proctor.types import Choice, ChoiceRoute, Choose, Refusal, Response, Text

log = logging.getLogger("proctor")

EXAMPLE = Choose("Which number is two plus two?\nA. 3\nB. 4\nC. 5\nD. 22\nAnswer:", ("A", "B", "C", "D"))
"""What a route is tried on; which label comes does not matter."""
_PLAN = plan_generation({"until": []})

Post = Callable[[Sender, ChoiceCall], Awaitable[Any]]
"""Sends a call and returns the body of the reply."""


class Chooser:
    """Chooses options through one chat API.

    Args:
        post: Sends a call.
        read: From a reply's body to its text; ValueError where it is none.
        routes: Those that the API may know, best first; the last one needs no proof.
        reply_tokens: Room for a free reply.
    """

    def __init__(
        self,
        post: Post,
        read: Callable[[Any], Text],
        routes: Sequence[ChoiceRoute],
        reply_tokens: int = REPLY_TOKENS,
    ) -> None:
        self._post = post
        self._read = read
        self._routes = routes
        self.reply_tokens = reply_tokens
        self.failures: dict[str, str] = {}

    async def find_route(self, sender: Sender, wanted: str) -> ChoiceRoute:
        """The route of a run.

        Args:
            sender: Sends the requests that try it.
            wanted: A route, or ``auto``.

        Raises:
            ModelError: The wanted one does not work.
        """
        candidates: list[ChoiceRoute] = [route for route in self._routes if wanted in ("auto", route)]
        for route in candidates:
            try:
                if route != "text":
                    await self._prove(sender, route)
            except RequestFailedError as error:
                if error.retryable:
                    # A server that is down has not shown that it lacks this way.
                    raise ModelError(f"The model cannot be tried: {error.why}.", hint="Try again later.") from error
                self.failures[route] = error.why
                continue
            except ValueError as error:
                self.failures[route] = str(error)
                continue
            return route
        why = self.failures.get(wanted, "this API has no such way")
        raise ModelError(
            f"--mc {wanted} does not work with this model: {why}.", hint="--mc auto takes the best way that does."
        )

    async def _prove(self, sender: Sender, route: ChoiceRoute) -> None:
        call = letters_call(EXAMPLE) if route == "letters" else constrained_call(EXAMPLE)
        body = await self._post(sender, call)
        if route == "constrained":
            if label_of(self._read(body).text, EXAMPLE.labels) is None:
                raise ValueError("the reply is not the JSON that was asked for")
            return
        tokens = first_tokens(body)
        label_scores(tokens, EXAMPLE.labels)
        mass = sum(math.exp(min(logprob, 0.0)) for _, logprob in tokens)
        if len(tokens) < 2 or mass > 1.001:
            raise ValueError(f"the probabilities of {len(tokens)} tokens are {mass:.3f} together")

    def job(self, index: int, request: Choose, route: ChoiceRoute) -> Job[Sequence[tuple[int, Response]]]:
        """A job that chooses for one request.

        Args:
            index: The number of the request.
            request: The request.
            route: That of the run.
        """

        async def job(sender: Sender) -> Sequence[tuple[int, Response]]:
            try:
                return [(index, self._choice(request, route, await self._post(sender, self._call(request, route))))]
            except RequestFailedError as error:
                return [(index, Refusal(error.why, retryable=error.retryable))]
            except ValueError as error:
                return [(index, Refusal(f"the reply cannot be read: {error}", retryable=True))]

        return job

    def _call(self, request: Choose, route: ChoiceRoute) -> ChoiceCall:
        if route == "letters":
            return letters_call(request)
        if route == "constrained":
            return constrained_call(request)
        return text_call(request, max_tokens=self.reply_tokens)

    def _choice(self, request: Choose, route: ChoiceRoute, body: Any) -> Choice:
        text = self._read(body)
        if route == "letters":
            return letters_choice(request, first_tokens(body), text.text, finish=text.finish, usage=text.usage)
        return read_choice(request, route, text.text, finish=text.finish, usage=text.usage)


def first_tokens(body: Any) -> list[tuple[str, float]]:
    """The likeliest first tokens of a chat's reply, with their log-probabilities in nats.

    Args:
        body: The reply.

    Raises:
        ValueError: It holds none, or the sampled token is not the likeliest.
    """
    try:
        first = body["choices"][0]["logprobs"]["content"][0]
        tokens = [(str(one["token"]), float(one["logprob"])) for one in first["top_logprobs"]]
        sampled = float(first["logprob"])
    except (LookupError, TypeError, ValueError):
        raise ValueError("the reply has no log-probabilities of its first token") from None
    if not tokens or sampled < max(logprob for _, logprob in tokens) - 1e-3:
        raise ValueError("the sampled token is not the likeliest one")
    return tokens


def label_of(text: str, labels: Sequence[str]) -> str | None:
    """The label in the JSON of a constrained reply.

    Args:
        text: The reply.
        labels: Those that there are.
    """
    try:
        value = json.loads(text)
    except ValueError:
        return None
    answer = value.get("answer") if isinstance(value, Mapping) else None
    return answer if isinstance(answer, str) and answer in labels else None


def anthropic_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a call by Anthropic's names.

    Args:
        options: By OpenAI's names.
    """
    renamed = dict(options)
    wanted = renamed.pop("response_format", None)
    if wanted is not None:
        schema = wanted["json_schema"]["schema"]
        renamed["output_config"] = {"format": {"type": "json_schema", "schema": schema}}
    return renamed


def read_plain(read: Callable[[Any, Any], Text]) -> Callable[[Any], Text]:
    """A reader of whole replies, from one that also cuts at stop strings.

    Args:
        read: From a body and generation arguments to the text.
    """
    return lambda body: read(body, _PLAN)
