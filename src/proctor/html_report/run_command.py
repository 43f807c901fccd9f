"""The command that makes a run again, out of its results file."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from proctor.analysis.setting_differences import arguments_of
from proctor.results.read import top_names
from proctor.results.stored_run import StoredRun


def run_command(run: StoredRun) -> str | None:
    """The command; None where the file does not say which model was run.

    Args:
        run: The run.
    """
    config = run.section("config")
    if not config.get("model"):
        return None
    words = ["proctor", "run", "--model", str(config["model"])]
    arguments = arguments_of(config.get("model_args"))
    if arguments:
        words += ["--model_args", ",".join(f"{key}={_value(value)}" for key, value in arguments.items())]
    words += ["--tasks", *top_names(run.document, run.tasks)]
    return " ".join([*map(shlex.quote, words), *map(shlex.quote, _settings(run, config))])


def _value(value: Any) -> str:
    return "" if value is None else str(value)


def _settings(run: StoredRun, config: Mapping[str, Any]) -> Iterator[str]:
    shots = {count for task, count in run.section("n-shot").items() if task in run.tasks and isinstance(count, int)}
    if len(shots) == 1 and shots != {0}:
        yield from ("--num_fewshot", str(*shots))
    for name in ("limit", "batch_size", "device"):
        if config.get(name) is not None:
            yield from (f"--{name}", str(config[name]))
    generation = config.get("gen_kwargs")
    if isinstance(generation, Mapping) and generation:
        yield from ("--gen_kwargs", ",".join(f"{key}={value}" for key, value in generation.items()))
    if run.document.get("chat_template"):
        yield "--apply_chat_template"
    if run.document.get("system_instruction"):
        yield from ("--system_instruction", str(run.document["system_instruction"]))
