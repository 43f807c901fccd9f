"""vLLM's engine behind one method: prompts with settings in, outputs out; and what this engine can do."""

from __future__ import annotations

import contextlib
import gc
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from proctor.errors import UsageError, error_text
from proctor.lazy import load_attribute
from proctor.models.vllm.routes import TOP

log = logging.getLogger("proctor")


@dataclass(frozen=True, slots=True)
class EngineRefusal:
    """A request that the engine did not take, and why."""

    why: str


@dataclass(slots=True)
class PromptTokens:
    """Tokens of all prompts so far: those that were computed, and those that came from the cache."""

    computed: int = 0
    cached: int = 0

    def add(self, prompt: int, cached: int) -> None:
        """Count one prompt."""
        self.computed += prompt - cached
        self.cached += cached


@dataclass(frozen=True, slots=True)
class EngineRequest:
    """A prompt as token ids, and the arguments of ``vllm.SamplingParams``."""

    prompt: Sequence[int]
    settings: Mapping[str, Any]


class Engine:
    """A ``vllm.LLM`` and the classes that it takes.

    Args:
        llm: The engine.
        sampling_params: The class ``vllm.SamplingParams``.
        lora: A request for an adapter, sent with every prompt; None: none.
    """

    def __init__(self, llm: Any, sampling_params: Any, *, lora: Any = None) -> None:
        self.llm: Any = llm
        self._refusals = refusals()
        self.tokens = PromptTokens()
        self._params = sampling_params
        self._lora = lora

    # -- facts: each where some release keeps it, and None where this one does not

    def fact(self, *path: str) -> Any:
        """An attribute below ``llm.llm_engine``; None where there is none."""
        found = getattr(self.llm, "llm_engine", None)
        for name in path:
            found = getattr(found, name, None)
        return found

    @cached_property
    def block(self) -> int | None:
        """Tokens of a block of the prefix cache."""
        size = self.fact("vllm_config", "cache_config", "block_size")
        return size if isinstance(size, int) and size > 0 else None

    @cached_property
    def names_ids(self) -> bool:
        """Whether one may name the ids whose log-probabilities come with a generated token."""
        return self.accepts({"logprob_token_ids": [0]})

    @cached_property
    def reads_cache(self) -> bool:
        """Whether one may have rows of a prompt without its beginning being computed anew."""
        return self.accepts({"prompt_logprobs": 1, "skip_reading_prefix_cache": False})

    @cached_property
    def names_rows(self) -> bool:
        """Whether one may name an id for each row of a prompt; settled by a request of two tokens."""
        settings = {"prompt_logprob_start": 0, "prompt_logprob_token_ids": [[1]]}
        if not self.accepts(settings):
            return False
        [output] = self.generate([EngineRequest([1, 1], {"max_tokens": 1, "temperature": 0, **settings})])
        return not isinstance(output, EngineRefusal) and getattr(output, "prompt_token_id_logprobs", None) is not None

    def accepts(self, settings: Mapping[str, Any]) -> bool:
        """Whether ``SamplingParams`` takes such arguments."""
        try:
            self._params(max_tokens=1, temperature=0, **settings)
        except self._refusals:
            return False
        return True

    # -- requests

    def params(self, settings: Mapping[str, Any]) -> Any:
        """The value that the engine takes for settings.

        Raises:
            UsageError: One is unknown, or of a value that makes no sense.
        """
        try:
            return self._params(**settings)
        except self._refusals as error:
            raise UsageError(
                f"vLLM refuses these generation arguments: {_one_line(error)}",
                hint="Check generation_kwargs in the task and --gen_kwargs.",
            ) from error

    def generate(self, requests: Sequence[EngineRequest]) -> list[Any]:
        """The output of each request, in order: vLLM's ``RequestOutput``, or :class:`EngineRefusal`.

        Args:
            requests: What goes to the engine in one call.
        """
        if not requests:
            return []
        params: dict[int, Any] = {}
        for request in requests:
            if id(request.settings) not in params:
                params[id(request.settings)] = self.params(request.settings)
        chosen = [params[id(request.settings)] for request in requests]
        try:
            outputs = self._call(requests, chosen)
        except self._refusals as error:
            # One bad prompt and the engine takes none of the call.
            if len(requests) == 1:
                return [EngineRefusal(_one_line(error))]
            return [output for request in requests for output in self.generate([request])]
        if len(outputs) != len(requests):
            raise RuntimeError(f"{len(outputs)} outputs came for {len(requests)} requests")
        for request, output in zip(requests, outputs, strict=True):
            self.tokens.add(len(request.prompt), getattr(output, "num_cached_tokens", None) or 0)
        return outputs

    def _call(self, requests: Sequence[EngineRequest], params: Sequence[Any]) -> list[Any]:
        prompts = [{"prompt_token_ids": list(request.prompt)} for request in requests]
        return list(self.llm.generate(prompts, list(params), use_tqdm=False, lora_request=self._lora))

    def forget(self) -> None:
        """Empty the prefix cache, where the engine can."""
        with contextlib.suppress(AttributeError, TypeError):
            self.llm.reset_prefix_cache()

    def close(self) -> None:
        """End the engine and free its memory."""
        with contextlib.suppress(AttributeError):
            self.llm.llm_engine.engine_core.shutdown()
        self.llm = None
        gc.collect()
        with contextlib.suppress(ImportError, AttributeError):
            clean_up: Any = load_attribute("vllm.distributed.parallel_state:cleanup_dist_env_and_memory")
            clean_up()


def refusals() -> tuple[type[BaseException], ...]:
    """What vLLM raises for a request that it does not take: a ValueError once, a class of its own since."""
    with contextlib.suppress(ImportError, AttributeError):
        own: Any = load_attribute("vllm.exceptions:VLLMClientError")
        return (TypeError, ValueError, own)
    return (TypeError, ValueError)


def most_logprobs(sampling_params: Any) -> dict[str, Any]:
    """What the engine must be started with so that :data:`TOP` ids can be had where none can be named."""
    named = Engine(None, sampling_params).names_ids
    return {} if named else {"max_logprobs": TOP}


def _one_line(error: BaseException, limit: int = 300) -> str:
    text = " ".join(error_text(error).split())
    return text if len(text) <= limit else text[: limit - 1] + "…"
