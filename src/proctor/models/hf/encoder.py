"""Encoder-decoders: a context goes through the encoder once, however many choices follow it.

Choices of one context may stand in different batches (rows are sorted by length), so what the
encoder made of a context is kept for a while, up to a bound of memory.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import torch
from transformers.modeling_outputs import BaseModelOutput

from proctor.models.hf.transfers import send

KEPT_BYTES = 512 << 20
TOLERANCES = {torch.float64: 1e-6, torch.float32: 1e-3, torch.float16: 0.03}
COARSE_TOLERANCE = 0.2
"""In standard deviations of the logits."""


class Encoder:
    """What the encoder of ``module`` makes of contexts, each computed once."""

    def __init__(self, module: Any, device: torch.device) -> None:
        self._module = module
        self._device = device
        self._kept: OrderedDict[bytes, torch.Tensor] = OrderedDict()
        self._bytes = 0
        self._encoded = 0
        self._asked = 0

    @property
    def facts(self) -> dict[str, Any]:
        """For the results file."""
        return {"encoder": "once a context", "contexts": self._asked, "encoded_contexts": self._encoded}

    def __call__(self, contexts: Sequence[torch.Tensor]) -> dict[str, Any]:
        """The arguments of a forward pass that stand for these contexts."""
        keys = [context.numpy().tobytes() for context in contexts]
        missing = {key: context for key, context in zip(keys, contexts, strict=True) if key not in self._kept}
        self._asked += len(contexts)
        self._encoded += len(missing)
        states = {key: self._kept[key] for key in keys if key in self._kept}
        if missing:
            inputs = padded(list(missing.values()), self._device)
            block = self._module.get_encoder()(**inputs, return_dict=True).last_hidden_state
            for row, (key, context) in enumerate(missing.items()):
                states[key] = self._kept[key] = block[row, : len(context)].clone()
                self._bytes += states[key].nbytes
        for key in keys:
            self._kept.move_to_end(key)
        while self._bytes > KEPT_BYTES:
            self._bytes -= self._kept.popitem(last=False)[1].nbytes
        block = torch.nn.utils.rnn.pad_sequence([states[key] for key in keys], batch_first=True)
        return {
            "encoder_outputs": BaseModelOutput(last_hidden_state=block),  # type: ignore[arg-type]
            "attention_mask": padded(contexts, self._device)["attention_mask"],
        }


def padded(contexts: Sequence[torch.Tensor], device: torch.device) -> dict[str, torch.Tensor]:
    """Contexts as they enter an encoder: padded on the right, with a mask."""
    pad = torch.nn.utils.rnn.pad_sequence
    return {
        "input_ids": send(pad(list(contexts), batch_first=True), device),
        "attention_mask": send(pad([torch.ones_like(ids) for ids in contexts], batch_first=True), device),
    }


def agree(once: torch.Tensor, plain: torch.Tensor) -> bool:
    """Whether two ways to the same logits differ by rounding only."""
    allowed = TOLERANCES.get(once.dtype, COARSE_TOLERANCE)
    return float((once.float() - plain.float()).abs().max() / plain.float().std()) <= allowed
