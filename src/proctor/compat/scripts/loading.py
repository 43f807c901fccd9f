"""How ``HFLM`` gets its config, tokenizer and weights: each step a method that a subclass may change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import torch

from proctor.compat.errors import raises_built_in
from proctor.compat.scripts.model import TemplateLM
from proctor.models.base import parse_batch_size
from proctor.models.hf.arguments import HfArguments, read_arguments
from proctor.models.hf.device import pick_device
from proctor.models.hf.load.load import load_config, load_tokenizer, pick_backend, read_dtype, with_pad_token
from proctor.models.hf.weights import load_weights, pick_auto

SOURCE = ("revision", "trust_remote_code", "subfolder", "gguf_file")
WEIGHTS = (
    *("dtype", "parallelize", "max_memory_per_gpu", "max_cpu_memory", "offload_folder", "tp_plan"),
    *("peft", "delta", "autogptq", "gptqmodel"),
)


class LoadedLM(TemplateLM):
    """A transformers model with its tokenizer. See :class:`proctor.compat.scripts.huggingface.HFLM`."""

    AUTO_MODEL_CLASS: Any = None
    _DEFAULT_MAX_LENGTH = 2048

    @raises_built_in
    def __init__(
        self,
        pretrained: str | Any,
        backend: Literal["default", "causal", "seq2seq"] = "default",
        *,
        device: str | None = None,
        batch_size: int | str | None = 1,
        max_batch_size: int | None = 64,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        # The same reading as of --model_args, so that a misspelt argument is the same sentence.
        self._arguments = read_arguments({"pretrained": pretrained, "backend": backend, **kwargs})
        self._load(pretrained, device)
        self._keep(batch_size, max_batch_size)

    def _load(self, pretrained: Any, device: str | None) -> None:
        """Config, kind, tokenizer, weights, in lm-eval's order."""
        given = self._arguments
        source = {key: getattr(given, key) for key in SOURCE}
        if isinstance(pretrained, str):
            self._device = pick_device(device)
            self._get_config(pretrained, **source)
        else:
            self._model = pretrained
            self._config = getattr(pretrained, "config", None)
            self._device = getattr(pretrained, "device", None) or pick_device(device)
        self._get_backend(config=self.config, backend=given.backend, trust_remote_code=given.trust_remote_code)
        reading = {key: getattr(given, key) for key in ("use_fast_tokenizer", "add_bos_token")}
        self._create_tokenizer(pretrained, given.tokenizer, **source, **reading)
        self.tokenizer = with_pad_token(self.tokenizer, self.config)
        if isinstance(pretrained, str):
            weights = {key: getattr(given, key) for key in WEIGHTS}
            self._create_model(pretrained=pretrained, **source, **weights, **given.extra)
        if isinstance(self.model, torch.nn.Module):
            self.model.eval()

    def _keep(self, batch_size: int | str | None, max_batch_size: int | None) -> None:
        """The attributes that subclasses read."""
        arguments = self._arguments
        size = parse_batch_size(batch_size, max_batch_size)
        self.batch_size_per_gpu: int | str = "auto" if size.auto else size.rows or 1
        self.batch_schedule: float = float(size.points)
        self.batch_sizes: dict[int, int] = {}
        self.max_batch_size = max_batch_size
        self.pretrained = arguments.pretrained
        self.revision, self.peft, self.delta = arguments.revision, arguments.peft, arguments.delta
        self.truncation, self.logits_cache = arguments.truncation, arguments.logits_cache
        self.add_bos_token = arguments.add_bos_token
        self.custom_prefix_token_id = arguments.prefix_token_id
        self.think_end_token = arguments.think_end_token
        self.enable_thinking = arguments.enable_thinking
        self.chat_template_args = arguments.template_args
        self.softmax_dtype = read_dtype("softmax_dtype", arguments.softmax_dtype)
        self.mixed_precision_dtype = read_dtype("mixed_precision_dtype", arguments.mixed_precision_dtype)
        self.vocab_size = self.tokenizer.vocab_size
        self._max_length = arguments.max_length

    @property
    def config(self) -> Any:
        """The model's config."""
        return self._config

    @property
    def model(self) -> Any:
        """The module."""
        return self._model

    @property
    def device(self) -> Any:
        """Where inputs go."""
        return self._device

    def _get_config(self, pretrained: str, **given: Any) -> None:
        """Set ``self._config``; ``given``: where it is."""
        self._config = load_config(self._with(given, pretrained=pretrained), weights=True)

    def _with(self, given: Mapping[str, Any], **more: Any) -> HfArguments:
        return replace(self._arguments, **{key: value for key, value in given.items() if value is not None}, **more)

    def _get_backend(
        self,
        config: Any,
        backend: Literal["default", "causal", "seq2seq"] = "default",
        trust_remote_code: bool | None = False,
    ) -> None:
        """Set ``self.backend``, and ``self.AUTO_MODEL_CLASS`` where the class does not say it."""
        self.backend = pick_backend(replace(self._arguments, backend=backend), config)
        if self.AUTO_MODEL_CLASS is None:
            self.AUTO_MODEL_CLASS = pick_auto(config, self.backend)

    def _create_tokenizer(self, pretrained: str | Any, tokenizer: str | Any, **given: Any) -> None:
        """Set ``self.tokenizer``; ``given``: where it is, and how it is read."""
        self.tokenizer = load_tokenizer(self._with(given, pretrained=pretrained, tokenizer=tokenizer), self.config)

    def _create_model(self, pretrained: str, **kwargs: Any) -> None:
        """Set ``self._model``; ``kwargs`` are arguments of the model, and else of ``from_pretrained``."""
        # lm-eval's own callers say these two; a machine is looked at, and a checkpoint's config read, where
        # weights are loaded.
        kwargs = {key: value for key, value in kwargs.items() if key != "quantization_config" or value}
        kwargs.pop("gpus", None)
        arguments = read_arguments({**kwargs, "pretrained": pretrained})
        self._model = load_weights(
            arguments,
            backend=self.backend,
            dtype=read_dtype("dtype", arguments.dtype),
            device=self.device,
            tokenizer=self.tokenizer,
            config=getattr(self, "_config", None),
            auto=self.AUTO_MODEL_CLASS,
        )
