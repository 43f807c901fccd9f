"""Whether the code that a model will run is what was shipped: scripts replace methods of classes and loaders.

``LlamaMLP.forward = mine`` before a run changes its answers, and nothing of that stands in a checkpoint or in an
argument, so a model whose code was patched has no identity. The reference is what Python itself would import: the
compiled code of a module's source. The invariant, for each module that a model runs in: every function and method
that the source defines is still there under its name, decorated by known packages at most, and nothing
from outside of them was added.
"""

from __future__ import annotations

import inspect
import sys
import types
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

PACKAGES = (
    "torch",
    "transformers",
    "peft",
    "accelerate",
    "safetensors",
    "huggingface_hub",
    "proctor",
    "kernels",
    "typing_extensions",
)
"""Packages that may decorate and extend the classes of one another."""

ALWAYS = (
    *("transformers.modeling_utils", "transformers.generation.utils", "transformers.masking_utils"),
    *("transformers.cache_utils", "transformers.activations", "transformers.modeling_rope_utils"),
    *("transformers.integrations.sdpa_attention", "transformers.models.auto.auto_factory"),
    *("transformers.models.auto.modeling_auto", "safetensors.torch"),
    *("torch.nn.functional", "torch.nn.modules.linear", "torch.nn.modules.module", "torch.nn.modules.normalization"),
    *("torch.nn.modules.sparse", "torch.nn.modules.activation", "torch.nn.modules.container"),
)
"""Modules that any model of transformers runs in, or is loaded by; looked at where they are imported."""

UPDATED = ("transformers.models.auto.modeling_auto",)
"""Modules that replace methods of their own classes themselves: those must only come from known packages."""

DEEPEST = 8
"""Decorators around one function."""


def patched_code(config: Any) -> str | None:
    """What was replaced or added in the code of the model of a config, as ``module.Class.method``; None if nothing.

    What is not imported yet, nobody can have patched: nothing is imported for this.
    """
    for name in sorted({*_modules_of(config), *ALWAYS}):
        module = sys.modules.get(name)
        if module is not None and (patch := _first_patch(module)):
            return f"{name}.{patch}"
    if _global_hooks():
        return "torch.nn.Module (a hook for all modules)"
    return _foreign_operation()


def _modules_of(config: Any) -> Iterator[str]:
    """The modules beside those of a config and of the configs in it: ``transformers.models.llama.modeling_llama``."""
    configs = [config, *(value for value in vars(config).values() if hasattr(value, "model_type"))]
    packages = tuple({type(one).__module__.rpartition(".")[0] + "." for one in configs} - {"."})
    return (name for name in list(sys.modules) if name.startswith(packages) and "configuration_" not in name)


def _first_patch(module: types.ModuleType) -> str | None:
    shipped = _shipped(module)
    if shipped is None:
        return None
    for code in shipped.co_consts:
        if not isinstance(code, types.CodeType) or code.co_name.startswith("<"):
            continue
        value = vars(module).get(code.co_name)
        if isinstance(value, type):
            if patch := _patch_of_class(value, code, module):
                return f"{code.co_name}.{patch}" if patch != "itself" else code.co_name
        elif value is not None and not _is_shipped(value, _same_name(shipped, code.co_name)):
            return code.co_name
    return None


def _patch_of_class(kind: type, body: types.CodeType, module: types.ModuleType) -> str | None:
    """A method of a class that is not the one of its body, or one that came from outside."""
    if kind.__module__ != module.__name__:
        return "itself"
    defined = {code.co_name for code in body.co_consts if isinstance(code, types.CodeType)}
    for name, value in vars(kind).items():
        if name in defined and module.__name__ not in UPDATED:
            if not _is_shipped(value, _same_name(body, name)):
                return name
        elif any(not _is_known(function) for function in _functions(value)):
            return name
    return None


def _shipped(module: types.ModuleType) -> types.CodeType | None:
    """The code of a module as its file has it, compiled; None where there is no file."""
    file = getattr(module, "__file__", None)
    if not file or not file.endswith(".py"):
        return None
    try:
        return SourceFileLoader(module.__name__, file).get_code(module.__name__)
    except (OSError, ImportError, SyntaxError):
        return None


def _same_name(body: types.CodeType, name: str) -> list[types.CodeType]:
    return [code for code in body.co_consts if isinstance(code, types.CodeType) and code.co_name == name]


def _is_shipped(value: Any, expected: list[types.CodeType]) -> bool:
    """Whether a value is one of these functions, maybe decorated. What is no function is somebody's descriptor."""
    functions = list(_functions(value))
    if not functions:
        return not callable(value) or isinstance(value, type) or type(value).__module__.startswith(PACKAGES)
    if not all(_is_known(function) for function in functions):
        return False
    return any(function.__code__ in expected for function in functions)


def _functions(value: Any) -> Iterator[types.FunctionType]:
    """The functions that make up a value: of a property or class method, and what decorators hold."""
    waiting, seen = [(value, 0)], set[int]()
    while waiting:
        one, depth = waiting.pop()
        if id(one) in seen or depth > DEEPEST:
            continue
        seen.add(id(one))
        if isinstance(one, staticmethod | classmethod | types.MethodType):
            waiting.append((one.__func__, depth))
        elif isinstance(one, property):
            waiting += [(part, depth) for part in (one.fget, one.fset, one.fdel) if part is not None]
        elif isinstance(one, types.FunctionType):
            yield one
            held = [getattr(one, "__wrapped__", None), *_closure(one)]
            waiting += [(part, depth + 1) for part in held if isinstance(part, types.FunctionType | types.MethodType)]


def _closure(function: types.FunctionType) -> Iterator[Any]:
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # a cell without a value yet
            continue


def _is_known(function: types.FunctionType) -> bool:
    """Whether a function's code lies in one of the packages, in Python itself, or was made while a class was."""
    file = function.__code__.co_filename
    if file.startswith("<"):
        # What dataclasses and named tuples generate has no file, and neither has what is typed or given to -c.
        where = str(function.__globals__.get("__name__", ""))
        return file.startswith("<frozen") or where.startswith((*PACKAGES, "namedtuple_", "transformers_modules"))
    return file.startswith(_roots()) or "transformers_modules" in Path(file).parts


def _roots() -> tuple[str, ...]:
    if not _ROOTS:
        folders = {str(Path(inspect.__file__).parent.resolve()), str(Path(inspect.__file__).parent)}
        for package in PACKAGES:
            spec = find_spec(package)
            if spec is not None:
                folders.update(map(str, spec.submodule_search_locations or [spec.origin]))
        _ROOTS.extend(sorted(folders))
    return tuple(_ROOTS)


_ROOTS: list[str] = []


def _global_hooks() -> bool:
    hooks = torch.nn.modules.module
    return any(
        bool(getattr(hooks, name, None))
        for name in ("_global_forward_hooks", "_global_forward_pre_hooks", "_global_parameter_registration_hooks")
    )


def _foreign_operation() -> str | None:
    """A function from outside in torch, its tensors or its functional operations, or a registered attention."""
    for owner in (torch, torch.Tensor, torch.nn.functional):
        for name, value in vars(owner).items():
            if isinstance(value, types.FunctionType) and not _is_known(value):
                return f"{owner.__name__}.{name}"
    modeling = sys.modules.get("transformers.modeling_utils")
    registered = getattr(getattr(modeling, "AttentionInterface", None), "_global_mapping", None)
    if registered is None:  # before transformers 4.50
        registered = getattr(modeling, "ALL_ATTENTION_FUNCTIONS", {})
    for name, value in registered.items():
        if isinstance(value, types.FunctionType) and not _is_known(value):
            return f"the attention function {name!r}"
    return None
