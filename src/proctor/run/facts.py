"""What the results file says of a run beside its scores: settings, model, tokenizer, templates."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from proctor.models.protocols import Model
from proctor.run.choice_counts import report_choices
from proctor.run.scores import MetricValues
from proctor.run.text_counts import report_texts
from proctor.run_result import ClusteredError, GroupResult, TaskResult
from proctor.sandbox.run import bounds_report
from proctor.settings.config import RunConfig
from proctor.stock.location import stock_roots
from proctor.tasks.class_task import AnyTask


def config_section(
    config: RunConfig, facts: Mapping[str, Any], report: Mapping[str, Any], bootstrap_iters: int
) -> dict[str, Any]:
    """The ``config`` section of the results file, in lm-eval's order of keys."""
    # Only those that the model states: lm-eval leaves the others out, too.
    keys = ("model_num_parameters", "model_dtype", "model_revision", "model_sha", "peft_sha", "delta_sha")
    return {
        "model": config.model,
        "model_args": dict(config.model_args),
        **{key: facts[key] for key in keys if key in facts},
        "batch_size": config.batch_size,
        "batch_sizes": report.get("batch_sizes", []),
        "device": config.device or facts.get("device"),
        "use_cache": config.use_cache,
        "limit": config.limit,
        **({"limit_order": config.limit_order} if config.limit_order != "first" else {}),
        "bootstrap_iters": bootstrap_iters,
        "gen_kwargs": dict(config.gen_kwargs),
        "random_seed": config.seed.python,
        "numpy_seed": config.seed.numpy,
        "torch_seed": config.seed.torch,
        "fewshot_seed": config.seed.fewshot,
    }


def exam_facts(
    tasks: Sequence[AnyTask],
    values_by_task: Mapping[str, MetricValues],
    warnings: Mapping[str, Any],
    scored: Sequence[TaskResult | GroupResult],
) -> dict[str, Any]:
    """What is worth knowing of the tasks: where they are from, their texts, warnings, how sure their scores are.

    Args:
        tasks: The tasks.
        values_by_task: Their metrics by document.
        warnings: By task, what was wrong with its prompts.
        scored: Tasks and groups whose scores get an interval.
    """
    return {
        **stock_facts({task.spec.name: task.spec.file for task in tasks}),
        **report_texts({name: one.texts for name, one in values_by_task.items()}),
        **report_choices({name: one.choices for name, one in values_by_task.items()}),
        **({"warnings": warnings} if warnings else {}),
        **score_facts(scored),
        **sandbox_facts(),
    }


def sandbox_facts() -> dict[str, Any]:
    """What confined the programs that were run, if any were."""
    bounds = bounds_report()
    return {} if bounds is None else {"sandbox": bounds}


def model_report(report: Mapping[str, Any], device: Any, digest: str | None) -> dict[str, Any]:
    """How the responses were computed, and what they are stored under.

    Args:
        report: :meth:`proctor.models.protocols.Model.report`.
        device: Where the model runs.
        digest: Of the model's identity; None: its responses are not stored.
    """
    return {"device": device, **report, **({"model_digest": digest} if digest else {})}


def stock_facts(files: Mapping[str, str | None]) -> dict[str, Any]:
    """Which tasks came from lm-eval's own files, and which version that was, if any did.

    ``files``: the YAML file of each task, by name.
    """
    places: list[dict[str, Any]] = []
    for place in stock_roots():
        names = [name for name, file in files.items() if file and Path(file).is_relative_to(place.path)]
        # Roots that no task came from are not named: an installed lm-eval beside proctor is no part of every run.
        if names:
            places.append({"lm_eval": place.version, "folder": str(place.path), "tasks": names})
    return {"stock_tasks": places} if places else {}


def score_facts(parts: Iterable[TaskResult | GroupResult]) -> dict[str, Any]:
    """How sure each score is: its documents, the method of its standard error, its interval at 95 %.

    A list, not a mapping by name: a task may be named ``secret_letters``, and what stands under such a key is hidden.

    Args:
        parts: Tasks and groups.
    """
    rows = [
        {
            "name": part.name,
            "metric": metric,
            "filter": pipeline,
            "n": value.n,
            "method": value.method,
            "interval": None if value.interval is None else list(value.interval),
            **_cluster_facts(value.clustered),
        }
        for part in parts
        for (metric, pipeline), value in part.values.items()
    ]
    return {"scores": rows} if rows else {}


def _cluster_facts(found: ClusteredError | None) -> dict[str, Any]:
    if found is None:
        return {}
    interval = None if found.interval is None else list(found.interval)
    return {"clusters": found.clusters, "interval_clustered": interval}


def tokenizer_facts(facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """The tokenizer's part of what a model says of itself."""
    return facts.get("tokenizer") or {}


def model_facts(config: RunConfig, model: Model) -> dict[str, Any]:
    """What follows ``task_hashes`` in the results file: the model's name and what framed its prompts."""
    template = model.chat_template(config.apply_chat_template) if config.apply_chat_template else None
    return {
        "model_source": config.model,
        "model_name": model.name,
        "system_instruction": config.system_instruction,
        "system_instruction_sha": _sha(config.system_instruction),
        "fewshot_as_multiturn": config.fewshot_as_multiturn,
        "chat_template": template,
        "chat_template_sha": _sha(template),
    }


def _sha(text: str | None) -> str | None:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() if text else None
