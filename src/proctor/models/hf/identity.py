"""What a model's answers depend on, as a value that is the same wherever a copy of the model lies.

By exclusion: it is built from every argument of the ``hf`` model less :data:`NO_MATTER`, and from every file
that the loader may read less those of :data:`proctor.models.hf.files.NO_MATTER`, so that a new argument or
file cannot be forgotten: at worst something is asked anew. ``docs/store.md`` has both lists. Some arguments
are not in it as they are given, but by what they come to (:data:`BY_EFFECT`). Chat templates do not count:
a prompt is rendered before it is asked, so another template is another request.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Set
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch

from proctor.errors import ModelError
from proctor.models.hf.arguments import HfArguments
from proctor.models.hf.files import (
    Origin,
    cached_commit,
    digest_of,
    model_digest,
    outside_code,
    settings_digest,
    tokenizer_files_digest,
)
from proctor.models.hf.shipped import patched_code
from proctor.models.hf.variables import steering_variables
from proctor.models.identity import certain_identity
from proctor.models.tokens.tokenizer import Tokens
from proctor.secrets import is_secret_key

log = logging.getLogger("proctor")

VERSION = 2
"""Counts up where equal models would get another identity than before."""

NO_MATTER = frozenset(
    {
        # Where weights come from, or go to.
        *("cache_dir", "token", "use_auth_token", "local_files_only", "force_download", "proxies", "resume_download"),
        *("device_map", "low_cpu_mem_usage", "max_memory", "offload_folder", "offload_state_dict", "offload_buffers"),
        *("parallelize", "max_memory_per_gpu", "max_cpu_memory", "tp_plan", "tp_size", "device_mesh"),
        # How much at a time.
        *("batch_size", "max_batch_size", "pass_tokens", "device"),
        # Prompts are rendered before they are asked.
        *("chat_template_args", "enable_thinking"),
        # Anything but safe weights is refused.
        "weights_only",
    }
)
"""Arguments that change no answer by more than rounding."""

BY_EFFECT: Mapping[str, str] = {
    "pretrained": "weights",
    "revision": "weights",
    "subfolder": "weights",
    "gguf_file": "weights",
    "peft": "peft",
    "delta": "delta",
    "tokenizer": "tokenizer",
    "backend": "backend",
    "dtype": "dtype",
    "mixed_precision_dtype": "autocast",
    "max_length": "max_length",
    "softmax_dtype": "scoring",
    "logits_cache": "scoring",
    "scoring": "scoring",
    "batch_invariant": "scoring",
    "think_end_token": "generation",
    "truncation": "generation",
}
"""Arguments that count by what they come to, and under which name."""


def identify(arguments: HfArguments, config: Any, tokens: Tokens, *, dtype: Any) -> Mapping[str, Any] | None:
    """The identity of the model that ``arguments`` load; None where it cannot be known for certain.

    Nobody can tell what was done to a module that was handed in, or what patched code does. With
    ``logits_cache=lm_eval`` an answer depends on the other requests of its run, and what a checkpoint
    lacks is drawn at random.
    """
    if not isinstance(arguments.pretrained, str) or arguments.logits_cache == "lm_eval":
        return None
    if arguments.allow_missing_weights:
        log.info("Responses of this model are not cached: weights that are missing are drawn at random.")
        return None
    patch = patched_code(config)
    if patch is not None:
        log.warning("Responses of this model are not cached: in this process %s is not what was shipped.", patch)
        return None
    return certain_identity(lambda: _identity(arguments, config, tokens, dtype))


def _identity(arguments: HfArguments, config: Any, tokens: Tokens, dtype: Any) -> Mapping[str, Any]:
    used, origin = _dtype(dtype, config), origin_of(arguments, arguments.source)
    return {
        "version": VERSION,
        "kind": "hf",
        "weights": identify_weights(arguments, config, origin),
        **{
            key: identify_part(getattr(arguments, key), arguments)
            for key in ("peft", "delta")
            if getattr(arguments, key)
        },
        "config": settings_digest(origin.folder, "config.json"),
        "dtype": used,
        "arguments": other_arguments(arguments, NO_MATTER | BY_EFFECT.keys()),
        "arithmetic": arithmetic(),
        "autocast": _name(arguments.mixed_precision_dtype),
        "backend": tokens.backend,
        "tokenizer": identify_tokenizer(arguments, tokens),
        "max_length": tokens.max_length,
        "scoring": {
            "softmax_dtype": _name(arguments.softmax_dtype),
            "exactness": _exactness(arguments, dtype=used, shares=bool(arguments.logits_cache)),
        },
        "generation": {
            "defaults": settings_digest(origin.folder, "generation_config.json"),
            "exactness": _exactness(arguments, dtype=used, shares=True),
            "think_end_token": arguments.think_end_token,
            "truncation": getattr(tokens.tokenizer, "model_max_length", None) if arguments.truncation else None,
        },
    }


def other_arguments(arguments: Any, left_out: Set[str]) -> Mapping[str, Any]:
    """Every argument that is not at its default, for an identity; never a secret.

    Args:
        arguments: A dataclass of model arguments, with those that it does not know under ``extra``.
        left_out: Those that cannot matter, or are in the identity by their effect.
    """
    own = {
        item.name: getattr(arguments, item.name)
        for item in fields(arguments)
        if item.name != "extra" and getattr(arguments, item.name) != item.default
    }
    return {
        key: plain_value(value)
        for key, value in sorted({**own, **arguments.extra}.items())
        if key not in left_out and not is_secret_key(key)
    }


def _exactness(arguments: HfArguments, *, dtype: str, shares: bool) -> str:
    """Ways of scoring that agree up to rounding are one class.

    In float32 all of them do. In less, what shares prefixes rounds elsewhere than what does not, by
    more than is noise. What promises equal bits is never mixed with what does not.
    """
    if arguments.batch_invariant:
        return "invariant"
    if dtype in ("float32", "float64") and arguments.mixed_precision_dtype is None:
        return "exact"
    return "plain" if not shares and arguments.scoring == "auto" else arguments.scoring


def _dtype(wanted: Any, config: Any) -> str:
    """The dtype that is used: ``auto`` is the config's, or else what the weights are in."""
    if wanted == "auto":
        wanted = getattr(config, "dtype", None) or vars(config).get("torch_dtype")  # its name before transformers 4.56
    return _name(wanted) or f"of the weights, {_name(torch.get_default_dtype())} where they say none"


def _name(dtype: Any) -> str | None:
    return None if dtype is None else str(dtype).removeprefix("torch.")


# -- how numbers are computed

_ARITHMETIC: Mapping[str, tuple[Callable[[], Any], Any]] = {
    "float32_matmul_precision": (torch.get_float32_matmul_precision, "highest"),
    "cuda_matmul_tf32": (lambda: torch.backends.cuda.matmul.allow_tf32, False),
    "cuda_bf16_reduction": (lambda: torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction, True),
    "cuda_fp16_reduction": (lambda: torch.backends.cuda.matmul.allow_fp16_reduced_precision_reduction, True),
    "cudnn_tf32": (lambda: torch.backends.cudnn.allow_tf32, True),
    "flush_denormal": (lambda: float(torch.tensor(1e-40) * 1) == 0.0, False),
}
"""Settings of torch that change numbers by more than a batch size does, each with its default."""


def arithmetic() -> Mapping[str, Any]:
    """What was set, in the process or in its environment, that makes a multiplication another one."""
    settings: dict[str, Any] = {}
    for name, (read, default) in _ARITHMETIC.items():
        try:
            value = read()
        except RuntimeError:
            # Torch refuses where the old and the new way of setting a precision were mixed.
            value = "mixed"
        if value != default:
            settings[name] = value
    return {**settings, **steering_variables()}


# -- where weights come from


def origin_of(arguments: HfArguments, source: str) -> Origin:
    """Where the files of a model, an adapter or a tokenizer come from.

    Args:
        arguments: The model arguments.
        source: A folder, or a name on the hub.
    """
    extra = arguments.extra
    return Origin(
        source,
        arguments.subfolder,
        arguments.revision,
        extra.get("cache_dir"),
        arguments.trust_remote_code,
        extra.get("code_revision"),
        bool(extra.get("from_tf") or extra.get("from_flax")),
    )


def check_unchanged(arguments: HfArguments, config: Any, identity: Mapping[str, Any]) -> None:
    """See that the weights that were just read are those that ``identity`` was made of.

    Raises:
        ModelError: somebody wrote to their files in the meantime; responses would be stored for other weights.
    """
    if identify_weights(arguments, config, origin_of(arguments, arguments.source)) != identity["weights"]:
        raise ModelError(
            f"The files of '{arguments.source}' changed while they were read.",
            hint="Wait until nobody writes to them, and run again.",
        )


def identify_weights(arguments: HfArguments, config: Any, origin: Origin) -> Mapping[str, Any]:
    """What stands for the weights of a model.

    Args:
        arguments: The model arguments.
        config: The model's config, which knows the commit of what comes from the hub.
        origin: Where the weights come from.

    Raises:
        ValueError: Their commit is not known.
    """
    if origin.folder is not None:
        return {"files": model_digest(origin, arguments.gguf_file), "gguf_file": bool(arguments.gguf_file)}
    commit = getattr(config, "_commit_hash", None)
    if not commit:
        raise ValueError(f"the commit of '{arguments.source}' is not known")
    code = outside_code(origin, getattr(config, "auto_map", None)) if arguments.trust_remote_code else []
    return {"commit": commit, "subfolder": arguments.subfolder, "gguf_file": arguments.gguf_file, "code": code}


def identify_part(source: str, arguments: HfArguments) -> Mapping[str, Any]:
    """An adapter, or weights that are added."""
    origin = origin_of(arguments, source)
    if origin.folder is None and Path(source).expanduser().is_dir():
        # An adapter lies in its folder itself, whatever subfolder the model is in.
        origin = Origin(source, "", arguments.revision, origin.cache, origin.trusted)
    if origin.folder is None:
        return {"commit": cached_commit(origin, "adapter_config.json", "config.json")}
    files = {"files": model_digest(origin, None)}
    return {**files, **{name: settings_digest(origin.folder, name) for name in ("adapter_config.json", "config.json")}}


# -- what a tokenizer does


def identify_tokenizer(arguments: HfArguments, tokens: Tokens) -> Mapping[str, Any]:
    """What the tokenizer does, and the files that it was made of; what was handed in has no files."""
    digest = tokenizer_digest(tokens.tokenizer)
    given = arguments.tokenizer or arguments.source
    if not isinstance(given, str):
        if not type(given).__module__.startswith(("transformers.", "tokenizers.")):
            raise TypeError(f"a tokenizer of the class {type(given).__name__} cannot be read")
        return {"does": digest, "files": None}
    gguf = arguments.gguf_file is not None and not arguments.tokenizer
    origin = origin_of(arguments, given)
    # With a model of the hub its own tokenizer belongs to the commit.
    own = given == arguments.source and origin.folder is None
    return {"does": digest, "files": None if gguf or own else tokenizer_files_digest(origin)}


def tokenizer_digest(tokenizer: Any) -> str:
    """The same for two tokenizers that do the same; see :func:`tokenizer_files_digest` for what this leaves out."""
    facts = (
        *("bos_token", "eos_token", "pad_token", "unk_token", "add_bos_token", "add_eos_token"),
        *("truncation_side", "clean_up_tokenization_spaces", "add_prefix_space", "legacy", "split_special_tokens"),
    )
    values = {name: plain_value(getattr(tokenizer, name, None)) for name in facts}
    return digest_of({"class": type(tokenizer).__name__, "facts": values, "rules": _rules(tokenizer)})


def _rules(tokenizer: Any) -> Any:
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is not None:
        # How a call pads and cuts is left behind in the tokenizer by the call before.
        return {**json.loads(backend.to_str()), "truncation": None, "padding": None}
    return {"vocabulary": tokenizer.get_vocab(), "added": getattr(tokenizer, "get_added_vocab", dict)()}


def plain_value(value: Any) -> Any:
    """A value of ``--model_args`` or of a tokenizer as JSON has it; TypeError for one whose text says not all."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(item) for item in value]
    if hasattr(value, "to_dict"):
        return plain_value(value.to_dict())
    if hasattr(value, "content"):
        return str(value.content)
    if type(value).__name__ == "dtype":
        return _name(value)
    raise TypeError(f"{value!r:.60} cannot be distinguished from another by its text")
