"""A stand-in for vLLM 0.32: takes what ``vllm.LLM`` takes, returns what it returned, and has its faults.

Its language model is a function of token ids. Its prefix cache is real: what it says was cached was not computed, and
rows of prompt log-probabilities for it hold rubbish, as V1's do.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar

import numpy as np

VOCABULARY = 64


@dataclass(frozen=True)
class Logprob:
    logprob: float
    rank: int | None = None
    decoded_token: str | None = None


class ValidationError(Exception):
    """What vLLM raises for a request that it does not take: a ValueError in old releases, and no more."""


class SamplingParams:
    """Keyword arguments that vLLM knows; ``absent``: those that this release does not."""

    KNOWN: ClassVar = {
        *("temperature", "max_tokens", "stop", "detokenize", "prompt_logprobs", "logprobs", "logprob_token_ids"),
        *("skip_reading_prefix_cache", "skip_special_tokens", "spaces_between_special_tokens", "top_p", "seed"),
        *("prompt_logprob_start", "prompt_logprob_token_ids"),
    }
    absent: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, **given: Any) -> None:
        for key in given:
            if key not in self.KNOWN or key in self.absent:
                raise TypeError(f"Unexpected keyword argument '{key}'")
        if given.get("temperature", 1) < 0:
            raise ValidationError(f"temperature must be non-negative, got {given['temperature']}.")
        if len(given.get("logprob_token_ids") or ()) > 128:
            raise ValidationError("Requested logprob_token_ids is greater than max allowed: 128")
        self.given = given

    def get(self, key: str, default: Any = None) -> Any:
        return self.given.get(key, default)


def params_without(*names: str) -> type[SamplingParams]:
    """The class of a release that lacks some arguments."""
    return type("SamplingParams", (SamplingParams,), {"absent": frozenset(names)})


def toy(ids: list[int]) -> np.ndarray:
    """Log-probabilities of the token after each prefix, shape (len(ids), VOCABULARY)."""
    rows = []
    for end in range(1, len(ids) + 1):
        seed = hashlib.sha256(repr(ids[:end]).encode()).digest()[:8]
        logits = np.random.default_rng(int.from_bytes(seed, "little")).normal(size=VOCABULARY) * 3
        rows.append(logits - np.log(np.exp(logits).sum()))
    return np.array(rows)


@dataclass
class FakeLLM:
    """``vllm.LLM``: ``faults`` names what it does wrong."""

    model: Any = toy
    max_model_len: int = 512
    block: int = 4
    caching: bool = True
    v2: bool = False
    dtype: str = "torch.float32"
    faults: frozenset[str] = frozenset()
    text_of: Any = None
    calls: list[list[tuple[list[int], SamplingParams]]] = field(default_factory=list)
    loras: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cache: set[tuple[int, ...]] = set()
        config = SimpleNamespace(
            cache_config=SimpleNamespace(block_size=self.block), device_config=SimpleNamespace(device_type="cpu")
        )
        model = SimpleNamespace(max_model_len=self.max_model_len, dtype=self.dtype)
        self.llm_engine = SimpleNamespace(
            vllm_config=config, model_config=model, engine_core=SimpleNamespace(shutdown=self.shutdown)
        )
        self.ended = False

    def shutdown(self) -> None:
        self.ended = True

    def reset_prefix_cache(self) -> bool:
        self.cache.clear()
        return True

    @property
    def sent(self) -> list[tuple[list[int], SamplingParams]]:
        return [one for call in self.calls for one in call]

    def generate(self, prompts, params, *, use_tqdm, lora_request):
        assert use_tqdm is False
        self.loras.append(lora_request)
        for prompt, one in zip(prompts, params, strict=True):
            self._validate(prompt["prompt_token_ids"], one)
        names = [bool(one.get("logprob_token_ids")) for one in params]
        top = [one.get("logprobs") is not None for one in params]
        assert not (any(names) and any(top)), "named ids and the likeliest in one call"
        self.calls.append([(prompt["prompt_token_ids"], one) for prompt, one in zip(prompts, params, strict=True)])
        return [self._output(prompt["prompt_token_ids"], one) for prompt, one in zip(prompts, params, strict=True)]

    def _validate(self, ids, params) -> None:
        if not ids:
            raise ValidationError("The decoder prompt cannot be empty")
        if "refuses 13" in self.faults and 13 in ids:
            raise ValidationError("Token id 13 is out of vocabulary")
        if len(ids) + 1 > self.max_model_len:
            raise ValidationError(f"This model's maximum context length is {self.max_model_len} tokens.")
        if params.get("prompt_logprob_token_ids") and not self.v2:
            raise ValidationError("prompt_logprob_token_ids requires the V2 model runner")

    def _cached(self, ids, params) -> int:
        """Tokens that come from the cache; the prompt's blocks are in it afterwards."""
        rows = params.get("prompt_logprobs") is not None or params.get("prompt_logprob_token_ids") is not None
        skip = params.get("skip_reading_prefix_cache")
        found = 0
        for end in range(self.block, len(ids) + 1, self.block):
            key = tuple(ids[:end])
            if (
                not (rows if skip is None else skip)
                and found == end - self.block
                and key in self.cache
                and end < len(ids)
            ):
                found = end
            if self.caching:
                self.cache.add(key)
        return found

    def _output(self, ids, params):
        cached = self._cached(ids, params)
        table = np.array(self.model(list(ids)))
        if "wrong by the cache" in self.faults and cached:
            table = table + 0.2 * np.arange(table.shape[1]) / table.shape[1]
        if "not a number" in self.faults:
            table[:] = np.nan
        new = self._new(list(ids), table, params)
        output = SimpleNamespace(
            index=0, token_ids=new, logprobs=self._next(table[-1], params), finish_reason="length", stop_reason=None
        )
        text = "" if self.text_of is None or params.get("detokenize") is False else self.text_of(new)
        for stop in params.get("stop") or ():
            if stop in text:
                text, output.finish_reason = text.split(stop, 1)[0], "stop"
        output.text = text
        return SimpleNamespace(
            prompt_token_ids=list(ids),
            num_cached_tokens=None if "counts nothing" in self.faults else cached,
            prompt_logprobs=self._rows(ids, table, cached, params),
            prompt_token_id_logprobs=self._named(table, cached, params),
            outputs=[output],
        )

    def _new(self, ids, table, params) -> list[int]:
        row, new = table[-1], []
        for _ in range(params.get("max_tokens", 16)):
            new.append(int(np.nanargmax(row)) if not np.isnan(row).all() else 0)
            if len(new) < params.get("max_tokens", 16):
                row = np.array(self.model([*ids, *new]))[-1]
        return new

    def _next(self, row, params):
        named, top = params.get("logprob_token_ids"), params.get("logprobs")
        if named is None and top is None:
            return None
        likeliest = int(np.argmax(row))
        ids = list(named) if named is not None else [int(one) for one in np.argsort(-row)[:top]]
        if "loses ids" in self.faults:
            return [{likeliest: Logprob(float(row[likeliest])), 0: Logprob(float("-inf"))}]
        return [{one: Logprob(float(row[one])) for one in (likeliest, *ids)}]

    def _rows(self, ids, table, cached, params):
        if params.get("prompt_logprobs") is None:
            return None
        rows: list[dict[int, Logprob] | None] = [None]
        for place in range(1, len(ids)):
            row = table[place - 1]
            if place - 1 < cached:
                # Memory that nobody has written: seen of the real one.
                rows.append({-1083406107: Logprob(7.3e-41, -1059654106), int(ids[place]) ^ 1: Logprob(-0.1, 1)})
            else:
                likeliest = int(np.argmax(row))
                rows.append(
                    {int(ids[place]): Logprob(float(row[ids[place]])), likeliest: Logprob(float(row[likeliest]))}
                )
        if "no rows" in self.faults:
            return [None] * len(rows)
        if "no id" in self.faults:
            return [None, *({0: Logprob(-1.0)} for _ in rows[1:])]
        return rows[cached + 1 :] if self.v2 and cached else rows

    def _named(self, table, cached, params):
        ids, start = params.get("prompt_logprob_token_ids"), params.get("prompt_logprob_start")
        if ids is None or cached > start:
            return None
        return np.array([[table[start + row][one] for one in named] for row, named in enumerate(ids)], dtype=np.float32)


def fake_module(llm: Any, params: type[SamplingParams] = SamplingParams) -> dict[str, ModuleType]:
    """The modules of a package ``vllm`` whose engine is ``llm(**arguments)``."""
    top, lora, request, platforms, exceptions = (
        ModuleType(name) for name in ("vllm", "vllm.lora", "vllm.lora.request", "vllm.platforms", "vllm.exceptions")
    )
    top.LLM, top.SamplingParams = llm, params
    request.LoRARequest = lambda name, number, path: (name, number, path)
    platforms.current_platform = SimpleNamespace(supported_dtypes=["torch.bfloat16", "torch.float32"])
    exceptions.VLLMClientError = ValidationError
    modules = (top, lora, request, platforms, exceptions)
    return {module.__name__: module for module in modules}
