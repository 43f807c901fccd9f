"""``--model_args`` of ``hf`` as one frozen, checked value.

The names are lm-eval's. A key that is not among them goes to ``from_pretrained`` as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, cast

from proctor.errors import UsageError, did_you_mean
from proctor.models.pool.arguments import pool_hint

RUN_KEYS = ("batch_size", "max_batch_size", "device")
"""Keys that stand in ``--model_args`` but belong to the run."""

SCORING = ("auto", "tree", "context", "plain")

PASSED_ON = (
    "attn_implementation",
    "cache_dir",
    "device_map",
    "force_download",
    "load_in_4bit",
    "load_in_8bit",
    "local_files_only",
    "low_cpu_mem_usage",
    "proxies",
    "quantization_config",
    "token",
    "torch_dtype",
    "use_safetensors",
    "variant",
)
"""Keys for ``from_pretrained`` that people misspell; only used to suggest one."""


@dataclass(frozen=True, kw_only=True)
class HfArguments:
    """Everything that decides what is loaded and how it is used."""

    pretrained: Any
    backend: Literal["default", "causal", "seq2seq"] = "default"
    revision: str = "main"
    subfolder: str = ""
    tokenizer: Any = None
    truncation: bool = False
    logits_cache: bool | Literal["lm_eval"] = True
    max_length: int | None = None
    dtype: Any = "auto"
    softmax_dtype: Any = None
    mixed_precision_dtype: Any = None
    trust_remote_code: bool = False
    use_fast_tokenizer: bool = True
    add_bos_token: bool | None = None
    prefix_token_id: int | None = None
    parallelize: bool = False
    max_memory_per_gpu: int | str | None = None
    max_cpu_memory: int | str | None = None
    offload_folder: str | None = "./offload"
    tp_plan: Any = None
    peft: str | None = None
    delta: str | None = None
    autogptq: bool | str = False
    gptqmodel: bool = False
    gguf_file: str | None = None
    think_end_token: str | int | None = None
    enable_thinking: bool | None = None
    chat_template_args: Mapping[str, Any] = field(default_factory=dict)
    rolling_bos_once: bool = False
    scoring: Literal["auto", "tree", "context", "plain"] = "auto"
    pass_tokens: int | None = None
    batch_invariant: bool = False
    allow_missing_weights: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def source(self) -> str:
        """What the weights come from, for messages and results."""
        if isinstance(self.pretrained, str):
            return self.pretrained
        named = (self.pretrained, getattr(self.pretrained, "config", None))
        names = [getattr(one, "name_or_path", None) for one in named]
        return str(next((name for name in names if name), type(self.pretrained).__name__))

    @property
    def template_args(self) -> dict[str, Any]:
        """Arguments of the chat template."""
        thinking = {} if self.enable_thinking is None else {"enable_thinking": self.enable_thinking}
        return {**self.chat_template_args, **thinking}

    @property
    def hub(self) -> dict[str, Any]:
        """The extra keys that tell where and how files are fetched: for config and tokenizer too."""
        names = ("cache_dir", "token", "local_files_only", "force_download", "proxies")
        return {name: self.extra[name] for name in names if name in self.extra}


BOOLEANS = (
    "truncation",
    "rolling_bos_once",
    "trust_remote_code",
    "use_fast_tokenizer",
    "add_bos_token",
    "parallelize",
    "gptqmodel",
    "enable_thinking",
    "batch_invariant",
    "allow_missing_weights",
)
NUMBERS = ("max_length", "pass_tokens", "prefix_token_id")


def read_arguments(args: Mapping[str, Any]) -> HfArguments:
    """Check ``--model_args``; every error is a :class:`UsageError`."""
    own = {item.name for item in fields(HfArguments)} - {"extra"}
    known: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for key, value in args.items():
        if key in own:
            known[key] = value
        elif key not in RUN_KEYS:
            extra[key] = value
    if extra.get("weights_only") not in (None, True, "True", "true"):
        raise UsageError(
            f"The model argument weights_only is {extra['weights_only']!r}: "
            "weights would be read as a pickle, which runs whatever is in it.",
            hint="Convert them to safetensors, on a machine that you can spare.",
        )
    if known.get("pretrained") in (None, ""):
        close = did_you_mean("pretrained", extra)
        raise UsageError(
            "The model 'hf' needs pretrained=...: a name on the Hugging Face Hub or a folder.",
            hint=f"It got {', '.join(sorted(args))}." if close else "For example --model_args pretrained=gpt2",
        )
    known = {key: _typed(key, value) for key, value in known.items()}
    if "torch_dtype" in extra:
        known.setdefault("dtype", extra.pop("torch_dtype"))
    _check(known)
    return HfArguments(**known, extra=extra)


def _typed(key: str, value: Any) -> Any:
    if key in BOOLEANS or (key == "logits_cache" and value != "lm_eval"):
        return _boolean(key, value)
    if key in NUMBERS and value is not None:
        return _number(key, value)
    if key == "revision":
        return "main" if value is None else str(value)
    if key == "think_end_token" and isinstance(value, str) and value.isdigit():
        return int(value)
    if key == "subfolder" and value is None:
        return ""
    if key == "chat_template_args":
        if value is not None and not isinstance(value, Mapping):
            raise UsageError(f"chat_template_args is {value!r}; it must be an object, as in '{{\"key\": true}}'.")
        return dict(value or {})
    return value


def _boolean(key: str, value: Any) -> bool | None:
    if value is None or isinstance(value, bool):
        return value if value is not None or key in ("add_bos_token", "enable_thinking") else _default(key)
    if str(value).lower() in ("true", "1"):
        return True
    if str(value).lower() in ("false", "0"):
        return False
    raise UsageError(f"The model argument {key} is {value!r}; it must be True or False.")


def _default(key: str) -> bool:
    return next(cast(bool, item.default) for item in fields(HfArguments) if item.name == key)


def _number(key: str, value: Any) -> int:
    least = 0 if key == "prefix_token_id" else 1
    if isinstance(value, bool) or not str(value).strip().isdecimal() or int(value) < least:
        raise UsageError(f"The model argument {key} is {value!r}; it must be a whole number of at least {least}.")
    return int(value)


def _check(known: Mapping[str, Any]) -> None:
    backend = known.get("backend", "default")
    if backend not in ("default", "causal", "seq2seq"):
        raise UsageError(f"The model argument backend is {backend!r}; it must be default, causal or seq2seq.")
    scoring = known.get("scoring", "auto")
    if scoring not in SCORING:
        hint = did_you_mean(str(scoring), SCORING)
        raise UsageError(f"The model argument scoring is {scoring!r}; it must be {', '.join(SCORING)}.", hint=hint)
    if known.get("batch_invariant") and scoring == "tree":
        raise UsageError("batch_invariant scores each document by itself; scoring=tree shares between documents.")
    if known.get("logits_cache") == "lm_eval" and scoring != "plain":
        raise UsageError(
            "logits_cache=lm_eval gives the values of lm-eval's own passes, row by row.", hint="Add scoring=plain."
        )
    if known.get("peft") and known.get("delta"):
        raise UsageError("The model arguments peft and delta exclude each other.", hint="Give one of them.")
    if known.get("autogptq") and known.get("gptqmodel"):
        raise UsageError("The model arguments autogptq and gptqmodel exclude each other.", hint="Give one of them.")
    if known.get("tp_plan") and known.get("parallelize"):
        raise UsageError("The model arguments tp_plan and parallelize exclude each other.", hint="Give one of them.")
    if known.get("enable_thinking") and known.get("think_end_token") is None:
        raise UsageError(
            "enable_thinking=True needs think_end_token: the token that ends the reasoning.",
            hint="For example --model_args enable_thinking=True,think_end_token=</think>",
        )


def unknown_key(key: str, taker: str) -> UsageError:
    """The sentence for a key that neither this model kind nor ``from_pretrained`` takes."""
    names = {item.name for item in fields(HfArguments)} - {"extra"}
    hint = pool_hint(key) or did_you_mean(key, names | set(PASSED_ON) | set(RUN_KEYS))
    return UsageError(f"The model argument {key!r} is unknown: neither 'hf' nor {taker} takes it.", hint=hint)
