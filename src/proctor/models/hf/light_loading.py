"""Reads weights without importing torch's compiler, SciPy and the parts for several machines.

transformers builds a model on the meta device before it reads the weights. Operations without a kernel for meta
tensors (``normal_``, ``arange``, and what rotary embeddings compute from it) go through decompositions, and the
first of these imports ``torch._dynamo`` and SymPy: 2 CPU seconds. So a meta tensor is not filled with normal
numbers, which does nothing, and the few numbers of an ``arange`` are made on the CPU; transformers computes such
buffers anew once the weights are there. Tensors with storage are initialised as always, so a weight that a checkpoint
lacks gets the numbers it always got.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from proctor.models.hf.deferred_imports import without_distribution

_NORMAL: frozenset[Callable[..., Any]] = frozenset(
    {torch.nn.init.normal_, torch.nn.init.trunc_normal_, torch.Tensor.normal_}
)


@contextlib.contextmanager
def light_loading(*, alone: bool) -> Iterator[None]:
    """Within, ``from_pretrained`` imports and computes what it needs; ``alone``: the model stands in one process."""
    if not alone:
        yield
        return
    with without_distribution(), LightMeta():
        yield


class LightMeta(TorchFunctionMode):
    """A context in which building a module on the meta device goes through no decomposition."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Call ``func``, unless it fills a meta tensor; an ``arange`` is made on the CPU instead of on meta."""
        given = dict(kwargs or {})
        if func in _NORMAL:
            tensor = args[0] if args else given.get("tensor")
            if isinstance(tensor, torch.Tensor) and tensor.is_meta:
                return tensor
        if func is torch.arange and str(given.get("device")) == "meta":
            given["device"] = "cpu"
        return func(*args, **given)
