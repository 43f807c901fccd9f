"""From ``--model_args`` to a tokenizer and weights on a device, or to a sentence that says why not."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import torch
import transformers
from transformers.models.auto.modeling_auto import MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES

from proctor.errors import UsageError, did_you_mean
from proctor.models.base import BatchSize, given, parse_batch_size
from proctor.models.hf.announce import announce_loading
from proctor.models.hf.arguments import HfArguments, read_arguments
from proctor.models.hf.device import is_processor, pick_device, set_threads
from proctor.models.hf.errors import as_sentences, check_folder, no_tokenizer
from proctor.models.hf.half_rate import suggest_float32
from proctor.models.hf.model import HfModel
from proctor.models.hf.team import note_team
from proctor.models.hf.weights import load_weights
from proctor.models.tokens.tokenizer import Tokens

log = logging.getLogger("proctor")

UNLIMITED = int(1e30)
"""What tokenizers report as ``model_max_length`` when they know of none."""

DEFAULT_MAX_LENGTH = 2048
MOST_SPECIAL_TOKENS = 1024
"""A larger vocabulary holds more than special tokens, and need not be looked through."""


@dataclass(frozen=True)
class OpenModel:
    """A model before its weights are read: checked arguments, config and tokenizer."""

    arguments: HfArguments
    size: BatchSize
    dtype: Any
    softmax_dtype: Any
    autocast: Any
    device: torch.device
    config: Any
    backend: Literal["causal", "seq2seq"]
    tokenizer: Any

    @cached_property
    def tokens(self) -> Tokens:
        """The tokenizer with this model's habits."""
        return make_tokens(self.arguments, self.config, self.tokenizer, self.backend)

    def load(self) -> HfModel:
        """Read the weights."""
        if not isinstance(self.arguments.pretrained, str):
            return self._load()
        with announce_loading(self.arguments.source, self.device) as info:
            model = self._load()
            info.update(model.info)
        if is_processor(torch.device(model.info["device"])):
            suggest_float32(model.module.dtype)
        return model

    def _load(self) -> HfModel:
        arguments = self.arguments
        module = load_weights(
            arguments,
            backend=self.backend,
            dtype=self.dtype,
            device=self.device,
            tokenizer=self.tokenizer,
            config=self.config,
        )
        note_team(spread=arguments.tp_plan is not None)
        tokens = make_tokens(arguments, module.config, self.tokenizer, self.backend)
        device = torch.device(getattr(module, "device", self.device))
        return HfModel(
            module,
            tokens,
            arguments,
            device=device,
            batch_size=self.size,
            info=model_info(module, tokens, arguments, self.config, device),
            softmax_dtype=self.softmax_dtype,
            autocast=self.autocast,
        )


def prepare(
    args: Mapping[str, Any],
    *,
    batch_size: int | str | None = 1,
    max_batch_size: int | None = None,
    device: str | None = None,
    threads: int | None = None,
) -> OpenModel:
    """Everything but the weights. What can be wrong without them is found here."""
    arguments = read_arguments(args)
    size = parse_batch_size(
        given(args, "batch_size", batch_size, 1), given(args, "max_batch_size", max_batch_size, None)
    )
    softmax_dtype, autocast = (
        read_dtype(name, getattr(arguments, name)) for name in ("softmax_dtype", "mixed_precision_dtype")
    )
    dtype = read_dtype("dtype", arguments.dtype)
    set_threads(threads)
    place = pick_device(given(args, "device", device, None))
    if not sys.stderr.isatty():
        transformers.utils.logging.disable_progress_bar()
    config = load_config(arguments, weights=True)
    backend = pick_backend(arguments, config)
    tokenizer = load_tokenizer(arguments, config)
    return OpenModel(arguments, size, dtype, softmax_dtype, autocast, place, config, backend, tokenizer)


def load_model(
    args: Mapping[str, Any],
    *,
    batch_size: int | str | None = 1,
    max_batch_size: int | None = None,
    device: str | None = None,
    threads: int | None = None,
) -> HfModel:
    """Load everything."""
    return prepare(args, batch_size=batch_size, max_batch_size=max_batch_size, device=device, threads=threads).load()


def open_tokens(args: Mapping[str, Any]) -> Tokens:
    """Tokenizer and config only: for looking at prompts."""
    arguments = read_arguments(args)
    config = load_config(arguments, weights=False)
    return make_tokens(arguments, config, load_tokenizer(arguments, config), pick_backend(arguments, config))


def read_dtype(key: str, value: Any) -> Any:
    """A torch dtype from its name; ``auto`` and None stay what they are."""
    if value is None or isinstance(value, torch.dtype) or (key == "dtype" and value == "auto"):
        return value
    read = getattr(torch, str(value).removeprefix("torch."), None)
    if not isinstance(read, torch.dtype):
        known = ("auto", "float32", "float16", "bfloat16", "float64")
        hint = did_you_mean(str(value), known) or f"Common ones: {', '.join(known)}."
        raise UsageError(f"The model argument {key} is {value!r}; torch has no such dtype.", hint=hint)
    return read


def load_config(arguments: HfArguments, *, weights: bool) -> Any:
    """The model's config; a local folder is looked into first."""
    if not isinstance(arguments.pretrained, str):
        return arguments.pretrained.config
    check_folder(arguments.source, arguments.subfolder, weights=weights, gguf_file=arguments.gguf_file)
    with as_sentences("config", arguments.source, arguments):
        return transformers.AutoConfig.from_pretrained(
            arguments.source,
            revision=arguments.revision,
            trust_remote_code=arguments.trust_remote_code,
            gguf_file=arguments.gguf_file,
            subfolder=arguments.subfolder,
            **arguments.hub,
        )


def pick_backend(arguments: HfArguments, config: Any) -> Literal["causal", "seq2seq"]:
    """As told, else encoder-decoder where transformers lists the model type as one."""
    if arguments.backend != "default":
        return arguments.backend
    # Some types stand in both of transformers' lists; they are encoder-decoders.
    known = getattr(config, "model_type", None) in MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES
    return "seq2seq" if known else "causal"


def load_tokenizer(arguments: HfArguments, config: Any) -> Any:
    """The tokenizer, with a pad token."""
    wanted = arguments.tokenizer or arguments.source
    if not isinstance(wanted, str):
        return with_pad_token(wanted, config)
    options: dict[str, Any] = {"revision": arguments.revision, "trust_remote_code": arguments.trust_remote_code}
    if arguments.gguf_file is not None and not arguments.tokenizer:
        options["gguf_file"] = arguments.gguf_file
    else:
        options["use_fast"] = arguments.use_fast_tokenizer
    if arguments.add_bos_token is not None:
        options["add_bos_token"] = arguments.add_bos_token
    if arguments.subfolder:
        options["subfolder"] = arguments.subfolder
    with as_sentences("tokenizer", wanted, arguments):
        tokenizer = transformers.AutoTokenizer.from_pretrained(wanted, **options, **arguments.hub)
    if knows_no_text(tokenizer):
        raise no_tokenizer(wanted)
    return with_pad_token(tokenizer, config)


def knows_no_text(tokenizer: Any) -> bool:
    """Whether a tokenizer's vocabulary holds nothing but special tokens.

    Where a folder has no tokenizer files, transformers makes such a tokenizer for some architectures (GPT-2, Qwen2,
    GPT-NeoX, Gemma, T5 in 5.24): every text is then encoded to nothing or to unknown tokens, and scored all the same.
    """
    try:
        if len(tokenizer) > MOST_SPECIAL_TOKENS:
            return False
        special = {*tokenizer.get_added_vocab(), *tokenizer.all_special_tokens}
        return len(set(tokenizer.get_vocab()) - special) <= 1  # one: the mark of a space, which T5's always has
    except (
        AttributeError,
        NotImplementedError,
        TypeError,
    ):  # a tokenizer of the model's own code, without a vocabulary
        return False


def with_pad_token(tokenizer: Any, config: Any = None) -> Any:
    """Give the tokenizer a pad token if it has none: unknown, end of text, or a new one."""
    if tokenizer.pad_token is not None or tokenizer.pad_token_id is not None:
        return tokenizer
    if getattr(tokenizer, "unk_token", None):
        tokenizer.pad_token_id = tokenizer.unk_token_id
    elif getattr(tokenizer, "eos_token", None):
        tokenizer.pad_token_id = tokenizer.eos_token_id
    elif getattr(config, "model_type", None) == "qwen":
        # Its own tokenizer takes no new special tokens.
        tokenizer.pad_token = "<|endoftext|>"
    else:
        tokenizer.add_special_tokens({"pad_token": "<|pad|>"})
    return tokenizer


def find_max_length(arguments: HfArguments, config: Any, tokenizer: Any) -> int:
    """The limit as told, else :func:`length_limit`."""
    return arguments.max_length or length_limit(config, tokenizer)


def length_limit(config: Any, tokenizer: Any, default: int = DEFAULT_MAX_LENGTH) -> int:
    """The most tokens that a model takes.

    Args:
        config: The model's config; a nested text config goes first.
        tokenizer: Its tokenizer, whose limit is taken where the config has none.
        default: The limit where neither has one.
    """
    inner = getattr(config, "text_config", None) or config
    for name in ("n_positions", "max_position_embeddings", "n_ctx"):
        value = getattr(inner, name, None)
        if value is not None:
            return int(value)
    limit = getattr(tokenizer, "model_max_length", None)
    return int(limit) if limit is not None and limit != UNLIMITED else default


def make_tokens(arguments: HfArguments, config: Any, tokenizer: Any, backend: Literal["causal", "seq2seq"]) -> Tokens:
    """The tokenizer with this model's habits."""
    return Tokens(
        tokenizer,
        max_length=find_max_length(arguments, config, tokenizer),
        backend=backend,
        add_bos_token=arguments.add_bos_token,
        prefix_token_id=arguments.prefix_token_id,
        template_args=arguments.template_args,
        rolling_bos_once=arguments.rolling_bos_once,
    )


def model_info(
    module: Any, tokens: Tokens, arguments: HfArguments, config: Any, device: torch.device
) -> dict[str, Any]:
    """Facts for the results file: size, dtype and origin of the weights, and the tokenizer's."""
    count = module.num_parameters() if hasattr(module, "num_parameters") else -1
    info = {"model_num_parameters": count, "model_dtype": str(getattr(module, "dtype", ""))}
    light = light_info(tokens, arguments, config, device)
    for key in ("peft", "delta"):
        source = getattr(arguments, key)
        if source:
            info[f"{key}_sha"] = _look_up_hash(source, arguments.revision)
    return {**info, **light}


def light_info(tokens: Tokens, arguments: HfArguments, config: Any, device: torch.device | str) -> dict[str, Any]:
    """What is known of a model before its weights are read."""
    return {
        "model_revision": arguments.revision,
        "model_sha": _revision_hash(arguments.source, config),
        "tokenizer": tokens.facts,
        "tokenizer_name": tokens.name,
        "device": str(device),
    }


def _revision_hash(source: str, config: Any) -> str:
    """The commit that was loaded; empty for a folder."""
    return "" if Path(source).exists() else str(getattr(config, "_commit_hash", None) or "")


def _look_up_hash(source: str, revision: str) -> str:
    if Path(source).exists():
        return ""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

    try:
        return HfApi().model_info(source, revision=revision, timeout=10).sha or ""
    except (HfHubHTTPError, HFValidationError, OfflineModeIsEnabled, OSError) as error:
        log.debug("No commit known for %s: %s", source, error)
        return ""
