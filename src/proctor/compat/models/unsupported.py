"""Classes of lm-eval's models that proctor has no engine for: they can be imported, not made.

Scripts import them to ask ``isinstance(lm, VLLM)``, or import a whole list of models and use one. That must not stop
them; a class refuses when an object of it is made, in a sentence.
"""

from __future__ import annotations

from typing import Any, TypeVar

from proctor.compat.errors import with_built_in
from proctor.errors import UsageError

T = TypeVar("T")

INSTEAD = "proctor evaluates Hugging Face models (--model hf) and classes derived from lm_eval.api.model.LM."


def unsupported(name: str, base: type[T], kind: str, module: str) -> type[T]:
    """A class derived from ``base`` that cannot be made; ``kind``: what it is, as a plural ("models behind an API")."""

    def refuse(cls: type, *args: Any, **kwargs: Any) -> Any:
        error = UsageError(f"{cls.__name__} is not supported yet: proctor has no {kind}.", hint=INSTEAD)
        raise with_built_in(error)

    namespace = {"__new__": refuse, "__module__": module, "__doc__": f"Not supported yet: proctor has no {kind}."}
    return type(base)(name, (base,), namespace)
