"""Payloads of ``/v1/completions`` and how their replies are read: pure functions, one pair for each scoring route."""

# Routes by which continuations are scored
# ----------------------------------------
#                       one request for                  server computes             reply holds
#   NAMED_IDS           all one-token continuations      one row, prefix cached      the named ids' values
#   TOP_LOGPROBS        all one-token continuations      one row, prefix cached      the k largest values
#   LOGIT_BIAS          each one-token continuation      one row, prefix cached      the value of the forced token
#   PROMPT_LOGPROBS     each continuation                every row                   values by id, of every position
#   ECHO                each continuation                every row                   values of every position, with text
#   WALK                each token of each continuation  one row each, prefix cached by a route of the first three
#
# ECHO is lm-eval's, and the only one that servers share by tradition; measured on MMLU it costs a vLLM server 24 times
# the CPU and 650 times the bytes of NAMED_IDS. WALK is for servers that score no prompts at all (llama.cpp's): exact,
# and one request for each token. Which routes are right on a server is proven before the first document
# (:mod:`proctor.models.http.handshake`), never read from its name.
#
# A value is believed only if the reply has the shape that the route promises: the number of positions, the expected
# id, a finite number that is no probability above 1. Everything else is an UnbelievableReplyError, and the request goes
# by the next route. A missing key is never taken for minus infinity: on vLLM 0.32 a stranger's request in the same
# batch can make one's own keys disappear.

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any

SLACK = 1e-4
"""What a log-probability may lie above 0, by rounding."""
FORCED = 100
"""The bias that forces a token."""
MOST_NAMED = 128
"""Ids that one request may name."""


class Route(StrEnum):
    """A way to score continuations; the values are those of the model argument ``scoring``."""

    NAMED_IDS = "named_ids"
    TOP_LOGPROBS = "top_logprobs"
    LOGIT_BIAS = "logit_bias"
    PROMPT_LOGPROBS = "prompt_logprobs"
    ECHO = "echo"
    WALK = "walk"


class UnbelievableReplyError(Exception):
    """A reply that does not have what its route promises."""


Prompt = Sequence[int] | str


def base_payload(model: str, prompt: Prompt, seed: int) -> dict[str, Any]:
    """What each scoring request has: one greedy token after the prompt.

    Args:
        model: The server's name of the model.
        prompt: Token ids, or a text.
        seed: Sent along.
    """
    text = prompt if isinstance(prompt, str) else list(prompt)
    return {"model": model, "prompt": text, "temperature": 0, "max_tokens": 1, "seed": seed}


def named_ids(ids: Sequence[int]) -> dict[str, Any]:
    """The fields that ask for the values of named ids."""
    return {"logprobs": 1, "logprob_token_ids": list(ids), "return_tokens_as_token_ids": True}


def top_logprobs(count: int) -> dict[str, Any]:
    """The fields that ask for the largest values."""
    return {"logprobs": count, "return_tokens_as_token_ids": True}


def forced(token: int) -> dict[str, Any]:
    """The fields that force a token and ask for its value."""
    return {"logprobs": 1, "logit_bias": {str(token): FORCED}, "return_tokens_as_token_ids": True}


def prompt_logprobs() -> dict[str, Any]:
    """The fields that ask for the values of the prompt, with the largest of each position."""
    return {"prompt_logprobs": 1}


def echo(_: int = 0) -> dict[str, Any]:
    """The fields that ask for the prompt back, with its values; all of them, however long the context is."""
    return {"echo": True, "logprobs": 1}


EchoFields = Callable[[int], dict[str, Any]]
"""From the tokens of a context to the fields that ask for the values of what follows."""


# -- reading


def next_token(body: Any) -> tuple[str, float, Mapping[str, float]]:
    """The token that was sampled, its value, and the values of its position.

    Args:
        body: A reply.

    Raises:
        UnbelievableReplyError: It holds none of that.
    """
    logprobs = _logprobs(body)
    token, top = _at(logprobs, "tokens", 0), _at(logprobs, "top_logprobs", 0)
    if not isinstance(token, str) or not isinstance(top, Mapping):
        raise UnbelievableReplyError("no values of the next token")
    return token, _value(_at(logprobs, "token_logprobs", 0)), {str(key): _value(one) for key, one in top.items()}


def generated(body: Any) -> list[tuple[str, float]]:
    """The tokens that were generated, with their values.

    Args:
        body: A reply.

    Raises:
        UnbelievableReplyError: It holds none.
    """
    logprobs = _logprobs(body)
    tokens, values = logprobs.get("tokens"), logprobs.get("token_logprobs")
    if not isinstance(tokens, list) or not isinstance(values, list) or len(tokens) != len(values):
        raise UnbelievableReplyError("no values of the generated tokens")
    return [(str(token), _value(value)) for token, value in zip(tokens, values, strict=True)]


def read_next(body: Any, ids: Sequence[int]) -> list[tuple[float, bool]]:
    """The values of one-token continuations after a prompt.

    Args:
        body: The reply to :func:`named_ids` or :func:`top_logprobs`.
        ids: The continuations.

    Returns:
        Per continuation its log-probability, and whether no token has a larger one.

    Raises:
        UnbelievableReplyError: An id is missing.
    """
    _, sampled, top = next_token(body)
    missing = [token for token in ids if token_key(token) not in top]
    if missing:
        raise UnbelievableReplyError(f"token id {missing[0]} is not in the reply")
    # lm-eval: greedy is a value that equals the largest of its position.
    largest = max(sampled, *top.values())
    return [(top[token_key(token)], top[token_key(token)] >= largest) for token in ids]


def read_forced(body: Any, token: int) -> float:
    """The value of a forced token.

    Args:
        body: The reply to :func:`forced`.
        token: Its id.

    Raises:
        UnbelievableReplyError: Another token came.
    """
    name, value, _ = next_token(body)
    if name != token_key(token):
        raise UnbelievableReplyError(f"token id {token} was not forced")
    return value


def read_echo(body: Any, length: int, scored: int) -> tuple[float, bool]:
    """The value of the last tokens of a prompt that was sent back.

    Args:
        body: The reply to :func:`echo`.
        length: Tokens of the prompt.
        scored: How many of them, at its end, are scored.

    Raises:
        UnbelievableReplyError: The number of positions is another.
    """
    logprobs = _logprobs(body)
    values, tops = logprobs.get("token_logprobs"), logprobs.get("top_logprobs")
    # One more is the token that was generated; it is counted from the front, since some servers leave it out.
    if not isinstance(values, list) or len(values) not in (length, length + 1):
        raise UnbelievableReplyError("the prompt did not come back token by token")
    if not isinstance(tops, list) or len(tops) != len(values):
        raise UnbelievableReplyError("no largest values of the prompt's positions")
    total, greedy = 0.0, True
    for place in range(length - scored, length):
        value, top = _value(values[place]), tops[place]
        if not isinstance(top, Mapping) or not top:
            raise UnbelievableReplyError("no largest value of a position")
        total += value
        greedy = greedy and value >= max(_value(one) for one in top.values())
    return total, greedy


def positions(body: Any) -> int:
    """For how many tokens a reply has values.

    Args:
        body: A reply.

    Raises:
        UnbelievableReplyError: It has none.
    """
    values = _logprobs(body).get("token_logprobs")
    if not isinstance(values, list):
        raise UnbelievableReplyError("the reply has no log-probabilities")
    return len(values)


def read_prompt(body: Any, prompt: Sequence[int], scored: int) -> tuple[float, bool]:
    """The value of the last tokens of a prompt whose values stand beside the reply.

    Args:
        body: The reply to :func:`prompt_logprobs`.
        prompt: The ids of the prompt.
        scored: How many of them, at its end, are scored.

    Raises:
        UnbelievableReplyError: A position or an id is missing.
    """
    rows = _choice(body).get("prompt_logprobs")
    if not isinstance(rows, list) or len(rows) != len(prompt):
        raise UnbelievableReplyError("no values of the prompt")
    total, greedy = 0.0, True
    for place in range(len(prompt) - scored, len(prompt)):
        row, own = rows[place], str(prompt[place])
        if not isinstance(row, Mapping) or not isinstance(row.get(own), Mapping):
            raise UnbelievableReplyError(f"token id {own} is not in the reply")
        values = {key: _value(one.get("logprob")) for key, one in row.items() if isinstance(one, Mapping)}
        total += values[own]
        greedy = greedy and values[own] >= max(values.values())
    return total, greedy


def token_key(token: int) -> str:
    """How a server names a token by its id."""
    return f"token_id:{token}"


def token_id(key: str) -> int | None:
    """The id that a server names, None where it names a text."""
    number = key.removeprefix("token_id:")
    return int(number) if number != key and number.isdecimal() else None


def _choice(body: Any) -> Mapping[str, Any]:
    choices = body.get("choices") if isinstance(body, Mapping) else None
    if not isinstance(choices, list) or len(choices) != 1 or not isinstance(choices[0], Mapping):
        raise UnbelievableReplyError("the reply has not one choice")
    return choices[0]


def _logprobs(body: Any) -> Mapping[str, Any]:
    logprobs = _choice(body).get("logprobs")
    if not isinstance(logprobs, Mapping):
        raise UnbelievableReplyError("the reply has no log-probabilities")
    content = logprobs.get("content")
    return logprobs if content is None else _as_lists(content)


def _as_lists(content: Any) -> Mapping[str, Any]:
    """The form of chats, which llama.cpp's server has for completions too, as that of completions."""
    rows = content if isinstance(content, list) and all(isinstance(row, Mapping) for row in content) else []
    return {
        "tokens": [_name(row) for row in rows],
        "token_logprobs": [row.get("logprob") for row in rows],
        "top_logprobs": [
            {_name(one): one.get("logprob") for one in row.get("top_logprobs") or () if isinstance(one, Mapping)}
            for row in rows
        ],
    }


def _name(entry: Mapping[str, Any]) -> str:
    # llama.cpp gives the id beside the text; a text alone may stand for several tokens.
    number = entry.get("id")
    return token_key(number) if isinstance(number, int) else str(entry.get("token"))


def _at(logprobs: Mapping[str, Any], name: str, place: int) -> Any:
    values = logprobs.get(name)
    if not isinstance(values, list) or len(values) <= place:
        raise UnbelievableReplyError(f"the reply has no {name}")
    return values[place]


def _value(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or value > SLACK:
        raise UnbelievableReplyError(f"{value!r} is no log-probability")
    return float(value)
