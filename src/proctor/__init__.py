"""proctor evaluates language models.

The public face; everything behind it is imported when it is first used.

>>> import proctor
>>> result = proctor.evaluate(model="hf", model_args={"pretrained": "gpt2"}, tasks=["hellaswag"], limit=10)
>>> proctor.open_results("results/gpt2/results_2026-11-23T18-11-17.771023.json")["results"]
>>> proctor.audit("results/gpt2"), proctor.compare("results/gpt2", "results/gpt2-medium")
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from proctor.api import audit, compare, evaluate, load_tasks, open_results, regrade, report

    __version__: str

__all__ = ["__version__", "audit", "compare", "evaluate", "load_tasks", "open_results", "regrade", "report"]


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported on first use is found by completion too


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("proctor")
    if name in __all__:
        return getattr(import_module("proctor.api"), name)
    raise AttributeError(f"module 'proctor' has no attribute {name!r}")
