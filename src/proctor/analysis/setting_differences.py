"""What else differs between two runs: settings that explain a difference of scores as well as the model does."""

# Listed is what can change a score: the model's arguments, examples, templates, limits, versions of tasks. Not listed
# is what does not: the batch size, the machine, paths of caches. A key that one file does not have is no difference, as
# lm-eval's older files have fewer keys.

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from proctor.results.stored_run import StoredRun

_CONFIG = ("limit", "gen_kwargs", "random_seed", "numpy_seed", "torch_seed", "fewshot_seed", "model_dtype",
           "model_revision", "model_sha", "max_length", "num_fewshot", "predict_only")  # fmt: skip
_TOP = ("system_instruction", "chat_template", "fewshot_as_multiturn", "max_length", "lm_eval_version",
        "transformers_version")  # fmt: skip
_TASK = ("output_type", "dataset_path", "dataset_name", "test_split", "process_docs", "doc_to_text", "doc_to_choice",
         "doc_to_target", "target_delimiter", "fewshot_delimiter", "description", "filter_list", "generation_kwargs",
         "repeats")  # fmt: skip
_SHOWN = 60
"""Characters of a value that are shown; longer ones are only said to differ."""
_ARGUMENT = "model_args."
_MISSING = object()


@dataclass(frozen=True, slots=True)
class SettingDifference:
    """One setting that differs.

    Attributes:
        name: The setting: ``num_fewshot``, ``model_args.dtype``, ``doc_to_text``.
        a: Its value in the first run.
        b: Its value in the second run.
        tasks: The tasks in which it differs; empty for a setting of the whole run.
    """

    name: str
    a: Any
    b: Any
    tasks: tuple[str, ...] = ()

    def __str__(self) -> str:
        """``num_fewshot 0 → 5 (in 57 tasks)``; a value that is too long to be shown is said to differ."""
        shown = [_short(value) for value in (self.a, self.b)]
        values = f"{shown[0]} → {shown[1]}" if all(shown) else "differs"
        where = ""
        if self.tasks:
            where = f" (in {self.tasks[0]})" if len(self.tasks) == 1 else f" (in {len(self.tasks):,} tasks)"
        return f"{self.name} {values}{where}"


def same_model(a: StoredRun, b: StoredRun, differences: Iterable[SettingDifference]) -> bool:
    """Whether two runs are of one model that was computed alike, as far as their files say.

    Args:
        a: One run.
        b: The other one.
        differences: The settings in which they differ.
    """
    named = bool(a.section("config")) and bool(b.section("config")) and a.name == b.name
    return named and not any(one.name.startswith((_ARGUMENT, "model_")) for one in differences)


def setting_differences(a: StoredRun, b: StoredRun, tasks: Iterable[str]) -> tuple[SettingDifference, ...]:
    """The settings that differ and can change scores.

    Args:
        a: One run.
        b: The other one.
        tasks: The tasks that are compared.
    """
    return (*_of_run(a, b), *_of_tasks(a, b, tuple(tasks)))


def settings_of_run(run: StoredRun) -> dict[str, Any]:
    """The settings of a whole run that can change scores, as far as its file has them.

    Args:
        run: The run.
    """
    config = run.section("config")
    found: dict[str, Any] = {"options chosen by": _ways_of_choosing(run)}
    found |= {name: config[name] for name in ("model",) if name in config}
    found |= {f"{_ARGUMENT}{name}": value for name, value in arguments_of(config.get("model_args")).items()}
    found |= {name: config[name] for name in _CONFIG if name in config}
    return found | {name: run.document[name] for name in _TOP if name in run.document and name not in found}


def _of_run(a: StoredRun, b: StoredRun) -> Iterator[SettingDifference]:
    first, second = settings_of_run(a), settings_of_run(b)
    for name in dict.fromkeys((*first, *second)):
        missing = None if name.startswith(_ARGUMENT) else _MISSING
        yield from _compared(name, first.get(name, missing), second.get(name, missing))


def _ways_of_choosing(run: StoredRun) -> str:
    """How options were chosen: by log-likelihoods, or by label where a model gives none (other scores)."""
    rows = run.section("proctor", "choices").get("tasks")
    ways = {str(one.get("scoring")) for one in (rows if isinstance(rows, list) else ()) if isinstance(one, dict)}
    return ", ".join(sorted(ways)) or "log-likelihoods"


def _compared(name: str, a: Any, b: Any) -> Iterator[SettingDifference]:
    if a is not _MISSING and b is not _MISSING and _plain(a) != _plain(b):
        yield SettingDifference(name, a, b)


def _plain(value: Any) -> Any:
    # 0.4.0's configurations are text where later ones are numbers or mappings.
    return json.dumps(value, sort_keys=True, default=str) if value not in (None, "", {}, []) else None


def arguments_of(given: Any) -> Mapping[str, Any]:
    """Arguments of a model as a mapping, of a text ``key=value,...`` too.

    Args:
        given: ``model_args`` of a results file.
    """
    if isinstance(given, str):
        pairs = [item.partition("=") for item in given.split(",")]
        return {key.strip(): value.strip() for key, _, value in pairs if key.strip()}
    return given if isinstance(given, Mapping) else {}


def _of_tasks(a: StoredRun, b: StoredRun, tasks: tuple[str, ...]) -> Iterator[SettingDifference]:
    found: dict[tuple[str, str, str], tuple[Any, Any, list[str]]] = {}
    for task in tasks:
        for name, one, other in _task_values(a, b, task):
            if one is not _MISSING and other is not _MISSING and _plain(one) != _plain(other):
                key = (name, str(_plain(one)), str(_plain(other)))
                found.setdefault(key, (one, other, []))[2].append(task)
    for (name, _, _), (one, other, where) in found.items():
        yield SettingDifference(name, one, other, tuple(where))


def _task_values(a: StoredRun, b: StoredRun, task: str) -> Iterator[tuple[str, Any, Any]]:
    for name, key in (("num_fewshot", "n-shot"), ("version", "versions")):
        one, other = a.section(key), b.section(key)
        yield name, one.get(task, _MISSING), other.get(task, _MISSING)
    first, second = a.config(task), b.config(task)
    for name in _TASK:
        if first and second:
            yield name, first.get(name), second.get(name)


def _short(value: Any) -> str:
    text = "none" if value is None or value == "" else value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= _SHOWN and "\n" not in text else ""
