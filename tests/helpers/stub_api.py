"""A server with the forms of OpenAI's and Anthropic's APIs over a tiny made-up model, with faults to switch on.

Its next-token distribution is a function of the prompt's ids alone, so that each test can compute what is right.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

VOCABULARY = 64


def distribution(ids: list[int]) -> list[float]:
    """Log-probabilities of the next token."""
    seed = hashlib.sha256(json.dumps(ids).encode()).digest() * (VOCABULARY // 32)
    logits = [byte / 32 for byte in seed[:VOCABULARY]]
    # No ties: the largest value is one token's alone.
    logits = [value + place * 1e-3 for place, value in enumerate(logits)]
    total = math.log(sum(map(math.exp, logits)))
    return [value - total for value in logits]


@dataclass
class Stub:
    """What a server does; each field is a fault or a way that a real one behaves.

    ``script``: called with the path and the payload of each request, before anything else; a response that it returns
    is sent. It may be a coroutine function.
    """

    model: str = "tiny"
    faults: frozenset[str] = frozenset()
    script: Callable[[str, dict[str, Any]], Any] | None = None
    rate: float | None = None
    delay: float = 0.0
    requests: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""
    in_flight: int = 0
    most_in_flight: int = 0
    refused: int = 0

    def has(self, fault: str) -> bool:
        return fault in self.faults

    # -- handlers

    async def handle(self, request: web.Request) -> web.Response:
        payload = json.loads(await request.read()) if request.method == "POST" else {}
        self.requests.append((request.path, payload))
        self.headers.append(dict(request.headers))
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            if (limited := self._limited()) is not None:
                return limited
            if self.delay:
                await asyncio.sleep(self.delay)
            answer = None if self.script is None else self.script(request.path, payload)
            if asyncio.iscoroutine(answer):
                answer = await answer
            if answer is not None:
                return answer
            return self._answer(request.path, payload)
        finally:
            self.in_flight -= 1

    _tokens_left: float = 0.0
    _filled_at: float = 0.0

    def _limited(self) -> web.Response | None:
        """A bucket of ``rate`` requests a second."""
        if self.rate is None:
            return None
        now = time.monotonic()
        if not self._filled_at:
            self._tokens_left, self._filled_at = self.rate, now
        self._tokens_left = min(self.rate, self._tokens_left + (now - self._filled_at) * self.rate)
        self._filled_at = now
        if self._tokens_left >= 1:
            self._tokens_left -= 1
            return None
        self.refused += 1
        wait = (1 - self._tokens_left) / self.rate
        return error(429, "Too many requests", "rate_limit_exceeded", {"retry-after-ms": str(int(wait * 1000) + 1)})

    def _answer(self, path: str, payload: dict[str, Any]) -> web.Response:
        if path.endswith("/models"):
            if self.has("no models"):
                return error(404, "no such address")
            return web.json_response({"data": [{"id": self.model, "max_model_len": 512}]})
        if path.endswith("/tokenize"):
            if self.has("no tokenize") or self.has("extras") != ("/extras/" in path):
                return error(404, "no such address")
            text = self._tokenized(path, payload)
            ids = [7] if self.has("other tokenizer") else stub_encode(text) if text else []
            always = path.endswith("/extras/tokenize") and self.has("bos before texts")
            ids = [0, *ids] if always or payload.get("add_special_tokens") else ids
            return web.json_response({"tokens": ids, "count": len(ids)})
        if path.endswith("/detokenize"):
            # llama-cpp-python's gives BOS no text.
            ids = [one for one in payload["tokens"] if one or not self.has("extras")]
            return web.json_response({"prompt": StubTokenizer().decode(ids)})
        if path.endswith("/props") and self.has("props"):
            template = StubTokenizer.chat_template
            return web.json_response({"bos_token": "<0>", "eos_token": "<0>", "chat_template": template})
        if path.endswith("/chat/completions"):
            return web.json_response(self.chat(payload))
        if path.endswith("/completions"):
            return self.completion(payload)
        if path.endswith("/generate"):
            return self.generate(payload)
        if path.endswith("/messages"):
            return web.json_response(self.messages(payload))
        return error(404, "no such address")

    @staticmethod
    def _tokenized(path: str, payload: dict[str, Any]) -> str:
        return payload["input" if "/extras/" in path else "prompt"]

    def chat(self, payload: dict[str, Any]) -> dict[str, Any]:
        said = payload["messages"][-1]["content"]
        message = {"role": "assistant", "content": self._said(said, payload.get("response_format"))}
        usage = {"prompt_tokens": 5, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 3}}
        choice: dict[str, Any] = {"index": 0, "message": message, "finish_reason": "stop"}
        if payload.get("logprobs") and not self.has("no chat logprobs"):
            tokens = chat_tokens(said)
            message["content"] = tokens[0][0]
            tops = [{"token": token, "logprob": value} for token, value in tokens[: payload["top_logprobs"]]]
            choice["logprobs"] = {"content": [{**tops[0], "top_logprobs": tops}]}
        return {"choices": [choice], "usage": usage}

    def messages(self, payload: dict[str, Any]) -> dict[str, Any]:
        said = payload["messages"][-1]["content"][0]["text"]
        usage = {"input_tokens": 4, "output_tokens": 2, "cache_read_input_tokens": 6}
        text = self._said(said, payload.get("output_config"))
        return {"content": [{"type": "text", "text": text}], "stop_reason": "end_turn", "usage": usage}

    def _said(self, said: str, schema: Any) -> str:
        """JSON where it is asked for, the label in a sentence where that is asked for, else an echo."""
        label = chat_tokens(said)[0][0].strip()
        if schema is not None and not self.has("no schemas"):
            return json.dumps({"answer": label})
        return f"I think so.\nAnswer: {label}" if "Answer: <label>" in said else f"echo {said}"

    # -- completions

    def completion(self, payload: dict[str, Any]) -> web.Response:
        prompt = payload["prompt"]
        if self.has("texts only"):
            if not isinstance(prompt, str):
                return error(500, "1 validation error: Input should be a valid string")
            prompt = [*([0] if self.has("bos before texts") else []), *stub_encode(prompt)]
        if isinstance(prompt, str):
            return web.json_response(self._body([], prompt, [], "text"))
        ids = list(prompt)
        if self.has("bos in front"):
            ids = [1, *ids]
        if len(ids) + payload["max_tokens"] > 512:
            return error(400, f"This model's maximum context length is 512 tokens, not {len(ids)}.")
        if payload.get("logprobs", 0) > 20 and not self.has("all values"):
            return error(400, "logprobs is greater than max allowed: 20")
        if payload.get("logprob_token_ids") and self.has("ids refused"):
            return error(400, "logprob_token_ids: Extra inputs are not permitted")
        generated: list[int] = []
        rows: list[list[float]] = []
        for _ in range(payload["max_tokens"]):
            row = distribution([*ids, *generated])
            bias = {int(key): value for key, value in (payload.get("logit_bias") or {}).items()}
            biased = [value + bias.get(token, 0) for token, value in enumerate(row)]
            generated.append(max(range(VOCABULARY), key=biased.__getitem__))
            rows.append(self._normalised(biased) if bias and self.has("biased values") else row)
        return web.json_response(self._completion_body(payload, ids, generated, rows))

    @staticmethod
    def _normalised(values: list[float]) -> list[float]:
        largest = max(values)
        total = largest + math.log(sum(math.exp(value - largest) for value in values))
        return [value - total for value in values]

    # -- SGLang

    def generate(self, payload: dict[str, Any]) -> web.Response:
        """The reply to a request in SGLang's own form: values as rows of a value, an id and a text."""
        params = payload["sampling_params"]
        ids = stub_encode(payload["text"]) if "text" in payload else list(payload["input_ids"])
        generated: list[int] = []
        rows: list[list[float]] = []
        for _ in range(params["max_new_tokens"]):
            rows.append(distribution([*ids, *generated]))
            generated.append(max(range(VOCABULARY), key=rows[-1].__getitem__))
        counts = {"prompt_tokens": len(ids), "completion_tokens": len(generated), "cached_tokens": 1}
        meta: dict[str, Any] = {"finish_reason": {"type": "length"}, **counts}
        if payload.get("return_logprob") and not self.has("no logprobs"):
            meta |= self._sglang_values("output", generated, rows, payload)
            start = payload.get("logprob_start_len", -1)
            if start >= 0:
                given = [None, *(distribution(ids[:place]) for place in range(start + 1, len(ids)))]
                meta |= self._sglang_values("input", ids[start:], given, payload)
        return web.json_response({"text": "".join(f"<{token}>" for token in generated), "meta_info": meta})

    def _sglang_values(self, part: str, ids: list[int], rows: Any, payload: dict[str, Any]) -> dict[str, Any]:
        count, named = payload["top_logprobs_num"], payload.get("token_ids_logprob")
        best = [row and sorted(range(VOCABULARY), key=row.__getitem__, reverse=True)[:count] for row in rows]
        values = {
            f"{part}_token_logprobs": [[row and row[token], token, None] for token, row in zip(ids, rows, strict=True)],
            f"{part}_top_logprobs": [
                row and [[row[token], token, None] for token in some] for row, some in zip(rows, best, strict=True)
            ],
        }
        if named and not self.has("ids ignored"):
            values[f"{part}_token_ids_logprobs"] = [row and [[row[one], one, None] for one in named] for row in rows]
        return values

    def _completion_body(
        self, payload: dict[str, Any], ids: list[int], generated: list[int], rows: list[list[float]]
    ) -> dict[str, Any]:
        body = self._body(ids, "", generated, "length")
        choice = body["choices"][0]
        choice["text"] = "".join(f"<{token}>" for token in generated)
        count = payload.get("logprobs")
        if payload.get("prompt_logprobs") is not None and not self.has("no prompt values"):
            choice["prompt_logprobs"] = [None, *(self._prompt_row(ids, place) for place in range(1, len(ids)))]
        if count is None or self.has("no logprobs"):
            return body
        named = [] if self.has("ids ignored") else payload.get("logprob_token_ids") or []
        tokens = [(token, row) for token, row in zip(generated, rows, strict=True)]
        if payload.get("echo") and not self.has("echo ignored"):
            tokens = [
                (ids[0], None),
                *((ids[place], distribution(ids[:place])) for place in range(1, len(ids))),
                *tokens,
            ]
            tokens = tokens[self.has("bos before texts") :]
        choice["logprobs"] = self._logprobs(tokens, count, named)
        if self.has("text names"):
            choice["logprobs"] = _by_text(choice["logprobs"])
        if self.has("content form"):
            choice["logprobs"] = {"content": _content(choice["logprobs"])}
        if payload.get("echo") and self.has("echo off by one"):
            for name in ("token_logprobs", "top_logprobs"):
                values = choice["logprobs"][name]
                choice["logprobs"][name] = [*values[1:], values[-1]]
        return body

    @staticmethod
    def _prompt_row(ids: list[int], place: int) -> dict[str, Any]:
        row = distribution(ids[:place])
        best = max(range(VOCABULARY), key=row.__getitem__)
        return {str(token): {"logprob": row[token], "rank": 1} for token in {best, ids[place]}}

    def _logprobs(self, tokens: list[Any], count: int, named: list[int]) -> dict[str, Any]:
        values: list[float | None] = []
        tops: list[dict[str, float] | None] = []
        for token, row in tokens:
            if row is None:
                values.append(None)
                tops.append(None)
                continue
            noise = 0.2 * (time.monotonic_ns() % 1000) / 1000 if self.has("noise") else 0.0
            best = sorted(range(VOCABULARY), key=row.__getitem__, reverse=True)[: max(count, 1)]
            shown = {one: row[one] - noise for one in ([*named, token] if named else [*best, token])}
            if self.has("renormalised") and not named:
                total = math.log(sum(map(math.exp, shown.values())))
                shown = {one: value - total for one, value in shown.items()}
            values.append(shown[token])
            tops.append({f"token_id:{one}": value for one, value in shown.items()})
        return {
            "tokens": [f"token_id:{token}" for token, _ in tokens],
            "token_logprobs": values,
            "top_logprobs": tops,
        }

    def _body(self, ids: list[int], text: str, generated: list[int], reason: str) -> dict[str, Any]:
        usage = {"prompt_tokens": len(ids) or 3, "completion_tokens": len(generated) or 2}
        return {"choices": [{"index": 0, "text": f"echo {text}", "finish_reason": reason}], "usage": usage}


def chat_tokens(said: str) -> list[tuple[str, float]]:
    """The likeliest first tokens of a reply, likeliest first: the letters in an order that the message decides."""
    letters = sorted("ABCD", key=lambda letter: hashlib.sha256(f"{letter}{said[:40]}".encode()).digest())
    shares = (0.5, 0.2, 0.1, 0.05)
    named = [
        (f" {letter}" if place % 2 else letter, share)
        for place, (letter, share) in enumerate(zip(letters, shares, strict=True))
    ]
    return [(token, math.log(share)) for token, share in [*named, ("The", 0.03)]]


def _by_text(logprobs: dict[str, Any]) -> dict[str, Any]:
    """The form of servers that name tokens by their texts."""

    def text(name: str) -> str:
        return f"<{name.removeprefix('token_id:')}>"

    tops = [None if top is None else {text(name): one for name, one in top.items()} for top in logprobs["top_logprobs"]]
    return {**logprobs, "tokens": [text(name) for name in logprobs["tokens"]], "top_logprobs": tops}


def _content(logprobs: dict[str, Any]) -> list[dict[str, Any]]:
    """The form of llama.cpp's server."""
    rows = zip(logprobs["tokens"], logprobs["token_logprobs"], logprobs["top_logprobs"], strict=True)
    return [
        {
            "id": int(name.removeprefix("token_id:")),
            "token": "same text",
            "logprob": value,
            "top_logprobs": [
                {"id": int(key.removeprefix("token_id:")), "token": "same text", "logprob": one}
                for key, one in top.items()
            ],
        }
        for name, value, top in rows
    ]


def stub_encode(text: str) -> list[int]:
    """The ids of a text: one for each of its words, and those that stand in it as ``<id>``."""
    words = re.findall(r"<\d+>|(?:(?!<\d+>)\S)+", text)
    ids = [2 + (sum(word.encode()) % (VOCABULARY - 2)) for word in words]
    named = [re.fullmatch(r"<(\d+)>", word) for word in words]
    return [int(name[1]) if name else one for name, one in zip(named, ids, strict=True)] or [2]


class StubTokenizer:
    """The stub's tokenizer with the little that :class:`~proctor.models.tokens.tokenizer.Tokens` calls."""

    bos_token = eos_token = pad_token = "<0>"
    bos_token_id = eos_token_id = pad_token_id = 0
    name_or_path = "stub"
    chat_template = "{% for message in messages %}{{ message.content }}{% endfor %}"

    def __call__(self, texts: list[str], *, add_special_tokens: bool = False, **_: Any) -> dict[str, Any]:
        front = [0] if add_special_tokens else []
        return {"input_ids": [front + ([] if not text else stub_encode(text)) for text in texts]}

    def __len__(self) -> int:
        return VOCABULARY

    def decode(self, ids: Any, **_: Any) -> str:
        return "".join(f"<{token}>" for token in ([ids] if isinstance(ids, int) else ids))


def error(status: int, message: str, code: str | None = None, headers: dict[str, str] | None = None) -> web.Response:
    """A refusal in OpenAI's form."""
    return web.json_response({"error": {"message": message, "code": code}}, status=status, headers=headers)


class Serving:
    """A stub that runs in a thread, as a context manager."""

    def __init__(self, stub: Stub) -> None:
        self.stub = stub
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Stub:
        self._thread.start()
        self._ready.wait(10)
        return self.stub

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        runner = self._loop.run_until_complete(self._start())
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())
        self._loop.close()

    async def _start(self) -> web.AppRunner:
        application = web.Application(client_max_size=1 << 26)
        application.router.add_route("*", "/{path:.*}", self.stub.handle)
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        self.stub.url = f"http://127.0.0.1:{port}/v1"
        return runner
