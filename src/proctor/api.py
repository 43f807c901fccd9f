"""The Python face of a run: the command line's settings as keywords, its result as values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from proctor.errors import DataError
from proctor.types import RunResult


def evaluate(
    *,
    model: str = "hf",
    model_args: Mapping[str, Any] | str | None = None,
    tasks: Sequence[str] | str,
    bootstrap_iters: int = 100_000,
    **settings: Any,
) -> RunResult:
    """Evaluate a model and return tasks, groups and records.

    ``settings`` are the other flags of ``proctor run`` under their own names (``num_fewshot``,
    ``limit``, ``batch_size``, ``include_path``, ``apply_chat_template``, ...). Records are kept.
    ``bootstrap_iters``: replicates for standard errors that have no formula; 0 leaves them out.
    Raises the errors of :mod:`proctor.errors`.
    """
    from proctor.run.config import build_config
    from proctor.run.progress import Quiet
    from proctor.run.session import evaluate as run

    config = build_config({"model": model, "model_args": model_args or {}, "tasks": tasks, **settings})
    return run(config, progress=Quiet, bootstrap_iters=bootstrap_iters, keep_records=True)


def load_tasks(tasks: Sequence[str] | str, *, include_path: Sequence[str] | str = (), **settings: Any) -> list[Any]:
    """Bound tasks (:class:`proctor.tasks.task.Task`) under the settings of a run: data, prompts, metrics."""
    from proctor.run.config import build_config
    from proctor.run.progress import Quiet
    from proctor.run.session import bind_tasks, select_suite

    config = build_config({"tasks": tasks, "include_path": include_path, **settings})
    return bind_tasks(select_suite(config).tasks, Quiet)


def open_results(path: str | Path) -> dict[str, Any]:
    """The content of a ``results_*.json``, of proctor or of lm-eval."""
    file = Path(path)
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataError(f"There is no results file {file}.") from error
    except (OSError, ValueError) as error:
        raise DataError(f"{file} cannot be read as a results file: {error}") from error
    if not isinstance(document, dict) or "results" not in document:
        raise DataError(f"{file} is no results file: it has no 'results'.")
    return document
