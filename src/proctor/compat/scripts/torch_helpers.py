"""``lm_eval.models.utils_hf``: padding, dtypes and stopping, for classes derived from ``HFLM``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import torch
from transformers import StoppingCriteriaList

from proctor.models.hf.decoding.endings import StopTogether
from proctor.models.hf.load.load import read_dtype


def pad_and_concat(
    max_length: int, tensors: Sequence[torch.Tensor], padding_side: Literal["right", "left"] = "right"
) -> torch.Tensor:
    """Rows of ids as one block of that length, filled with zeros."""
    block = torch.zeros((len(tensors), max_length), dtype=torch.long, device=tensors[0].device)
    for row, tensor in zip(block, (tensor.reshape(-1) for tensor in tensors), strict=True):
        length = len(tensor)
        row[:length] = tensor if padding_side == "right" else row[:length]
        if padding_side == "left":
            row[max_length - length :] = tensor
    return block


def get_dtype(dtype: str | torch.dtype) -> Any:
    """A torch dtype from its name; ``auto`` stays."""
    return read_dtype("dtype", dtype)


class MultiTokenEOSCriteria(StopTogether):
    """Stops when every row has spelled ``sequence``."""

    def __init__(self, sequence: str, tokenizer: Any, initial_decoder_input_length: int, batch_size: int) -> None:
        super().__init__(tokenizer, sequence, initial_decoder_input_length, batch_size)


def stop_sequences_criteria(
    tokenizer: Any, stop_sequences: Sequence[str], initial_decoder_input_length: int, batch_size: int
) -> StoppingCriteriaList:
    """One criterion per stop string."""
    return StoppingCriteriaList(
        [
            MultiTokenEOSCriteria(sequence, tokenizer, initial_decoder_input_length, batch_size)
            for sequence in stop_sequences
        ]
    )
