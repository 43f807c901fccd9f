"""Postpones what transformers imports for features that a run does not use, until one is used.

Reading the weights of any causal model costs 4 CPU seconds of imports in transformers 5.24 (as much as
torch itself): torch's compiler and symbolic algebra for decorators and tensor parallelism, FSDP and
checkpoints of several machines, SciPy for a loss of object detection. None of it runs when a model scores
or generates on one device.

While :func:`deferred_imports` is open, ``from torch.distributed.tensor import DTensor`` in a module *of
transformers* binds a stand-in, which imports the real object when it is first called, subclassed, compared or
looked into. Two facts make that exact:

- ``isinstance(x, DTensor)`` is False as long as the module that defines ``DTensor`` has not been imported:
  nobody can have made one. Once it has been, the real class answers.
- Decorators of ``torch._dynamo`` only mark a function for the compiler. They are noted, and applied when
  ``torch._dynamo`` is imported for the first time, before anything can be compiled.

Invariant: ``sys.modules`` never holds a stand-in, and imports of all other modules, in this thread or another,
are untouched; so code that uses torch or SciPy itself gets the real packages. A name that this table does not know is
imported as usual: what a later release of transformers draws in costs time and changes nothing.
"""

from __future__ import annotations

import builtins
import contextlib
import functools
import importlib
import importlib.abc
import importlib.util
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, ForwardRef, Union

from proctor.garbage import imports_kept

DEFERRED = frozenset(
    {
        *("accelerate", "accelerate.hooks", "accelerate.utils", "accelerate.utils.modeling"),
        "scipy.optimize",
        "torch._dynamo._trace_wrapped_higher_order_op",
        *("torch.distributed._composable.fsdp", "torch.distributed.fsdp"),
        *("torch.distributed._functional_collectives", "torch.distributed.checkpoint.hf_storage"),
        *("torch.distributed.tensor", "torch.distributed.tensor._utils", "torch.distributed.tensor.placement_types"),
    }
)
"""Modules whose names are bound to stand-ins in transformers' modules."""

DYNAMO = "torch._dynamo"
MARKERS = frozenset({"allow_in_graph", "assume_constant_result"})
"""Decorators of ``torch._dynamo`` that mark a function and return it."""

MODULES = (
    *("transformers.modeling_utils", "transformers.masking_utils", "transformers.cache_utils"),
    *("transformers.generation.utils", "transformers.models.auto.modeling_auto"),
)

log = logging.getLogger("proctor")
_open = threading.local()


class DeferredName:
    """Stands for ``module.name`` until that is needed."""

    __slots__ = ("_module", "_name")

    def __init__(self, module: str, name: str) -> None:
        self._module = module
        self._name = name

    def _resolve(self) -> Any:
        return getattr(importlib.import_module(self._module), self._name)

    def _resolved(self) -> Any:
        """The real object if its module has been imported, else None."""
        return getattr(sys.modules.get(self._module), self._name, None)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the real object; while modules are imported, the value stands in, too: it fills a table."""
        return DeferredCall(self, args, kwargs) if _postpones_calls() else self._resolve()(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return getattr(self._resolve(), name)

    def __instancecheck__(self, instance: Any) -> bool:
        real = self._resolved()
        return real is not None and isinstance(instance, real)

    def __subclasscheck__(self, subclass: Any) -> bool:
        real = self._resolved()
        return real is not None and issubclass(subclass, real)

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[Any, ...]:
        return (self._resolve(),)

    def __eq__(self, other: object) -> bool:
        return other is self or (not isinstance(other, DeferredName) and self._resolved() is other)

    def __hash__(self) -> int:
        return hash(self._resolve())

    def __or__(self, other: Any) -> Any:
        return Union[ForwardRef(self._name), other]  # noqa: UP007

    def __ror__(self, other: Any) -> Any:
        return Union[other, ForwardRef(self._name)]  # noqa: UP007


class DeferredCall:
    """Stands for the value of a call that was made while transformers was imported."""

    __slots__ = ("_call", "_value")

    def __init__(self, function: DeferredName, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        self._call = (function, args, kwargs)
        self._value: Any = None

    def _resolve(self) -> Any:
        if self._value is None:
            function, args, kwargs = self._call
            self._value = function._resolve()(*args, **kwargs)
        return self._value

    @property
    def __class__(self) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        # ``isinstance`` looks here where the type itself is no match.
        return type(self._resolve())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._resolve(), name)

    def __eq__(self, other: object) -> bool:
        real = other._resolve() if type(other) is DeferredCall else other
        return other is self or bool(self._resolve() == real)

    def __hash__(self) -> int:
        return hash(self._resolve())

    def __repr__(self) -> str:
        return repr(self._resolve())


class DeferredModule:
    """What an import statement of transformers gets in place of a module of :data:`DEFERRED`."""

    def __init__(self, name: str) -> None:
        self.__name__ = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return DeferredName(self.__name__, name)


class DeferredDynamo:
    """What ``torch._dynamo`` is while transformers is imported: decorators are noted, all else is the real one's."""

    def __init__(self) -> None:
        self.marks: list[tuple[str, Callable[..., Any]]] = []

    def __getattr__(self, name: str) -> Any:
        if name in MARKERS:
            return functools.partial(self._mark, name)
        if name == "disable":
            return self._disable
        return getattr(_import_dynamo(), name)

    def _mark(self, decorator: str, function: Callable[..., Any]) -> Callable[..., Any]:
        self.marks.append((decorator, function))
        return function

    def _disable(self, function: Any = None, recursive: bool = True, **options: Any) -> Any:
        if function is None:
            return lambda decorated: self._disable(decorated, recursive, **options)

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            # Nothing compiles before the compiler has been imported.
            return (disabled() if DYNAMO in sys.modules else function)(*args, **kwargs)

        @functools.cache
        def disabled() -> Callable[..., Any]:
            return sys.modules[DYNAMO].disable(function, recursive, **options)

        return call

    def apply(self) -> None:
        """Apply the noted decorators."""
        dynamo = sys.modules[DYNAMO]
        for decorator, function in self.marks:
            getattr(dynamo, decorator)(function)
        self.marks.clear()


class _DynamoFinder(importlib.abc.MetaPathFinder):
    """Applies the noted decorators as soon as ``torch._dynamo`` has been imported, whoever imports it."""

    def __init__(self, dynamo: DeferredDynamo) -> None:
        self._dynamo = dynamo

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != DYNAMO:
            return None
        with contextlib.suppress(ValueError):
            sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is None or spec.loader is None:
            return spec
        execute = spec.loader.exec_module

        def execute_and_apply(module: ModuleType) -> None:
            execute(module)
            self._dynamo.apply()

        spec.loader.exec_module = execute_and_apply  # type: ignore[method-assign]
        return spec


def _import_dynamo() -> ModuleType:
    """The real ``torch._dynamo``; from here on it stands in torch's namespace."""
    return importlib.import_module(DYNAMO)


def _postpones_calls() -> bool:
    return getattr(_open, "calls", False)


def _stand_in(name: str, namespace: Mapping[str, Any] | None, fromlist: Sequence[str] | None) -> Any:
    """What an import statement gets instead of a module; None: the module."""
    importer = str((namespace or {}).get("__name__", ""))
    if fromlist and name in DEFERRED and importer.startswith("transformers.") and name not in sys.modules:
        return DeferredModule(name)
    if name == DYNAMO and not fromlist and importer == "torch.compiler" and DYNAMO not in sys.modules:
        # ``import torch._dynamo`` binds torch, which holds the stand-in.
        return sys.modules["torch"]
    return None


@contextlib.contextmanager
def deferred_imports(*, calls: bool = False) -> Iterator[None]:
    """Within, imports of this thread by modules of transformers get stand-ins for :data:`DEFERRED`.

    Args:
        calls: postpone calls of stand-ins, too; only for import statements, whose calls fill tables.
    """
    import torch

    dynamo = DeferredDynamo()
    finder = _DynamoFinder(dynamo)
    original = builtins.__import__
    thread = threading.get_ident()

    def import_or_defer(
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> Any:
        mine = not level and threading.get_ident() == thread
        module = _stand_in(name, globals, fromlist) if mine else None
        return original(name, globals, locals, fromlist or (), level) if module is None else module

    _open.calls = calls
    if DYNAMO not in sys.modules:
        sys.meta_path.insert(0, finder)
        torch._dynamo = dynamo  # type: ignore[assignment]
    builtins.__import__ = import_or_defer
    try:
        yield
    finally:
        builtins.__import__ = original
        _open.calls = False
        if vars(torch).get("_dynamo") is dynamo:
            del torch._dynamo
        if not dynamo.marks:
            with contextlib.suppress(ValueError):
                sys.meta_path.remove(finder)


def import_transformers() -> None:
    """Import what every model of transformers needs, and nothing that only other features need."""
    if is_distributed():
        return
    try:
        with imports_kept(), deferred_imports(calls=True):
            for name in MODULES:
                importlib.import_module(name)
    except Exception:
        # A release of transformers whose modules look deeper into what is deferred: slower, and the same.
        log.debug("Imports of transformers are not deferred.", exc_info=True)


def without_distribution() -> contextlib.AbstractContextManager[None]:
    """Defers the imports of a function of transformers that asks whether it runs on several machines, and does not."""
    return contextlib.nullcontext() if is_distributed() else deferred_imports()


def is_distributed() -> bool:
    """Whether this process is one of several, which use what is deferred."""
    return os.environ.get("WORLD_SIZE", "1") not in ("", "1")
