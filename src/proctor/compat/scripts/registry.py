"""Model classes by name, and how they are opened; those that scripts register become kinds for ``--model``."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from proctor.compat.scripts.lm_model import as_model
from proctor.compat.scripts.model import LM
from proctor.compat.tasks import registry
from proctor.compat.tasks.registry import Registry
from proctor.errors import UsageError
from proctor.models import MODELS
from proctor.models.protocols import Model
from proctor.registry import Table

T = TypeVar("T")
RUN_KEYS = ("batch_size", "max_batch_size", "device")

MODEL_MAPPING: dict[str, str] = {
    "dummy": "proctor.compat.scripts.proctor_lm:DummyLM",
    **dict.fromkeys(("hf", "hf-auto", "huggingface"), "proctor.compat.scripts.huggingface:HFLM"),
}
"""Name -> class that a script can derive from. Other kinds of models are proctor's own and have no class here."""


@dataclass(frozen=True, slots=True)
class Opener:
    """How ``--model NAME`` opens a class that a script has registered: a row of :data:`proctor.models.MODELS`."""

    lm_class: type[LM]

    def __call__(self, args: Mapping[str, Any], **run: Any) -> Model:
        """The model of these arguments."""
        return as_model(self.lm_class.create_from_arg_obj(dict(args), _accepted(self.lm_class, args, run)))


def _accepted(cls: type[LM], args: Mapping[str, Any], run: Mapping[str, Any]) -> dict[str, Any]:
    """The run's settings that the class takes.

    lm-eval gives batch_size and device to every class, and one that does not take them fails; here
    it is a mistake only if somebody asked for one of them.
    """
    own = inspect.getattr_static(cls, "create_from_arg_obj")
    given = {key: run.get(key) for key in RUN_KEYS if run.get(key) is not None and key not in args}
    # A factory of the class's own may take anything: it is called as lm-eval calls it.
    if own is not inspect.getattr_static(LM, "create_from_arg_obj"):
        return given
    parameters = inspect.signature(cls).parameters
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters.values()):
        return given
    refused = [key for key in given if key not in parameters and (key, given[key]) != ("batch_size", 1)]
    if refused:
        raise UsageError(f"The model class {cls.__name__} takes no {' and no '.join(refused)}.")
    return {key: value for key, value in given.items() if key in parameters}


class ModelRows(Table[Any]):
    """The classes of :data:`MODEL_MAPPING` and those that scripts register, which are rows of ``MODELS``, too."""

    def put(self, name: str, target: Any) -> None:
        """Keep the class, and how a model of it is opened."""
        # Two tables: scripts get the class by its name, runs what opens a model of it.
        super().put(name, target)
        MODELS.put(name, Opener(self.get(name)))


model_registry: Registry[Any] = Registry("model", rows=ModelRows("model class", MODEL_MAPPING))
MODEL_REGISTRY = model_registry


def register_model(*names: str) -> Callable[[type[T]], type[T]]:
    """Register a subclass of ``LM`` under names for ``--model``."""

    def decorate(cls: type[T]) -> type[T]:
        if not issubclass(cls, LM):
            raise AssertionError(f"Model '{cls.__name__}' must extend LM class")
        return model_registry.register(*names)(cls)

    return decorate


def get_model(model_name: str) -> Any:
    """The model class of a name; ValueError where there is none."""
    try:
        return model_registry.get(model_name)
    except KeyError as error:
        raise ValueError(
            f"{model_name!r}: no model for this name found. Supported model names: {', '.join(model_registry)}"
        ) from error


def freeze_all() -> None:
    """Let nothing be registered any more, in any registry."""
    for one in (model_registry, *registry.REGISTRIES):
        one.freeze()
