"""A vLLM model whose engine starts when it is first asked something: what is stored needs none."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from proctor.errors import ModelError
from proctor.models.hf.lazy_model import LazyModel
from proctor.models.hf.load.load import light_info
from proctor.models.vllm.identity import engine_release, identify, weights_of
from proctor.models.vllm.load import OpenModel, prepare
from proctor.models.vllm.model import VllmModel

OF_THE_ENGINE = ("model_dtype", "model_num_parameters", "engine", "device")
"""What only a running engine can say of itself; the same for every model with this identity."""


class LazyVllm(LazyModel[VllmModel]):
    """A vLLM model as :class:`proctor.models.protocols.Model`, started as late as possible."""

    def __init__(self, opening: OpenModel) -> None:
        super().__init__(opening.arguments.pretrained, opening.tokens)
        self._opening = opening
        self._info: Mapping[str, Any] = {}

    @cached_property
    def identity(self) -> Mapping[str, Any] | None:
        """What its responses depend on."""
        opening = self._opening
        return identify(opening.arguments, opening.config, opening.tokens)

    def _load(self) -> VllmModel:
        opening = self._opening
        engine, tokens = opening.start()
        known = vars(self).get("identity")
        if known is not None and weights_of(opening.arguments, opening.config) != known["weights"]:
            raise ModelError(
                f"The files of '{self.name}' changed while they were read.",
                hint="Wait until nobody writes to them, and run again.",
            )
        model = VllmModel(engine, tokens, opening.arguments, opening.size)
        self._info = {
            "model_dtype": model.dtype,
            "device": str(engine.fact("vllm_config", "device_config", "device_type") or "unknown"),
            "engine": engine_release(),
        }
        return model

    def recall(self, facts: Mapping[str, Any]) -> None:
        """Take over what a running model with the same identity said of itself."""
        self._info = {key: facts[key] for key in OF_THE_ENGINE if key in facts}

    @property
    def info(self) -> Mapping[str, Any]:
        """Facts for the results file; without anything recalled, the engine is started for them."""
        if not self._info:
            self.loaded()
        files, config = self._opening.arguments.files, self._opening.config
        return {**light_info(self.tokens, files, config, ""), **self._info}


def open_lazily(args: Mapping[str, Any], **run: Any) -> LazyVllm:
    """Everything but the engine."""
    return LazyVllm(prepare(args, **run))
