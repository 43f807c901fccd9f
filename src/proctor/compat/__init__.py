"""lm-eval's Python names as faces of proctor's own rooms, for task files, scripts and research code.

Code that says ``lm_eval`` meets these modules: task files through :mod:`proctor.alias`, scripts
through ``python -m proctor.compat``. ``__version__`` is the release of lm-eval whose behaviour
they follow, not proctor's own version.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from proctor.compat.evaluator import evaluate, simple_evaluate

__version__ = "0.4.13"
_MODULES = (
    *("api", "caching", "config", "decontamination", "evaluator", "evaluator_utils", "filters", "loggers"),
    *("models", "prompts", "tasks", "utils"),
)
"""lm-eval: its modules import one another, so that a script may say ``lm_eval.tasks`` without importing it."""
__all__ = ["__version__", "evaluate", "simple_evaluate"]


def __getattr__(name: str) -> Any:
    if name in ("evaluate", "simple_evaluate"):
        from proctor.lazy import load_attribute

        return load_attribute(f"proctor.compat.evaluator:{name}")
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
