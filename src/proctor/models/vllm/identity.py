"""What the responses of a vLLM model depend on, as a value that is the same wherever a copy of the model lies.

By exclusion, as for transformers (:mod:`proctor.models.hf.identity`): every argument less :data:`NO_MATTER`, every file
that is loaded, every variable of vLLM's. Responses of different engines, or of different releases of vLLM, have
different identities: they are never mixed.
"""

from __future__ import annotations

import importlib.metadata
import logging
import os
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from proctor.lazy import load_attribute
from proctor.models.hf.files import settings_digest
from proctor.models.hf.identity import (
    arithmetic,
    identify_part,
    identify_tokenizer,
    identify_weights,
    origin_of,
    other_arguments,
)
from proctor.models.identity import certain_identity
from proctor.models.tokens.tokenizer import Tokens
from proctor.models.vllm.arguments import VllmArguments
from proctor.secrets import is_secret_key

log = logging.getLogger("proctor")

VERSION = 1
"""Counts up where equal models would get another identity than before."""

NO_MATTER = frozenset(
    {
        # Where weights come from, and where they lie.
        *("download_dir", "hf_token", "tensor_parallel_size", "pipeline_parallel_size", "distributed_executor_backend"),
        *("enable_expert_parallel", "disable_custom_all_reduce", "cpu_offload_gb", "gpu_memory_utilization"),
        *(
            "kv_cache_memory_bytes",
            "max_parallel_loading_workers",
            "use_tqdm_on_load",
            "disable_log_stats",
            "max_loras",
        ),
        # How much at a time.
        *("block_size", "enable_chunked_prefill", "enable_prefix_caching", "enforce_eager", "max_logprobs"),
        *("max_num_batched_tokens", "max_num_seqs", "max_lora_rank", "compilation_config", "cuda_graph_sizes"),
        # Prompts are rendered before they are sent.
        *("chat_template_args", "enable_thinking", "limit_mm_per_prompt"),
    }
)
"""Arguments that change no response by more than rounding."""

BY_EFFECT = frozenset(
    {
        *("pretrained", "revision", "tokenizer", "tokenizer_revision", "tokenizer_mode", "lora_local_path", "dtype"),
        *("max_length", "max_gen_toks", "seed", "think_end_token", "truncation_side", "scoring"),
    }
)
"""Arguments that stand in the identity under names of their own."""

VARIABLES_NO_MATTER = (
    *(
        "VLLM_*_DIR",
        "VLLM_*_PATH",
        "VLLM_*_ROOT",
        "VLLM_*CACHE*",
        "VLLM_LOG*",
        "VLLM_CONFIGURE_LOGGING",
        "VLLM_*_USAGE*",
    ),
    *("VLLM_DO_NOT_TRACK", "VLLM_HOST*", "VLLM_PORT", "VLLM_RPC_*", "VLLM_*_TIMEOUT*", "VLLM_DEBUG*", "VLLM_TRACE*"),
    *("VLLM_ENABLE_V1_MULTIPROCESSING", "VLLM_WORKER_MULTIPROC_METHOD", "VLLM_SERVER_*", "VLLM_DP_*", "VLLM_CPU_OMP_*"),
    *("VLLM_TARGET_DEVICE", "VLLM_USE_MODELSCOPE", "VLLM_USAGE*", "VLLM_CI_*", "VLLM_RAY_*", "VLLM_CPU_NUM_*"),
)
"""Variables of vLLM's that change no response by more than rounding."""


def identify(arguments: VllmArguments, config: Any, tokens: Tokens) -> Mapping[str, Any] | None:
    """The identity of the model that ``arguments`` load; None where it cannot be known for certain."""
    if arguments.extra.get("load_format") == "dummy":
        log.info("Responses of this model are not cached: its weights are drawn at random.")
        return None
    return certain_identity(lambda: _identity(arguments, config, tokens))


def weights_of(arguments: VllmArguments, config: Any) -> Mapping[str, Any]:
    """What stands for the weights that are loaded."""
    return identify_weights(arguments.files, config, origin_of(arguments.files, arguments.pretrained))


def _identity(arguments: VllmArguments, config: Any, tokens: Tokens) -> Mapping[str, Any]:
    origin = origin_of(arguments.files, arguments.pretrained)
    dtype = _dtype(arguments.dtype, config)
    lora = arguments.lora_local_path
    return {
        "version": VERSION,
        "kind": "vllm",
        "engine": engine_release(),
        "weights": weights_of(arguments, config),
        **({"lora": identify_part(lora, arguments.files)} if lora else {}),
        "config": settings_digest(origin.folder, "config.json"),
        "dtype": dtype,
        "arguments": other_arguments(arguments, NO_MATTER | BY_EFFECT),
        "arithmetic": {**arithmetic(), **steering_variables()},
        "tokenizer": identify_tokenizer(arguments.files, tokens),
        "max_length": arguments.max_length,
        "scoring": {"route": _route_class(arguments.scoring, dtype)},
        "generation": {
            "defaults": settings_digest(origin.folder, "generation_config.json"),
            "max_gen_toks": arguments.max_gen_toks,
            "seed": arguments.seed,
            "think_end_token": arguments.think_end_token,
            "truncation_side": arguments.truncation_side,
        },
    }


def _route_class(scoring: str, dtype: Any) -> str:
    """Ways of scoring that agree up to rounding are one class; in less than float32 what reads the cache is another."""
    if scoring == "named":
        return "named"
    return "exact" if dtype in ("float32", "float64") else scoring


def _dtype(wanted: Any, config: Any) -> Any:
    """The dtype that is used; what ``auto`` becomes depends on the config and on what the device can do."""
    name = str(wanted).removeprefix("torch.")
    if name not in ("auto", "None"):
        return {"float": "float32", "half": "float16"}.get(name, name)
    inner = getattr(config, "text_config", None) or config
    own = getattr(inner, "dtype", None) or vars(inner).get("torch_dtype")
    platform: Any = load_attribute("vllm.platforms:current_platform")
    device = [str(one).removeprefix("torch.") for one in platform.supported_dtypes]
    return {"auto": str(own).removeprefix("torch."), "device": device}


def engine_release() -> str:
    """Name and version of the package that brings vLLM (there is one for each sort of device); it is not imported."""
    for name in ("vllm", "vllm-cpu"):
        try:
            return f"{name} {importlib.metadata.version(name)}"
        except importlib.metadata.PackageNotFoundError:
            continue
    names = sorted(set(importlib.metadata.packages_distributions().get("vllm", ())))
    if not names:
        raise ValueError("the release of vLLM is not known")
    return f"{names[0]} {importlib.metadata.version(names[0])}"


def steering_variables() -> Mapping[str, str]:
    """Variables of the environment that may make vLLM respond otherwise, by name."""
    return {
        name: value
        for name, value in sorted(os.environ.items())
        if name.startswith("VLLM_") and value and not is_secret_key(name) and not _is_excluded(name)
    }


def _is_excluded(name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in VARIABLES_NO_MATTER)
