"""``lm_eval.models.mistral3``: ``HFLM`` for Mistral 3, of which the part that reads text is scored."""

from __future__ import annotations

from typing import Any, Literal

from proctor.compat.scripts.huggingface import HFLM


class Mistral3LM(HFLM):
    """A Mistral 3 checkpoint; it is a decoder, whatever its config says."""

    def _get_backend(
        self,
        config: Any,
        backend: Literal["default", "causal", "seq2seq"] = "default",
        trust_remote_code: bool | None = False,
    ) -> None:
        super()._get_backend(config, "causal", trust_remote_code)
