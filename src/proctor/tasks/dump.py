"""A task's whole configuration as lm-eval writes it into ``configs`` of the results file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proctor.tasks.fields import bind
from proctor.tasks.spec import TaskSpec

# The order of keys in lm-eval's results; keys without a value are left out.
_ORDER = (
    "task", "task_alias", "tag", "custom_dataset", "dataset_path", "dataset_name", "dataset_kwargs",
    "training_split", "validation_split", "test_split", "fewshot_split", "process_docs", "doc_to_text",
    "doc_to_target", "doc_to_image", "doc_to_audio", "unsafe_code", "doc_to_choice", "process_results",
    "use_prompt", "description", "target_delimiter", "fewshot_delimiter", "fewshot_config", "num_fewshot",
    "metric_list", "output_type", "generation_kwargs", "repeats", "filter_list", "should_decontaminate",
    "doc_to_decontamination_query", "gen_prefix", "metadata",
)  # fmt: skip


def dump_config(spec: TaskSpec) -> Mapping[str, Any]:
    """The configuration with defaults filled in; functions are resolved, values otherwise as written."""
    return {key: _resolve(value) for key, value in whole_config(spec).items()}


def whole_config(spec: TaskSpec) -> Mapping[str, Any]:
    """The configuration with defaults filled in, in lm-eval's order; references stay references."""
    shots = spec.fewshot
    full: dict[str, Any] = {
        **spec.raw,
        "task": spec.name,
        # None drops the key below: lm-eval leaves out what has no value, and so do files that are compared with its
        # own.
        "dataset_kwargs": dict(spec.data.kwargs) if spec.raw.get("dataset_kwargs") is not None else None,
        "unsafe_code": spec.raw.get("unsafe_code") or False,
        "description": spec.description,
        "target_delimiter": spec.prompt.target_delimiter,
        "fewshot_delimiter": spec.prompt.fewshot_delimiter,
        "num_fewshot": spec.n_shot,
        "metric_list": None if spec.metrics is None else [dict(entry) for entry in spec.metrics],
        "output_type": spec.output,
        "generation_kwargs": spec.generation,
        "repeats": spec.repeats,
        "should_decontaminate": spec.raw.get("should_decontaminate") or False,
        "process_results": "process_results" if spec.predict_only else spec.process_results,
        "metadata": spec.metadata,
        "fewshot_config": {
            "sampler": shots.sampler,
            "split": shots.split,
            "process_docs": shots.process_docs,
            "fewshot_indices": None if shots.indices is None else list(shots.indices),
            "samples": shots.samples,
            "doc_to_text": shots.prompt.text,
            "doc_to_choice": shots.prompt.choice,
            "doc_to_target": shots.prompt.target,
            "gen_prefix": shots.prompt.gen_prefix,
            "fewshot_delimiter": shots.prompt.fewshot_delimiter,
            "target_delimiter": shots.prompt.target_delimiter,
        },
    }
    return {key: full[key] for key in _ORDER if full.get(key) is not None}


def _resolve(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _resolve(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_resolve(item) for item in value]
    return bind(value)
