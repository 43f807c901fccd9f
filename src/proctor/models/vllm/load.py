"""From ``--model_args`` to a running engine, or to a sentence that says why not."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from proctor.errors import ModelError, ProctorError, error_text
from proctor.foreign import ForeignExitError, no_exit
from proctor.lazy import load_attribute
from proctor.models.base import BatchSize, parse_batch_size
from proctor.models.hf.arguments import HfArguments
from proctor.models.hf.errors import chain, check_folder
from proctor.models.hf.load.load import length_limit, load_config, load_tokenizer
from proctor.models.tokens.tokenizer import Tokens
from proctor.models.vllm.arguments import RESERVED, VllmArguments, read_arguments, unknown_key, warn_of_device
from proctor.models.vllm.engine import Engine, most_logprobs
from proctor.random_state import random_state, set_random_state
from proctor.secrets import note, redact_text

log = logging.getLogger("proctor")


@dataclass(frozen=True)
class OpenModel:
    """A model before its engine is started: checked arguments, config and tokenizer."""

    arguments: VllmArguments
    size: BatchSize
    max_num_seqs: int | None
    config: Any
    tokenizer: Any

    @cached_property
    def tokens(self) -> Tokens:
        """The tokenizer with this model's habits; its limit is the config's until the engine has said its own."""
        return make_tokens(self.arguments, self.config, self.tokenizer, None)

    def start(self) -> tuple[Engine, Tokens]:
        """Start the engine.

        Raises:
            ProctorError: It does not start.
        """
        log.info("Starting vLLM with %s ...", self.arguments.pretrained)
        began = time.monotonic()
        # An engine in this process seeds its generators, from which tasks draw as well.
        before = random_state()
        with _in_sentences(self.arguments):
            engine = start_engine(self.arguments, self.max_num_seqs)
        set_random_state(before)
        limit = engine.fact("model_config", "max_model_len")
        tokens = make_tokens(self.arguments, self.config, self.tokenizer, limit)
        log.info(
            "vLLM runs after %.1f s: %s, at most %d tokens.",
            time.monotonic() - began,
            engine.fact("model_config", "dtype"),
            tokens.max_length,
        )
        return engine, tokens


def prepare(
    args: Mapping[str, Any],
    *,
    batch_size: int | str | None = None,
    max_batch_size: int | None = None,
    device: str | None = None,
    threads: int | None = None,
) -> OpenModel:
    """Everything but the engine. What can be wrong without it is found here.

    Args:
        args: ``--model_args``.
        batch_size: Requests handed to vLLM at once; ``auto``, 1 (the flag's default) and None: as many as there are.
        max_batch_size: The most sequences of a batch of vLLM's; None: its own.
        device: Ignored, with a warning.
        threads: Threads of a CPU, where the environment does not say.
    """
    arguments = read_arguments(args)
    if device is not None:
        warn_of_device(device)
    wanted = args.get("batch_size") if batch_size in (None, 1) else batch_size
    most = max_batch_size if max_batch_size is not None else args.get("max_batch_size")
    size = parse_batch_size("auto" if wanted is None else wanted, most)
    if threads is not None:
        os.environ.setdefault("OMP_NUM_THREADS", str(threads))
    config = open_config(arguments, weights=True)
    return OpenModel(arguments, size, most, config, load_tokenizer(_tokenizer_files(arguments), config))


def open_tokens(args: Mapping[str, Any]) -> Tokens:
    """Tokenizer and config only: for looking at prompts."""
    arguments = read_arguments(args)
    config = open_config(arguments, weights=False)
    return make_tokens(arguments, config, load_tokenizer(_tokenizer_files(arguments), config), None)


def open_config(arguments: VllmArguments, *, weights: bool) -> Any:
    """The model's config; a folder is looked into first, the adapter's too."""
    if arguments.lora_local_path is not None:
        folder = os.path.expanduser(arguments.lora_local_path)
        if not os.path.isfile(os.path.join(folder, "adapter_config.json")):
            raise ModelError(
                f"'{arguments.lora_local_path}' holds no adapter: there is no adapter_config.json in it.",
                hint="Check lora_local_path= in --model_args.",
            )
    if weights and arguments.extra.get("load_format", "auto") == "auto":
        check_folder(arguments.pretrained, "", weights=True)
    return load_config(arguments.files, weights=False)


def _tokenizer_files(arguments: VllmArguments) -> HfArguments:
    # lm-eval: the tokenizer is of its own revision, whatever that of the weights is.
    return replace(arguments.files, revision=arguments.tokenizer_revision or "main")


def make_tokens(arguments: VllmArguments, config: Any, tokenizer: Any, limit: int | None) -> Tokens:
    """The tokenizer with this model's habits.

    Args:
        arguments: The model arguments.
        config: The model's config.
        tokenizer: The tokenizer.
        limit: The engine's limit in tokens; None: it does not run yet.
    """
    return Tokens(
        tokenizer,
        max_length=int(arguments.max_length or limit or length_limit(config, tokenizer)),
        reserved=RESERVED,
        add_bos_token=arguments.add_bos_token,
        prefix_token_id=arguments.prefix_token_id,
        template_args=arguments.template_args,
    )


def start_engine(arguments: VllmArguments, max_num_seqs: int | None) -> Engine:
    """Import vLLM and start an engine."""
    if arguments.world_size == 1:
        # One process is enough for one device: no child imports a script again, and none is left behind.
        os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "WARNING")
    os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
    llm_class: Any = load_attribute("vllm:LLM")
    sampling_params: Any = load_attribute("vllm:SamplingParams")
    given = {**most_logprobs(sampling_params), **arguments.engine(max_num_seqs)}
    if not sys.stderr.isatty():
        given.setdefault("use_tqdm_on_load", False)
    llm = _start(llm_class, given, optional=frozenset({"use_tqdm_on_load"}) - frozenset(arguments.extra))
    return Engine(llm, sampling_params, lora=_lora(arguments))


def _start(llm: Any, given: Mapping[str, Any], *, optional: frozenset[str]) -> Any:
    try:
        return llm(**given)
    except TypeError as error:
        key = unexpected_key(error)
        if key is None or key not in optional:
            raise
        return _start(llm, {name: value for name, value in given.items() if name != key}, optional=optional - {key})


def _lora(arguments: VllmArguments) -> Any:
    if arguments.lora_local_path is None:
        return None
    request: Any = load_attribute("vllm.lora.request:LoRARequest")
    return request("finetuned", 1, os.path.expanduser(arguments.lora_local_path))


# -- errors as sentences


@contextlib.contextmanager
def _in_sentences(arguments: VllmArguments) -> Iterator[None]:
    """Turn whatever importing and starting vLLM raises into a :class:`ProctorError`."""
    try:
        with no_exit():
            yield
    except ProctorError:
        raise
    except ForeignExitError as error:
        raise ModelError(f"vLLM cannot start with '{arguments.pretrained}': its code {error}.") from error
    except Exception as error:
        log.debug("Where it failed:", exc_info=True)
        note(arguments.extra)
        raise _sentence(error, arguments) from error


def _sentence(error: Exception, arguments: VllmArguments) -> ProctorError:
    key = unexpected_key(error)
    if key is not None and key in arguments.extra:
        return unknown_key(key)
    text = " ".join(" ".join(redact_text(error_text(one)) for one in chain(error)).split())
    first = redact_text(" ".join(error_text(error).split()))[:300] or type(error).__name__
    for pattern, message, hint in SENTENCES:
        if re.search(pattern, text):
            return ModelError(message.format(source=arguments.pretrained, error=first), hint=hint)
    return ModelError(
        f"vLLM cannot start with '{arguments.pretrained}': {first}", hint="LMEVAL_LOG_LEVEL=DEBUG shows where."
    )


SENTENCES: tuple[tuple[str, str, str], ...] = (
    (
        r"torchvision::nms|torchvision.*(undefined symbol|circular import)|libtorchaudio|libtorchcodec|torchcodec",
        "vLLM cannot be imported: torchvision, torchaudio or torchcodec was built for another torch ({error})",
        "Tasks of text need none of them: pip uninstall torchvision torchaudio torchcodec",
    ),
    (
        r"User-specified max_model_len|is greater than the derived max_model_len",
        "max_model_len (or max_length) in --model_args is more than '{source}' takes: {error}",
        "Lower it, or leave it out.",
    ),
    (
        r"estimated maximum model length|KV cache.*(larger|not enough)|needed to serve at least one",
        "There is too little memory for the cache of '{source}': {error}",
        "Lower max_model_len, or raise gpu_memory_utilization, in --model_args (on a CPU: VLLM_CPU_KVCACHE_SPACE).",
    ),
    (
        r"Free memory on device|CUDA out of memory|No available memory for the cache blocks|OutOfMemory",
        "There is too little memory on the device for '{source}': {error}",
        "Lower gpu_memory_utilization or max_model_len, raise tensor_parallel_size, or end what else uses the device.",
    ),
    (
        r"process has finished its bootstrapping|Engine core initialization failed|EngineCore.*failed",
        "A process of vLLM's ended while '{source}' was loaded: {error}",
        'Above it says why. A script that evaluates must do so under `if __name__ == "__main__":`.',
    ),
    (
        r"Failed to infer device type|No platform detected|Unspecified Platform",
        "vLLM finds no device that it can run on: {error}",
        "On a machine without a GPU install vLLM's build for CPUs, or use --model hf.",
    ),
    (
        r"are not supported for now|has no vLLM implementation|Cannot find model module",
        "vLLM does not know the architecture of '{source}': {error}",
        "Update vLLM, or use --model hf.",
    ),
)
"""What an error of vLLM's says, the sentence for it, and its remedy; the first that fits is taken."""


def unexpected_key(error: BaseException) -> str | None:
    """The argument that a constructor does not know, as a TypeError names it."""
    found = re.search(r"unexpected keyword argument '(\w+)'", error_text(error))
    return found[1] if found and isinstance(error, TypeError) else None
