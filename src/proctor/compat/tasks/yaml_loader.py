"""``lm_eval.tasks._yaml_loader``: a task file with what it includes, for code that reads such files itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from proctor.compat.errors import raises_built_in
from proctor.refs import Ref
from proctor.tasks.fields import bind_all
from proctor.tasks.yaml import load_task_yaml


@raises_built_in
def load_yaml(path: str | Path, *, resolve_func: bool = True) -> dict[str, Any]:
    """The keys of a file over those that it includes.

    Args:
        path: the file.
        resolve_func: load what ``!function`` names; else its text, ``module.name``, stands there.

    Raises:
        TaskError: (an OSError and a ValueError, too) what is wrong in the file or in an included one.
    """
    content = load_task_yaml(Path(path).expanduser())
    return (bind_all if resolve_func else _named)(content.values)


def _named(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _named(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_named(item) for item in value]
    return value.name if isinstance(value, Ref) else value
