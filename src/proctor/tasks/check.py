"""The schema of the task language: every error of a configuration at once, each with its line.

It reads values only; nothing is imported, rendered or loaded. What needs data is checked by
``proctor validate``.
"""

# The schema as tables
# --------------------
#   TASK_KEYS     key -> the kinds of values that it may have
#   FEWSHOT_KEYS  the same for fewshot_config
#
# Why not a class with typed fields and a validator: a validator stops at the first error or speaks its own language,
# while a message here is a sentence with the file's line. The order of checks is that of the messages: keys, output
# type, data, fields, counts, examples, metrics, filters.
#
# ``report`` takes a key path and not a line: ``proctor validate`` records which keys are wrong, too, and leaves them
# out when it looks at the data (:class:`proctor.check.report.Report`).

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from proctor.errors import Finding, did_you_mean
from proctor.refs import Ref
from proctor.tasks.output_types.table import OUTPUT_TYPES, output_type_name
from proctor.tasks.source_map import error_at
from proctor.tasks.untagged import remedy, untagged

NO_OPTIONS = "doc_to_choice is missing"
Path = tuple[str | int, ...]
Report = Callable[..., None]

_TEXT, _FLAG, _COUNT, _LIST, _MAP, _REF = (
    "text",
    "true or false",
    "a whole number",
    "a list",
    "a mapping",
    "a !function",
)
_FIELD = (_TEXT, _COUNT, _LIST, _MAP, _REF)

TASK_KEYS: Mapping[str, tuple[str, ...]] = {
    "task": (_TEXT, _LIST),
    "task_alias": (_TEXT,),
    "tag": (_TEXT, _LIST),
    "custom_dataset": (_REF,),
    "dataset_path": (_TEXT,),
    "dataset_name": (_TEXT, _LIST),
    "dataset_kwargs": (_MAP,),
    "training_split": (_TEXT,),
    "validation_split": (_TEXT,),
    "test_split": (_TEXT,),
    "fewshot_split": (_TEXT,),
    "process_docs": (_REF,),
    "doc_to_text": (_TEXT, _COUNT, _REF),
    "doc_to_target": (_TEXT, _COUNT, _LIST, _REF),
    "doc_to_image": _FIELD,
    "doc_to_audio": _FIELD,
    "unsafe_code": (_FLAG,),
    "doc_to_choice": (_TEXT, _LIST, _MAP, _REF),
    "process_results": (_REF, _TEXT),
    "use_prompt": (_TEXT,),
    "description": (_TEXT,),
    "target_delimiter": (_TEXT,),
    "fewshot_delimiter": (_TEXT,),
    "fewshot_config": (_MAP,),
    "num_fewshot": (_COUNT,),
    "metric_list": (_LIST,),
    "output_type": (_TEXT,),
    "generation_kwargs": (_MAP,),
    "repeats": (_COUNT,),
    "filter_list": (_LIST,),
    "should_decontaminate": (_FLAG,),
    "doc_to_decontamination_query": (_TEXT, _REF),
    "gen_prefix": (_TEXT,),
    "metadata": (_TEXT, _FLAG, _COUNT, _LIST, _MAP),
}
FEWSHOT_KEYS: Mapping[str, tuple[str, ...]] = {
    "sampler": (_TEXT, _REF),
    "split": (_TEXT,),
    "process_docs": (_REF,),
    "fewshot_indices": (_LIST,),
    "samples": (_LIST, _REF),
    "doc_to_text": (_TEXT, _COUNT, _REF),
    "doc_to_choice": (_TEXT, _LIST, _MAP, _REF),
    "doc_to_target": (_TEXT, _COUNT, _LIST, _REF),
    "gen_prefix": (_TEXT,),
    "fewshot_delimiter": (_TEXT,),
    "target_delimiter": (_TEXT,),
}
GROUP_KEYS = ("group", "group_alias", "task", "aggregate_metric_list", "metadata", "tag", "include")
AGGREGATE_KEYS = ("metric", "aggregation", "weight_by_size", "filter_list")
SAMPLERS = ("default", "first_n")


def kind_of(value: Any) -> str:
    """The word of the task language for a YAML value's type."""
    if isinstance(value, bool):
        return _FLAG
    if isinstance(value, int):
        return _COUNT
    if isinstance(value, str):
        return _TEXT
    if isinstance(value, Mapping):
        return _MAP
    if isinstance(value, Sequence):
        return _LIST
    if isinstance(value, Ref) or callable(value):
        return _REF
    return "a number" if isinstance(value, float) else type(value).__name__


def check_config(node: Any, *, to_evaluate: bool = True) -> list[Finding]:
    """All errors of one task's configuration that can be seen without data.

    ``to_ask`` False: the task is only loaded, which lm-eval does without options, too.
    """
    errors: list[Finding] = []

    def report(message: str, *path: str | int, hint: str | None = None) -> None:
        # lm-eval: a task without options loads, and fails only when requests are made.
        if not to_evaluate and message.startswith(NO_OPTIONS):
            return
        errors.append(error_at("task", node, message, path, hint))

    inspect_config(node, report)
    return errors


def inspect_config(node: Any, report: Report) -> None:
    """Tell ``report(message, *key path, hint=...)`` everything that :func:`check_config` looks for."""
    config: Mapping[str, Any] = node.config
    if "class" in config:
        # Its other keys are the class's own business.
        if kind_of(config["class"]) != _REF:
            report(f"class must be a !function, but it is {config['class']!r}.", "class")
        return
    _check_keys(config, TASK_KEYS, (), report)
    _check_output(config, report)
    _check_data(config, report)
    _check_fields(config, report)
    _check_counts(config, report)
    _check_fewshot(config, report)
    _check_metrics(config, report)
    _check_filters(config, report)
    for message, path, hint in untagged(node):
        report(message, *path, hint=hint)


def _check_keys(config: Mapping[str, Any], known: Mapping[str, tuple[str, ...]], base: Path, report: Report) -> None:
    for key, value in config.items():
        if key not in known:
            report(f"there is no key {key!r}.", *base, key, hint=did_you_mean(str(key), known))
        elif value is not None and kind_of(value) not in known[key]:
            expected = " or ".join(known[key])
            hint = remedy(value) if _REF in known[key] else None
            report(f"{key} must be {expected}, but it is {kind_of(value)}: {value!r}.", *base, key, hint=hint)


def _check_output(config: Mapping[str, Any], report: Report) -> None:
    output = config.get("output_type")
    if isinstance(output, str) and output not in OUTPUT_TYPES:
        hint = did_you_mean(output, OUTPUT_TYPES) or f"Known: {', '.join(OUTPUT_TYPES)}."
        report(f"there is no output_type {output!r}.", "output_type", hint=hint)


def _check_data(config: Mapping[str, Any], report: Report) -> None:
    if not config.get("dataset_path") and config.get("custom_dataset") is None:
        report("dataset_path is missing: there is nothing to take documents from.", "task")
    if config.get("test_split") is None and config.get("validation_split") is None:
        report("neither test_split nor validation_split is set: there is nothing to evaluate.", "task")


def _check_fields(config: Mapping[str, Any], report: Report) -> None:
    output = OUTPUT_TYPES.get(output_type_name(config))
    # Which keys a named prompt brings along: they need not stand in the file.
    named = str(config.get("use_prompt") or "")
    from_prompt = (
        {"doc_to_text"} if named.startswith("qa-basic:") else {"doc_to_text", "doc_to_target"} if named else set()
    )
    from_prompt |= {"doc_to_choice"} if named.startswith("promptsource:") else set()
    required = () if output is None else [(key, output.missing_key(key)) for key in output.required_keys]
    for key, message in required:
        if config.get(key) is None and key not in from_prompt:
            report(message, "output_type")
    # An empty list is caught here, an empty column only with the document.
    for key in ("doc_to_choice",):
        if isinstance(config.get(key), (list, dict)) and not config[key]:
            report("doc_to_choice is empty: there is nothing to choose from.", key)


def _check_counts(config: Mapping[str, Any], report: Report) -> None:
    shots, repeats = config.get("num_fewshot"), config.get("repeats")
    if isinstance(shots, int) and shots < 0:
        report(f"num_fewshot must be 0 or more, but it is {shots}.", "num_fewshot")
    if isinstance(repeats, int) and repeats < 1:
        report(f"repeats must be 1 or more, but it is {repeats}.", "repeats")
    generation = config.get("generation_kwargs")
    if isinstance(generation, Mapping) and "temperature" in generation:
        try:
            float(generation["temperature"])
        except (TypeError, ValueError):
            report(f"temperature must be a number, but it is {generation['temperature']!r}.", "generation_kwargs")


def _check_fewshot(config: Mapping[str, Any], report: Report) -> None:
    own = config.get("fewshot_config")
    if not isinstance(own, Mapping):
        return
    _check_keys(own, FEWSHOT_KEYS, ("fewshot_config",), report)
    sampler = own.get("sampler")
    if isinstance(sampler, str) and sampler not in SAMPLERS:
        hint = did_you_mean(sampler, SAMPLERS) or f"Known: {', '.join(SAMPLERS)}, or a !function class."
        report(f"there is no sampler {sampler!r}.", "fewshot_config", "sampler", hint=hint)


def _check_metrics(config: Mapping[str, Any], report: Report) -> None:
    entries = config.get("metric_list")
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        if not isinstance(entry, Mapping) or entry.get("metric") is None:
            report("an entry of metric_list names no metric.", "metric_list", index, hint="Write '- metric: acc'.")


def _check_filters(config: Mapping[str, Any], report: Report) -> None:
    entries = config.get("filter_list")
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        place: Path = ("filter_list", index)
        if not isinstance(entry, Mapping) or "name" not in entry or not isinstance(entry.get("filter"), list):
            report("an entry of filter_list needs 'name' and a list 'filter'.", *place)
            continue
        for step, function in enumerate(entry["filter"]):
            if not isinstance(function, Mapping) or function.get("function") is None:
                report("a filter step names no 'function'.", *place, "filter", step)


def check_group(node: Any) -> list[Finding]:
    """All errors of a group's own keys."""
    errors: list[Finding] = []

    def report(message: str, *path: str | int, hint: str | None = None) -> None:
        errors.append(error_at("group", node, message, path, hint))

    if not node.config.get("task"):
        report("it has no members.", "task", hint="List the names of tasks, groups or tags under 'task:'.")
    entries = node.config.get("aggregate_metric_list")
    entries = [entries] if isinstance(entries, Mapping) else entries or []
    if not isinstance(entries, list):
        report("aggregate_metric_list must be a list.", "aggregate_metric_list")
        return errors
    for index, entry in enumerate(entries):
        place: Path = ("aggregate_metric_list", index)
        if not isinstance(entry, Mapping) or not entry.get("metric"):
            report("an entry of aggregate_metric_list names no metric.", *place)
            continue
        for key in entry:
            # higher_is_better stands in lm-eval's documentation; it changes nothing here.
            if key not in AGGREGATE_KEYS and key != "higher_is_better":
                report(
                    f"there is no key {key!r} in aggregate_metric_list.",
                    *place,
                    key,
                    hint=did_you_mean(key, AGGREGATE_KEYS),
                )
        aggregation = entry.get("aggregation", "mean")
        if aggregation != "mean" and isinstance(aggregation, str):
            report(f"a group can aggregate by 'mean' only, not by {aggregation!r}.", *place, "aggregation")
    return errors
