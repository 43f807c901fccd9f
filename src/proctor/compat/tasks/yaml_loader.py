"""``lm_eval.tasks._yaml_loader``: a task file with what it includes, for code that reads such files itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from proctor.compat.errors import raises_built_in
from proctor.refs import Ref
from proctor.tasks.fields import bind
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
    return {key: _resolved(value, load=resolve_func) for key, value in content.values.items()}


def _resolved(value: Any, *, load: bool) -> Any:
    if isinstance(value, Ref):
        return bind(value) if load else value.name
    if isinstance(value, dict):
        return {key: _resolved(item, load=load) for key, item in value.items()}
    return [_resolved(item, load=load) for item in value] if isinstance(value, list) else value
