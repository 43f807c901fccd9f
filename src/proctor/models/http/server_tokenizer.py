"""The tokenizer of a server behind the interface of transformers' tokenizers, for whoever has none of his own."""

# Which addresses a server has is found out with one text:
#
#                        ids of a text          text of ids              names and the chat template
#   vLLM                 /tokenize              /detokenize              /tokenizer_info (where it is switched on)
#   llama-server         /tokenize              /detokenize              /props
#   llama-cpp-python     /extras/tokenize       /extras/detokenize       none; BOS as the model wants it
#
# Texts are sent many at a time, in a thread with an event loop of its own: whoever encodes may itself be in one.
#
# Invariant: ids come from the server alone. A text whose ids do not come ends the run; none is guessed.

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from proctor.errors import ModelError
from proctor.models.http.endpoints import Endpoint
from proctor.models.http.replies import Reply, Verdict, verdict
from proctor.models.http.transport import Connection, Transport, exchange

T = TypeVar("T")

AT_ONCE = 16
"""Requests in flight."""
ATTEMPTS = 4
UNKNOWN_SIZE = 1024
"""Tokens that a vocabulary is taken to have at least, where the server does not say."""


@dataclass(frozen=True, slots=True)
class _Form:
    """The addresses of a server, and whether it can leave special tokens out."""

    tokenize: str
    detokenize: str
    can_leave_out: bool


_FORMS = (_Form("/tokenize", "/detokenize", True), _Form("/extras/tokenize", "/extras/detokenize", False))


class ServerTokenizer:
    """A server's tokenizer.

    Args:
        server: The server.
        connection: How it is reached.
        model: Its name of the model.

    Raises:
        ModelError: The server tokenizes nothing.
    """

    def __init__(self, server: Endpoint, connection: Connection, model: str) -> None:
        self.name_or_path = model
        self._server = server
        self._connection = connection
        self._form, self._facts, self._size = self._do(self._look)
        self.chat_template = _text_of(self._facts, "chat_template")
        self.eos_token, self.eos_token_id = self._named("eos_token")
        self.bos_token, self.bos_token_id = self._named("bos_token")
        self.pad_token = self.pad_token_id = None
        if self.bos_token_id is None and self._front:
            self.bos_token_id = self._front[0]
            self.bos_token = self.decode(self._front) or None

    def __len__(self) -> int:
        return self._size or UNKNOWN_SIZE

    def __call__(
        self, texts: Sequence[str], *, add_special_tokens: bool = True, **_: Any
    ) -> dict[str, list[list[int]]]:
        """The ids of texts, under ``input_ids``."""
        return {"input_ids": self._do(lambda transport: self._encode(transport, texts, add_special_tokens))}

    def decode(self, ids: int | Sequence[int], *, skip_special_tokens: bool = False) -> str:
        """The text of ids."""
        rest = [ids] if isinstance(ids, int) else list(ids)
        if skip_special_tokens:
            rest = [one for one in rest if one not in (self.bos_token_id, self.eos_token_id)]
        return self._do(lambda transport: self._decode(transport, rest)) if rest else ""

    def apply_chat_template(self, conversation: Sequence[Mapping[str, Any]], **options: Any) -> Any:
        """Messages by the server's chat template, as transformers renders it."""
        return self._renderer.apply_chat_template(conversation, **options)

    @cached_property
    def _renderer(self) -> Any:
        import tokenizers
        import transformers

        # Renders, and never encodes: its own vocabulary is empty.
        renderer = transformers.PreTrainedTokenizerFast(
            tokenizer_object=tokenizers.Tokenizer(tokenizers.models.WordLevel({}, unk_token="")),
            bos_token=self.bos_token,
            eos_token=self.eos_token,
        )
        renderer.chat_template = self.chat_template
        return renderer

    @cached_property
    def _front(self) -> list[int]:
        """What the server puts before each text."""
        [[*ids]] = self._do(lambda transport: self._encode(transport, [""], True))
        return ids[:1]

    def _named(self, name: str) -> tuple[str | None, int | None]:
        """A special token and its id, where the server names it and reads it as one token."""
        text = _text_of(self._facts, name)
        if not text:
            return None, None
        [ids] = self([text], add_special_tokens=False)["input_ids"]
        return text, ids[0] if len(ids) == 1 else None

    # -- the exchange

    def _do(self, work: Callable[[Transport], Awaitable[T]]) -> T:
        return exchange(self._connection, work)

    async def _look(self, transport: Transport) -> tuple[_Form, Mapping[str, Any], int]:
        """The addresses of the server, what it says of its tokenizer, and the size of the vocabulary."""
        form, reply = _FORMS[0], Reply(0)
        for form in _FORMS:
            reply = await self._post(transport, form.tokenize, self._tokenize_payload("a", True))
            if _ids_of(reply):
                break
        else:
            raise ModelError(
                f"The server at {self._server.root} does not give the tokens of a text: {reply.message}.",
                hint="Start it, or correct base_url; or name the checkpoint's tokenizer: tokenizer=NAME or its folder.",
            )
        facts: Mapping[str, Any] = {}
        for path in ("/props", "/tokenizer_info"):
            reply = await transport.get(f"{self._server.root}{path}")
            if reply.status == 200 and isinstance(reply.body, Mapping):
                facts = reply.body
                break
        return form, facts, _vocabulary_size(await transport.get(f"{self._server.api}/models"))

    def _tokenize_payload(self, text: str, special: bool) -> dict[str, Any]:
        # By the names of all of them: each takes its own.
        names = {"prompt": text, "content": text, "input": text}
        return {"model": self.name_or_path, **names, "add_special_tokens": special, "add_special": special}

    async def _encode(self, transport: Transport, texts: Sequence[str], special: bool) -> list[list[int]]:
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(text: str) -> list[int]:
            async with gate:
                reply = await self._post(transport, self._form.tokenize, self._tokenize_payload(text, special))
            ids = _ids_of(reply)
            if ids is None:
                raise self._error(reply)
            return ids

        rows = list(await asyncio.gather(*map(one, texts)))
        if special or self._form.can_leave_out:
            return rows
        front = self._front
        return [row[len(front) :] if row[: len(front)] == front else row for row in rows]

    async def _decode(self, transport: Transport, ids: list[int]) -> str:
        payload = {"model": self.name_or_path, "tokens": ids}
        reply = await self._post(transport, self._form.detokenize, payload)
        body = reply.body if isinstance(reply.body, Mapping) else {}
        text = next((body[name] for name in ("prompt", "content", "text") if isinstance(body.get(name), str)), None)
        if reply.status != 200 or text is None:
            raise self._error(reply)
        return text

    async def _post(self, transport: Transport, path: str, payload: Mapping[str, Any]) -> Reply:
        reply = Reply(0)
        for attempt in range(ATTEMPTS):
            reply = await transport.post(f"{self._server.root}{path}", payload)
            if verdict(reply) not in (Verdict.RETRY, Verdict.LATER):
                break
            await asyncio.sleep(0.2 * 2**attempt)
        return reply

    def _error(self, reply: Reply) -> ModelError:
        return ModelError(
            f"The server at {self._server.root} does not give the tokens of a text any more: {reply.message}.",
            hint="The same command goes on where this one stopped.",
        )


def _ids_of(reply: Reply) -> list[int] | None:
    ids = reply.body.get("tokens") if reply.status == 200 and isinstance(reply.body, Mapping) else None
    if not isinstance(ids, list) or not all(isinstance(one, int) for one in ids):
        return None
    return ids


def _text_of(facts: Mapping[str, Any], name: str) -> str | None:
    text = facts.get(name)
    # transformers' files have special tokens as objects, too.
    text = text.get("content") if isinstance(text, Mapping) else text
    return text if isinstance(text, str) and text else None


def _vocabulary_size(reply: Reply) -> int:
    rows = reply.body.get("data") if isinstance(reply.body, Mapping) else None
    first = rows[0] if isinstance(rows, list) and rows else None
    meta = first.get("meta") if isinstance(first, Mapping) else None
    size = meta.get("n_vocab") if isinstance(meta, Mapping) else None
    return size if isinstance(size, int) else 0
