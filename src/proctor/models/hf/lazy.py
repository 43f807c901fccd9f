"""A model that reads its weights when it is first asked something: what is stored needs none of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import torch

from proctor.errors import UsageError
from proctor.models.hf.errors import in_sentences
from proctor.models.hf.identity import check_unchanged, identify
from proctor.models.hf.lazy_model import LazyModel
from proctor.models.hf.load.load import OpenModel, light_info, prepare
from proctor.models.hf.model import HfModel
from proctor.models.protocols import TokenScores
from proctor.types import Request, Response

OF_THE_WEIGHTS = ("model_num_parameters", "model_dtype", "peft_sha", "delta_sha")
"""What only a loaded model can say of itself; the same for every model with this identity."""


class LazyHf(LazyModel[HfModel]):
    """A transformers model as :class:`proctor.models.protocols.Model`, loaded as late as possible."""

    def __init__(self, opening: OpenModel) -> None:
        super().__init__(opening.arguments.source, opening.tokens)
        self._opening = opening
        self._recalled: Mapping[str, Any] | None = None

    @cached_property
    def identity(self) -> Mapping[str, Any] | None:
        """What its answers depend on."""
        opening = self._opening
        return identify(opening.arguments, opening.config, self.tokens, dtype=opening.dtype)

    def _load(self) -> HfModel:
        # Reading weights draws no number that a seed was set for.
        with torch.random.fork_rng(devices=[]):
            model = self._opening.load()
        known = vars(self).get("identity")
        if known is not None:
            check_unchanged(self._opening.arguments, self._opening.config, known)
        return model

    def recall(self, facts: Mapping[str, Any]) -> None:
        """Take over what a loaded model with the same identity said of itself."""
        self._recalled = {key: facts[key] for key in OF_THE_WEIGHTS if key in facts}

    @property
    def info(self) -> Mapping[str, Any]:
        """Facts for the results file; without anything recalled, the weights are read for them."""
        if self._model is None and self._recalled is not None:
            opening = self._opening
            light = light_info(self.tokens, opening.arguments, opening.config, opening.device)
            return {**self._recalled, **light}
        return self.loaded().info

    def resume(self, requests: Sequence[Request], missing: Sequence[int]) -> Iterator[tuple[int, Response]]:
        """Answer those at ``missing``, with the same numbers that they would have got among all requests."""
        return in_sentences(self.name, self.loaded().resume(requests, missing))

    def token_scores(self, texts: Sequence[str]) -> Iterator[TokenScores]:
        """The tokens of each text, text by text (:class:`~proctor.models.protocols.TokenScoringModel`)."""
        if self.tokens.backend != "causal":
            raise UsageError(
                f"'{self.name}' is an encoder-decoder: it gives no token of a question a probability by itself.",
                hint="Leave --min_k out.",
            )
        return in_sentences(self.name, self.loaded().token_scores(texts))


def open_lazily(args: Mapping[str, Any], **run: Any) -> LazyHf:
    """Everything but the weights."""
    return LazyHf(prepare(args, **run))
