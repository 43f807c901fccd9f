"""SGLang's own ``/generate``: lm-eval's kind ``sglang-generate``, spoken as completions."""

# Two forms, one reader
# ---------------------
# Everything above knows requests and replies of ``/v1/completions``. Here they are turned into SGLang's and back, at
# the wire, so that its scores go through the same handshake and the same doubts:
#
#   completions                          /generate
#   prompt, a list or a text             input_ids, text
#   max_tokens, temperature, stop, ...   sampling_params {max_new_tokens, temperature, stop, ...}
#   logprobs k                           return_logprob, top_logprobs_num k
#   logprob_token_ids                    token_ids_logprob
#   echo from a place on                 logprob_start_len: that place, whose own value is null
#
# ``logprob_start_len: 0``, which lm-eval sends, makes SGLang compute a prompt that it has in its prefix cache. From the
# last token of the context on, the context comes out of the cache.
#
# Not run on a real SGLang, which needs a GPU: written after its sources and reports of its users, and tried on a stub.
# The handshake decides on each server whether its values can be believed.

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from proctor.lazy import need
from proctor.models.http.completions import token_key
from proctor.models.http.keys import bearer, find_key
from proctor.models.http.replies import Reply
from proctor.models.http.transport import Transport

if TYPE_CHECKING:
    from proctor.models.http.completions_model import CompletionsModel

KEYS = ("OPENAI_API_KEY",)
ENDING = "/generate"
_OWN = ("model", "prompt", "max_tokens", "logprobs", "logprob_token_ids", "return_tokens_as_token_ids")
"""What has another place in SGLang's requests, or none."""
_LEFT_OUT = ("seed", "echo", "echo_from", "prompt_logprobs")


def open_sglang_generate(args: Mapping[str, Any], **_: Any) -> CompletionsModel:
    """A server of SGLang's, by its ``/generate``.

    Args:
        args: The model arguments.
    """
    need("aiohttp", extra="api")
    from proctor.models.http.arguments import read_arguments
    from proctor.models.http.completions_model import CompletionsModel

    arguments = read_arguments("sglang-generate", args)
    headers = bearer(find_key("sglang-generate", arguments, KEYS, is_local=True))
    return CompletionsModel(
        arguments,
        kind="sglang-generate",
        headers=headers,
        key_names=KEYS,
        ending=ENDING,
        transport=SglangTransport,
        echo=tail_echo,
    )


def tail_echo(context: int) -> dict[str, Any]:
    """The fields that ask for the values of a prompt's last tokens.

    Args:
        context: Tokens before them.
    """
    return {"echo": True, "logprobs": 1, "echo_from": max(context - 1, 0)}


class SglangTransport(Transport):
    """Sends requests for completions to ``/generate``, and other requests as they are."""

    async def post(self, url: str, payload: Mapping[str, Any]) -> Reply:
        """Send a request.

        Args:
            url: Where to.
            payload: The request, as for completions.
        """
        if not urlsplit(url).path.endswith(ENDING):
            return await super().post(url, payload)
        reply = await super().post(url, sglang_payload(payload))
        if reply.status != 200 or not isinstance(reply.body, Mapping):
            return reply
        return replace(reply, body=completion_body(reply.body, payload))


def sglang_payload(payload: Mapping[str, Any]) -> dict[str, Any]:
    """A request for completions as one to ``/generate``.

    Args:
        payload: The request.
    """
    prompt = payload["prompt"]
    sampling = {name: value for name, value in payload.items() if name not in (*_OWN, *_LEFT_OUT)}
    sent: dict[str, Any] = {
        "text" if isinstance(prompt, str) else "input_ids": prompt,
        "sampling_params": {"max_new_tokens": payload["max_tokens"], **sampling},
    }
    if payload.get("logprobs") is not None:
        sent |= {"return_logprob": True, "top_logprobs_num": max(payload["logprobs"], 1)}
    if payload.get("logprob_token_ids"):
        sent["token_ids_logprob"] = list(payload["logprob_token_ids"])
    if payload.get("echo"):
        sent["logprob_start_len"] = payload.get("echo_from", 0)
    return sent


def completion_body(body: Mapping[str, Any], payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """A reply of ``/generate`` as one of completions; what is missing in it is missing there.

    Args:
        body: The reply.
        payload: The request for completions.
    """
    meta = body.get("meta_info")
    meta = meta if isinstance(meta, Mapping) else {}
    reason = meta.get("finish_reason")
    choice: dict[str, Any] = {
        "index": 0,
        "text": body.get("text"),
        "finish_reason": reason.get("type") if isinstance(reason, Mapping) else reason,
    }
    if payload.get("logprobs") is not None:
        choice["logprobs"] = _logprobs(meta, payload)
    usage = {
        "prompt_tokens": meta.get("prompt_tokens"),
        "completion_tokens": meta.get("completion_tokens"),
        "prompt_tokens_details": {"cached_tokens": meta.get("cached_tokens")},
    }
    return {"choices": [choice], "usage": usage}


def _logprobs(meta: Mapping[str, Any], payload: Mapping[str, Any]) -> Mapping[str, Any] | None:
    output = _rows(meta.get("output_token_logprobs"))
    if not output:
        return None
    tops = _positions(meta, "output", len(output))
    tokens, values = [_key(row) for row in output], [row[0] for row in output]
    if payload.get("echo"):
        given = _rows(meta.get("input_token_logprobs"))
        # Positions before the first that was asked for have no values, and are not read.
        missing = max(payload.get("echo_from", 0), 0) if given else 0
        tokens = [*[""] * missing, *map(_key, given), *tokens]
        values = [*[None] * missing, *(row[0] for row in given), *values]
        tops = [*[None] * missing, *_positions(meta, "input", len(given)), *tops]
    return {"tokens": tokens, "token_logprobs": values, "top_logprobs": tops}


def _positions(meta: Mapping[str, Any], part: str, count: int) -> list[dict[str, Any] | None]:
    """Per position the values by the ids of their tokens: the largest ones, and those that were named."""
    positions: list[dict[str, Any]] = [{} for _ in range(count)]
    for name in (f"{part}_top_logprobs", f"{part}_token_ids_logprobs"):
        rows = meta.get(name)
        for position, row in zip(positions, rows if isinstance(rows, list) else (), strict=False):
            position.update({_key(entry): entry[0] for entry in _rows(row)})
    return [position or None for position in positions]


def _rows(value: Any) -> list[Any]:
    """Rows of a value, an id and a text; none where it has another shape."""
    rows = value if isinstance(value, list) else []
    fine = all(isinstance(row, (list, tuple)) and len(row) >= 2 and isinstance(row[1], int) for row in rows)
    return rows if fine else []


def _key(row: Any) -> str:
    return token_key(row[1])
