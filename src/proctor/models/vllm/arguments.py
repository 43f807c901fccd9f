"""``--model_args`` of ``vllm`` as one frozen, checked value.

The names are lm-eval's. A key that is not among them goes to ``vllm.LLM`` as it is.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Literal, cast

from proctor.errors import UsageError, did_you_mean
from proctor.models.hf.arguments import RUN_KEYS, HfArguments
from proctor.models.pool.arguments import pool_hint

log = logging.getLogger("proctor")

SCORING = ("auto", "named", "plain")
SIDES = ("left", "middle", "right")
TOKENIZER_MODES = ("auto", "hf", "slow")

RESERVED = 2
"""lm-eval: of a model's limit a scored text leaves one token for the one that vLLM must generate, and its last token,
which predicts nothing, is an input here. So two inputs fewer than transformers takes."""

ENGINE_KEYS = (
    *("block_size", "cpu_offload_gb", "disable_custom_all_reduce", "distributed_executor_backend", "download_dir"),
    *("enable_chunked_prefill", "enable_expert_parallel", "enable_prefix_caching", "enforce_eager"),
    *("gpu_memory_utilization", "hf_overrides", "hf_token", "kv_cache_dtype", "limit_mm_per_prompt", "load_format"),
    *("max_logprobs", "max_num_batched_tokens", "max_num_seqs", "pipeline_parallel_size", "rope_scaling"),
)
"""Keys for ``vllm.LLM`` that people misspell; only used to suggest one."""


@dataclass(frozen=True, kw_only=True)
class VllmArguments:
    """Everything that decides what is loaded and how it is used.

    ``max_length`` is ``max_model_len`` too. ``scoring``: ``auto`` reads what requests share from the prefix cache,
    ``plain`` computes every request whole, as lm-eval does, ``named`` is :mod:`proctor.models.vllm.routes`' route P.
    """

    pretrained: str
    dtype: str = "auto"
    revision: str | None = None
    trust_remote_code: bool = False
    tokenizer: str | None = None
    tokenizer_mode: str = "auto"
    tokenizer_revision: str | None = None
    add_bos_token: bool | None = None
    prefix_token_id: int | None = None
    tensor_parallel_size: int = 1
    quantization: str | None = None
    max_gen_toks: int = 256
    max_length: int | None = None
    seed: int = 1234
    lora_local_path: str | None = None
    max_lora_rank: int = 16
    enable_thinking: bool | None = None
    chat_template_args: Mapping[str, Any] = field(default_factory=dict)
    think_end_token: str | int | None = None
    truncation_side: Literal["left", "middle", "right"] = "left"
    scoring: Literal["auto", "named", "plain"] = "auto"
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @cached_property
    def files(self) -> HfArguments:
        """The same model as transformers finds it: for its config, its tokenizer, and the digest of its files."""
        hub = {"cache_dir": self.extra.get("download_dir"), "token": self.extra.get("hf_token")}
        return HfArguments(
            pretrained=self.pretrained,
            revision=self.revision or "main",
            tokenizer=self.tokenizer,
            trust_remote_code=self.trust_remote_code,
            use_fast_tokenizer=self.tokenizer_mode != "slow",
            add_bos_token=self.add_bos_token,
            peft=self.lora_local_path,
            extra={key: value for key, value in hub.items() if value is not None},
        )

    @property
    def template_args(self) -> dict[str, Any]:
        """Arguments of the chat template."""
        # lm-eval: templates get enable_thinking always, None where nobody gave it.
        thinking = {} if self.enable_thinking is None else {"enable_thinking": self.enable_thinking}
        return {"enable_thinking": None, **self.chat_template_args, **thinking}

    @property
    def world_size(self) -> int:
        """On how many devices one engine runs."""
        return self.tensor_parallel_size * int(self.extra.get("pipeline_parallel_size") or 1)

    def engine(self, max_num_seqs: int | None) -> dict[str, Any]:
        """The arguments of ``vllm.LLM``.

        Args:
            max_num_seqs: The most sequences of a batch, where ``max_num_seqs`` is not given; None: vLLM's own.
        """
        lora = {"enable_lora": True, "max_lora_rank": self.max_lora_rank} if self.lora_local_path else {}
        own = {
            "model": self.pretrained,
            "revision": self.revision,
            "dtype": self.dtype,
            "tokenizer": self.tokenizer,
            "tokenizer_mode": self.tokenizer_mode,
            "tokenizer_revision": self.tokenizer_revision,
            "trust_remote_code": self.trust_remote_code,
            "tensor_parallel_size": self.tensor_parallel_size,
            "max_model_len": self.max_length,
            "max_num_seqs": max_num_seqs,
            "quantization": self.quantization,
            "seed": self.seed,
        }
        return {**{key: value for key, value in own.items() if value is not None}, **lora, **self.extra}


BOOLEANS = ("trust_remote_code", "add_bos_token", "enable_thinking")
NUMBERS: Mapping[str, int] = {
    "prefix_token_id": 0,
    "tensor_parallel_size": 1,
    "max_gen_toks": 1,
    "max_length": 1,
    "seed": 0,
    "max_lora_rank": 1,
}
"""With the least that each may be."""
CHOICES: Mapping[str, tuple[str, ...]] = {
    "truncation_side": SIDES,
    "scoring": SCORING,
    "tokenizer_mode": TOKENIZER_MODES,
}


def read_arguments(args: Mapping[str, Any]) -> VllmArguments:
    """Check ``--model_args``.

    Args:
        args: The arguments, by name.

    Raises:
        UsageError: One is wrong, or two exclude each other.
    """
    given = {key: value for key, value in args.items() if key not in RUN_KEYS}
    if args.get("device") is not None:
        warn_of_device(args["device"])
    if given.pop("swap_space", None) is not None:
        log.warning("vLLM has no swap_space any more: that model argument has no effect.")
    given = _one_length(given)
    own = {item.name for item in fields(VllmArguments)} - {"extra"}
    known = {key: value for key, value in given.items() if key in own and value is not None}
    if not isinstance(known.get("pretrained"), str) or not known["pretrained"]:
        raise _no_model(known.get("pretrained"), given)
    for key in BOOLEANS:
        if key in known:
            known[key] = _boolean(key, known[key])
    for key, least in NUMBERS.items():
        if key in known:
            known[key] = _number(key, known[key], least)
    _check(known)
    extra = {key: value for key, value in given.items() if key not in own}
    return VllmArguments(**known, extra=extra)


def warn_of_device(device: object) -> None:
    """Say that a device was named in vain."""
    log.warning(
        "vLLM takes the devices that it sees: device=%s has no effect. CUDA_VISIBLE_DEVICES chooses among them.", device
    )


def _one_length(given: Mapping[str, Any]) -> dict[str, Any]:
    rest = dict(given)
    other = rest.pop("max_model_len", None)
    if other is None:
        return rest
    if rest.get("max_length") is not None:
        raise UsageError("max_length and max_model_len are two names of the same model argument.", hint="Give one.")
    return {**rest, "max_length": other}


def _no_model(value: Any, given: Mapping[str, Any]) -> UsageError:
    if value not in (None, ""):
        return UsageError(
            f"The model argument pretrained is a {type(value).__name__}; vLLM loads a folder or a name on the hub."
        )
    return UsageError(
        "The model 'vllm' needs pretrained=...: a name on the Hugging Face Hub or a folder.",
        hint=did_you_mean("pretrained", given) or "For example --model_args pretrained=Qwen/Qwen3-8B",
    )


def _boolean(key: str, value: Any) -> bool:
    if str(value).lower() in ("true", "1"):
        return True
    if str(value).lower() in ("false", "0"):
        return False
    raise UsageError(f"The model argument {key} is {value!r}; it must be True or False.")


def _number(key: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not str(value).strip().isdecimal() or int(value) < least:
        raise UsageError(f"The model argument {key} is {value!r}; it must be a whole number of at least {least}.")
    return int(value)


def _check(known: Mapping[str, Any]) -> None:
    for key, choices in CHOICES.items():
        value = known.get(key)
        if value is not None and value not in choices:
            hint = did_you_mean(str(value), choices)
            raise UsageError(f"The model argument {key} is {value!r}; it must be {', '.join(choices)}.", hint=hint)
    if not isinstance(known.get("chat_template_args", {}), Mapping):
        raise UsageError(
            f"The model argument chat_template_args is {known['chat_template_args']!r}; it must be a JSON object."
        )
    if known.get("enable_thinking") and known.get("think_end_token") is None:
        raise UsageError(
            "enable_thinking=True needs think_end_token: the token that ends the reasoning.",
            hint="For example --model_args enable_thinking=True,think_end_token=</think>",
        )


def unknown_key(key: str) -> UsageError:
    """The sentence for a key that neither this kind of model nor vLLM takes."""
    names = {item.name for item in fields(VllmArguments)} - {"extra"}
    hint = pool_hint(key) or did_you_mean(key, names | set(ENGINE_KEYS) | set(RUN_KEYS))
    return cast(
        UsageError, UsageError(f"The model argument {key!r} is unknown: neither 'vllm' nor vLLM takes it.", hint=hint)
    )
