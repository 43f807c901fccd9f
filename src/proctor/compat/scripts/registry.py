"""Model classes by name; those that scripts register become kinds of proctor's models, for ``--model``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from proctor.compat.scripts.model import LM
from proctor.compat.scripts.opener import Opener
from proctor.compat.tasks import registry
from proctor.compat.tasks.registries import Registry
from proctor.models import MODELS
from proctor.registry import Table

T = TypeVar("T")

MODEL_MAPPING: dict[str, str] = {
    "dummy": "proctor.compat.scripts.dummy:DummyLM",
    **dict.fromkeys(("hf", "hf-auto", "huggingface"), "proctor.compat.scripts.huggingface:HFLM"),
}
"""Name -> class that a script can derive from. Other kinds of models are proctor's own and have no class here."""


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
