"""Where an earlier run is found: its settings, and the responses that it had."""

# Where an earlier run is found
# -----------------------------
#   a number          -> list of runs in the store -> settings, model's digest   -> responses by their keys
#   a results file    -> the run in the store that began at its ``date``           -> as above
#                     -> else the samples files beside it (of lm-eval, too)        -> responses by their texts
#
# The store comes first: it has every repeat of every request, and the run's exact settings. A results file does not say
# all of them: documents are taken from its samples, numbers of examples from "n-shot".
#
# Prompts are made anew from today's task files. A response counts for exactly the request that it was given to;
# whatever is missing is an error with the number of requests, for a score of the rest would be another score.

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from proctor.analysis.clusters import declared_cluster
from proctor.errors import DataError, UsageError, error_line
from proctor.models import declared_kind, open_model, open_tokenizer
from proctor.replay.changes import Changes
from proctor.replay.samples import SamplesResponses
from proctor.results.read import SEEDS, find_results_file, read_results, samples_beside, top_names
from proctor.run.ask import ResponseSource
from proctor.run.replay_model import ReplayModel
from proctor.run.run_store import path_of
from proctor.settings.config import RunConfig, Seeds, build_config
from proctor.settings.early_stop import read_early_stop
from proctor.store.admin import opened
from proctor.store.keys import identity_digest
from proctor.store.runs import Run, list_runs, model_of
from proctor.tasks.spec import RunOverrides, TaskSpec

log = logging.getLogger("proctor")


@dataclass(frozen=True, slots=True)
class EarlierRun:
    """An earlier run: its settings, which model, and the responses where they are in no store.

    ``shots``: numbers of few-shot examples by task, where the settings do not say how they came about.
    """

    config: RunConfig
    model: ReplayModel
    responses: ResponseSource | None = None
    shots: Mapping[str, int] = field(default_factory=dict)

    def as_requested(self, spec: TaskSpec) -> TaskSpec:
        """A task with the few-shot examples that it had in this run.

        Args:
            spec: The task, as its file has it now.
        """
        shots = self.shots.get(spec.name, spec.n_shot)
        if spec.made_by is not None:
            if spec.name not in self.shots:
                return spec
            return replace(spec, overrides=replace(spec.overrides or RunOverrides(), num_fewshot=shots))
        return spec if shots == spec.n_shot else replace(spec, fewshot=replace(spec.fewshot, n=shots))


def find_past(source: str | Path, changes: Changes) -> EarlierRun:
    """The run that ``source`` names: by its number in the store, or by its results file.

    Args:
        source: A number, or a path.
        changes: Where the store is, and what is different this time.

    Raises:
        UsageError: There is no such run or file.
        DataError: The results file or the store lacks what it takes to grade it again.
    """
    if str(source).isdecimal():
        return _from_store(_run_numbered(int(str(source)), _store(changes)), changes, None)
    file = find_results_file(Path(source))
    document = read_results(file)
    run = None if changes.no_store else _run_of(document, changes)
    if run is not None:
        return _from_store(run, changes, file)
    try:
        return _from_samples(file, document, changes)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        what = error_line(error)
        raise DataError(f"{file} does not say what it would take to grade it again: {what}.") from error


def _store(changes: Changes) -> Path:
    path = path_of(RunConfig(store=changes.store))
    if changes.no_store or path is None:
        raise UsageError("A run's number is one of the store, and the store is switched off.")
    return path


def _run_numbered(number: int, store: Path) -> Run:
    with opened(store) as connection:
        matches = [run for run in list_runs(connection) if run.id == number]
    if not matches:
        raise UsageError(f"There is no run {number} in {store}.", hint="'proctor runs' lists them.")
    return matches[0]


def _run_of(document: Mapping[str, Any], changes: Changes) -> Run | None:
    """The run that wrote these results, if the store has its responses."""
    path, begun = path_of(RunConfig(store=changes.store)), document.get("date")
    if path is None or not os.path.isfile(path) or not isinstance(begun, float):
        return None
    with opened(path) as connection:
        # Unix time with microseconds: two runs of one store do not begin at the same one.
        matches = [run for run in list_runs(connection) if run.started == begun and run.digest is not None]
    return matches[0] if matches else None


def _from_store(run: Run, changes: Changes, results: Path | None) -> EarlierRun:
    if not run.config:
        raise UsageError(
            f"Entry {run.id} stands for responses that '{run.command}' added: it has no settings to grade by.",
            hint="Name the results file of the run that they are from.",
        )
    if run.digest is None:
        raise UsageError(
            f"The responses of run {run.id} are not in the store: its model has no identity there.",
            hint="Name its results file instead: the samples files beside it have the responses, too.",
        )
    with opened(_store(changes)) as connection:
        identity, facts = model_of(connection, run.digest)
    # The identity is stored without secrets: if one was hidden in it, keys cannot be computed from it.
    if identity_digest(identity) != run.digest:
        raise DataError(f"What the store says of the model of run {run.id} is not complete: it cannot be regraded.")
    config = changes.apply_to(_placed(_config_of(run.config), Path(run.folder)))
    if not config.tasks:
        raise UsageError(f"Run {run.id} was given its tasks by a script.", hint="Name them: --tasks NAME[,NAME...].")
    command = f"{run.command}  (with --tasks {','.join(changes.tasks)})" if changes.tasks else run.command
    model = ReplayModel(
        run.name,
        identity=identity,
        facts=facts,
        open_renderer=lambda: _renderer(config),
        extra={"regraded_from": {"run": run.id, **({"results": results.name} if results else {})}},
        remedy=f"The same run again asks the model for them: {command}",
    )
    return EarlierRun(config, model)


def _renderer(config: RunConfig) -> Any:
    """What knows the chat template: the tokenizer; or the model, of a kind of chats that has no tokenizer apart."""
    kind = declared_kind(config.model)
    if kind.messages and kind.open_tokenizer is None:
        return open_model(config.model, config.model_args)
    return open_tokenizer(config.model, config.model_args)


def _config_of(stored: Mapping[str, Any]) -> RunConfig:
    """A configuration out of the JSON in which the store has it; settings that are unknown by now are left out."""
    known = {one.name for one in fields(RunConfig)}
    values = {key: value for key, value in stored.items() if key in known}
    values["tasks"] = tuple(values.get("tasks") or ())
    values["include_path"] = tuple(values.get("include_path") or ())
    if values.get("samples") is not None:
        values["samples"] = {task: tuple(places) for task, places in values["samples"].items()}
    values["seed"] = Seeds(**values["seed"])
    return RunConfig(**values)


def _placed(config: RunConfig, folder: Path) -> RunConfig:
    """Paths that were relative to the folder in which the run was started."""

    def placed(given: str) -> str:
        there = folder / given
        is_path = given.endswith((".yaml", ".yml")) or "/" in given
        return str(there) if is_path and not Path(given).exists() and there.exists() else given

    return replace(
        config,
        tasks=tuple(map(placed, config.tasks)),
        include_path=tuple(str(folder / given) if not Path(given).exists() else given for given in config.include_path),
        early_stop=_placed_stop(config.early_stop, folder),
    )


def _placed_stop(setting: str | None, folder: Path) -> str | None:
    """The setting with the run that it is compared with, where that was given relative to the folder."""
    rule = None if setting is None else read_early_stop(setting)
    if rule is None or rule.against is None or Path(rule.against).exists():
        return setting
    return replace(rule, against=str(folder / rule.against)).text if (folder / rule.against).exists() else setting


def _from_samples(file: Path, document: Mapping[str, Any], changes: Changes) -> EarlierRun:
    responses = SamplesResponses()
    for task, path in samples_beside(file, document).items():
        responses.read(task, path)
    if not responses.documents:
        raise UsageError(
            f"The responses of {file} are not in the store, and there are no samples files beside it.",
            hint="--store PATH names another store; runs with --log_samples write samples files.",
        )
    config = changes.apply_to(_config_from(document, responses.documents, changes))
    chosen = set(changes.tasks)
    lost = sorted(set(document.get("configs") or {}) - set(responses.documents)) if not chosen else []
    if lost:
        log.warning("No samples file is there of %s.", ", ".join(lost[:5]) + (", ..." if len(lost) > 5 else ""))
    model = ReplayModel(
        str(document.get("model_name") or config.model),
        facts=_facts(document),
        open_renderer=lambda: _renderer(config),
        extra={"regraded_from": {"results": file.name}},
        remedy="Task files as they were then (--include_path), or --num_fewshot, may make the prompts the same again.",
    )
    shots = document.get("n-shot") if changes.num_fewshot is None else None
    return EarlierRun(replace(config, no_store=True, store=None), model, responses, dict(shots or {}))


def _facts(document: Mapping[str, Any]) -> Mapping[str, Any]:
    from proctor.results.schema import TOKENIZER_KEYS

    config = document.get("config") or {}
    keys = ("model_num_parameters", "model_dtype", "model_revision", "model_sha", "device")
    tokenizer = {key: document[key] for key in TOKENIZER_KEYS if key in document}
    return {**{key: config[key] for key in keys if key in config}, "tokenizer": tokenizer}


def _config_from(document: Mapping[str, Any], documents: Mapping[str, Sequence[int]], changes: Changes) -> RunConfig:
    """The settings that a results file knows of its run."""
    known = document.get("config") or {}
    orders = (document.get("proctor") or {}).get("choice_orders") or {}
    formulations = (document.get("proctor") or {}).get("formulations") or {}
    draws = ((document.get("proctor") or {}).get("fewshot_seeds") or {}).get("seeds")
    seeds = Seeds(*map(known.get, SEEDS))
    chat = bool(document.get("chat_template"))
    given = {
        "model": known.get("model") or "hf",
        "model_args": known.get("model_args") or {},
        "tasks": list(changes.tasks) or top_names(document, list(documents)),
        "include_path": list(changes.include_path),
        "gen_kwargs": known.get("gen_kwargs") or {},
        "system_instruction": document.get("system_instruction"),
        "apply_chat_template": chat,
        "fewshot_as_multiturn": bool(document.get("fewshot_as_multiturn")) if chat else None,
        "choice_orders": orders.get("orders") or "canonical",
        "choice_orders_keep": orders.get("keep") or "auto",
        "formulations": formulations.get("formulations") or "task",
        "choices_only": bool(formulations.get("choices_only")),
        "fewshot_seeds": len(draws) if isinstance(draws, list) and len(draws) > 1 else None,
        "cluster": _cluster_of(document),
    }
    stop = known.get("early_stop") or {}
    config = build_config({**given, "early_stop": stop.get("rule")})
    # Exactly the documents that were asked, however they were chosen.
    chosen = {task: tuple(places) for task, places in documents.items()}
    computed = {
        "limit": known.get("limit"),
        "limit_order": known.get("limit_order") or "first",
        "batch_size": known.get("batch_size") or 1,
        "device": known.get("device"),
    }
    # A run that may stop asks in its own order, and ends where the responses end.
    return replace(config, seed=seeds, samples=None if stop else chosen, include_path=(), **computed)


def _cluster_of(document: Mapping[str, Any]) -> str | None:
    """The column of clusters that the run itself was given: one that its tasks do not name."""
    configs = document.get("configs") or {}
    for row in (document.get("proctor") or {}).get("clusters") or ():
        if row["column"] != declared_cluster((configs.get(row["task"]) or {}).get("metadata")):
            return row["column"]
    return None
