"""Names of models and tasks that a script has to get through lm-eval's classes, because it changed them.

See :mod:`proctor.compat.shipped`. Where nothing was changed, nothing here is used: names go to proctor's own run.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from proctor.compat.scripts.manager import TaskManager
from proctor.compat.scripts.registry import MODEL_MAPPING, Opener
from proctor.compat.shipped import is_patched
from proctor.lazy import load_attribute
from proctor.models import model_kind

log = logging.getLogger("proctor")

TASK_CLASS = ("proctor.compat.tasks.configurable", "ConfigurableTask")


def model_class_of(name: str) -> Any:
    """The class through which a model of this name is opened; None: by proctor itself."""
    registered = getattr(model_kind(name).open, "lm_class", None)
    if registered is not None:
        return registered
    module, _, attribute = MODEL_MAPPING.get(name, "").partition(":")
    # Not changed: the class need not even be imported, and proctor opens the model itself.
    if not module or not is_patched(module, attribute):
        return None
    log.info("The model %r is opened through %s, which the script has changed.", name, attribute)
    return load_attribute(f"{module}:{attribute}")


def patched_openers() -> dict[str, Opener]:
    """Rows of the table of models for the names whose classes were changed: for the command line, run by a script."""
    classes = {name: model_class_of(name) for name in MODEL_MAPPING}
    return {name: Opener(cls) for name, cls in classes.items() if cls is not None}


def load_items(items: Sequence[Any], manager: TaskManager | None) -> tuple[Sequence[Any], Mapping[str, Any]]:
    """Names and configurations as objects, where ``ConfigurableTask`` was changed, and group objects by name."""
    if not is_patched(*TASK_CLASS) or not any(isinstance(item, str | Path | Mapping) for item in items):
        return items, {}
    log.info("Tasks are loaded through ConfigurableTask, which the script has changed.")
    manager = manager or TaskManager()
    made: list[Any] = []
    groups: dict[str, Any] = {}
    for item in items:
        if isinstance(item, str | Path | Mapping):
            loaded = manager.load([item])
            made += loaded["tasks"].values()
            groups.update(loaded["groups"])
        else:
            made.append(item)
    return made, groups
