"""Matrix products of a module's linear layers by oneDNN where torch's usual library is slow."""

# Why a second library
# --------------------
# torch multiplies float32 matrices with MKL, which on processors of AMD reaches 80 to 90 % of what these can do, and
# less the larger the weights are. torch also has oneDNN on board, which its compiler calls for linear layers; without a
# compiler nothing uses it for float32. Measured on a Zen 1 (AVX2), one thread, billion operations a second, where a
# product of two matrices of 1,024 rows by MKL reaches 32:
#
#     weights         rows    MKL   oneDNN      weights         rows    MKL   oneDNN
#     768 x 768        256   29.3     34.2      768 x 32,000     256   29.1     35.3
#     768 x 2,048      256   31.8     33.1      768 x 32,000       8    9.0     14.1
#     2,048 x 768      256   29.1     30.7      288 x 32,000     256   27.7     34.4
#     768 x 768         32   27.6     23.4      288 x 768         64   29.4     26.5
#
# So oneDNN takes products that are large (:data:`LEAST_WORK`), MKL the others. But it sums a row of weights in one go
# where MKL sums blocks and then their sums: at 768 summands its rounding error is twice MKL's (rms 6.9e-7, not 3.5e-7,
# with numbers of the size that a model has), at 288 1.4 times. Through twelve layers that moved a sum of some thirty
# log-probabilities by 1.2e-4, more than this program allows itself. An output head adds its error once, and nothing
# computes on. So oneDNN takes heads of any width, and other layers up to :data:`MOST_SUMMANDS`.
#
# Weights stay as they are: to have them in oneDNN's own blocks is 1 to 5 % quicker at 256 rows, and costs their memory
# a second time.
#
# What was weighed
#   - ``torch.compile``: needs a C++ compiler, and takes longer to compile than many runs take.
#   - To choose by a clock: the last digits of scores would differ from run to run.
#   - On every processor: elsewhere it was not measured, and on Intel's MKL is at home.
#
# Invariants
#   - A product differs by rounding alone, and depends on its own rows and their number alone.
#   - Only layers that are ``torch.nn.Linear`` itself, in float32 on the processor, with a ``forward`` that nobody has
#     replaced; under autocast, and where gradients are wanted, they compute as ever.
#   - The module is as before when the block is left.

from __future__ import annotations

import contextlib
import platform
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import torch

from proctor.models.hf.device import is_processor

LEAST_WORK = 1 << 25
"""Rows times weights from which oneDNN is used: below, MKL keeps up, and setting up the call counts."""
MOST_SUMMANDS = 512
"""Inputs of a layer from which its rounding error would count; not for heads."""
HEAD_RATIO = 8
"""A layer with so many times more outputs than inputs is an output head."""
LEAST_ROWS = 8
"""Fewer rows read the weights at the speed of memory, whoever multiplies."""


@cache
def is_amd() -> bool:
    """Whether AMD made this machine's processor."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = platform.processor()
    return "AuthenticAMD" in text


@cache
def onednn_linear() -> Callable[..., torch.Tensor] | None:
    """OneDNN's linear layer, in builds of torch that have it."""
    if not torch.backends.mkldnn.is_available():
        return None
    try:
        return torch.ops.mkldnn._linear_pointwise.default
    except AttributeError:
        return None


@contextlib.contextmanager
def quick_products(module: Any) -> Iterator[None]:
    """Within, a module's linear layers multiply large matrices by oneDNN, where that pays.

    Args:
        module: The model; anything without ``modules()`` is left alone.
    """
    linear = onednn_linear() if is_amd() and torch.backends.mkldnn.enabled else None
    layers: list[torch.nn.Linear] = []
    if linear is not None:
        layers = _plain_layers(module)
        for layer in layers:
            vars(layer)["forward"] = partial(_forward, layer, linear)
    try:
        yield
    finally:
        for layer in layers:
            vars(layer).pop("forward", None)


def _plain_layers(module: Any) -> list[torch.nn.Linear]:
    """The layers whose products may be computed elsewhere."""
    parts = list(module.modules()) if hasattr(module, "modules") else []
    return [] if any(map(_is_compiled, parts)) else list(filter(_is_plain, parts))


def _is_compiled(part: Any) -> bool:
    """What torch has compiled would be compiled anew with another ``forward``."""
    return "_orig_mod" in part._modules or getattr(part, "_compiled_call_impl", None) is not None


def _is_plain(layer: Any) -> bool:
    if type(layer) is not torch.nn.Linear or "forward" in vars(layer):
        return False
    weight = layer.weight
    outputs, inputs = weight.shape
    if inputs > MOST_SUMMANDS and outputs < HEAD_RATIO * inputs:
        return False
    return type(weight) is torch.nn.Parameter and weight.dtype == torch.float32 and is_processor(weight.device)


def _forward(layer: torch.nn.Linear, linear: Callable[..., torch.Tensor], block: torch.Tensor) -> torch.Tensor:
    weight = layer.weight
    rows = block.numel() // weight.shape[1]
    if (
        rows < LEAST_ROWS
        or rows * weight.numel() < LEAST_WORK
        or block.dtype != torch.float32
        or torch.is_grad_enabled()
        or torch.is_autocast_enabled("cpu")
    ):
        return torch.nn.functional.linear(block, weight, layer.bias)
    return linear(block, weight, layer.bias, "none", [], "")
