"""A vLLM model whose engine starts when it is first asked something: what is stored needs none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from proctor.errors import ModelError
from proctor.models.hf.errors import in_sentences
from proctor.models.hf.load.load import light_info
from proctor.models.tokens.tokenizer import Tokens
from proctor.models.vllm.identity import engine_release, identify, weights_of
from proctor.models.vllm.load import OpenModel, prepare
from proctor.models.vllm.model import VllmModel
from proctor.types import Request, Response

OF_THE_ENGINE = ("model_dtype", "model_num_parameters", "engine", "device")
"""What only a running engine can say of itself; the same for every model with this identity."""


class LazyVllm:
    """A vLLM model as :class:`proctor.models.protocols.Model`, started as late as possible."""

    def __init__(self, opening: OpenModel) -> None:
        self._opening = opening
        self._model: VllmModel | None = None
        self._closed = False
        self._info: Mapping[str, Any] = {}
        self.name = opening.arguments.pretrained

    @cached_property
    def identity(self) -> Mapping[str, Any] | None:
        """What its responses depend on."""
        opening = self._opening
        return identify(opening.arguments, opening.config, opening.tokens)

    @property
    def tokens(self) -> Tokens:
        """The tokenizer with this model's habits."""
        return self._opening.tokens if self._model is None else self._model.tokens

    def started(self) -> VllmModel:
        """The model with its engine."""
        if self._closed:
            raise ModelError("This model is closed.")
        if self._model is None:
            opening = self._opening
            engine, tokens = opening.start()
            known = vars(self).get("identity")
            if known is not None and weights_of(opening.arguments, opening.config) != known["weights"]:
                raise ModelError(
                    f"The files of '{self.name}' changed while they were read.",
                    hint="Wait until nobody writes to them, and run again.",
                )
            self._model = VllmModel(engine, tokens, opening.arguments, opening.size)
            self._info = {
                "model_dtype": self._model.dtype,
                "device": str(engine.fact("vllm_config", "device_config", "device_type") or "unknown"),
                "engine": engine_release(),
            }
        return self._model

    def load(self) -> None:
        """Start the engine, if that has not been done."""
        self.started()

    def recall(self, facts: Mapping[str, Any]) -> None:
        """Take over what a running model with the same identity said of itself."""
        self._info = {key: facts[key] for key in OF_THE_ENGINE if key in facts}

    @property
    def info(self) -> Mapping[str, Any]:
        """Facts for the results file; without anything recalled, the engine is started for them."""
        if not self._info:
            self.started()
        files, config = self._opening.arguments.files, self._opening.config
        return {**light_info(self.tokens, files, config, ""), **self._info}

    def respond(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """Answer kind by kind."""
        return in_sentences(self.name, self.started().respond(requests))

    def render(
        self, messages: Sequence[Mapping[str, str]], *, add_generation_prompt: bool, template: str | None = None
    ) -> str:
        """Apply the chat template; ``template`` names one of several."""
        return self.tokens.render(messages, add_generation_prompt=add_generation_prompt, template=template)

    def chat_template(self, name: str | bool) -> str:
        """The text of the chat template in use."""
        return self.tokens.chat_template(name)

    def report(self) -> Mapping[str, Any]:
        """What happened while it responded; nothing has, if nothing was asked."""
        if self._model is None:
            return {"truncated": {}, "unusual": {}, "batch_sizes": [], "scoring": {}, "generation": {}}
        return self._model.report()

    def close(self) -> None:
        """End the engine, if it runs. A closed model cannot be started again."""
        self._closed = True
        if self._model is not None:
            self._model.close()


def open_lazily(args: Mapping[str, Any], **run: Any) -> LazyVllm:
    """Everything but the engine."""
    return LazyVllm(prepare(args, **run))
