"""Whether a module is still what its class says: research code hangs hooks into models and replaces their parts."""

from __future__ import annotations

import inspect
from typing import Any

import torch
import transformers

OURS = ("transformers.", "torch.", "peft.", "accelerate.")


def is_patched(module: Any) -> bool:
    """Whether somebody has hung something into a module: a hook, or another ``forward`` than its class's own.

    Such code expects the rows that lm-eval makes, and not several prompts in one.
    """
    if not isinstance(module, torch.nn.Module) or not hasattr(module, "config"):
        return True
    return any(_has_hooks(part) or _is_replaced(part) for part in module.modules())


def is_known(module: Any) -> bool:
    """Whether the model's code is transformers' own, and not brought along by the checkpoint.

    Args:
        module: The model.
    """
    return type(module).__module__.startswith("transformers.")


def has_foreign_loader(auto: Any) -> bool:
    """Whether a script has put a ``from_pretrained`` of its own into ``auto`` or into a model class of transformers."""
    classes = dict.fromkeys((*inspect.getmro(auto), *_below(transformers.PreTrainedModel)))
    return any(
        cls.__module__.startswith("transformers.") and _is_foreign(vars(cls).get("from_pretrained")) for cls in classes
    )


def _below(cls: type) -> list[type]:
    """A class and all that derive from it."""
    return [cls, *(one for child in cls.__subclasses__() for one in _below(child))]


def _is_foreign(method: Any) -> bool:
    # Where its code stands, which functools.wraps does not change.
    code = getattr(getattr(method, "__func__", method), "__globals__", None)
    return method is not None and not str((code or {}).get("__name__", "")).startswith("transformers.")


def _has_hooks(part: Any) -> bool:
    return bool(part._forward_hooks or part._forward_pre_hooks)


def _is_replaced(part: Any) -> bool:
    if "forward" in part.__dict__:
        # accelerate replaces forward to move inputs between devices, and says so.
        return not hasattr(part, "_hf_hook")
    if not type(part).__module__.startswith(OURS):
        return False
    return not inspect.unwrap(type(part).forward).__module__.startswith(OURS)
