"""What can be wrong with a task's files, found without running any of its code or loading its data.

Names are looked up, templates compiled but not rendered, functions looked for but not imported.
"""

# Three levels of looking at a task
# ---------------------------------
#   files       this module     its keys, names, templates' syntax, functions' names     no code runs, no data is read
#   documents   documents.py    every field of every document                            code of the task if allowed
#   run         task_checks.py  the documents of this run, while prompts are built       code runs anyhow
#
# Each level takes from the one above which keys are unusable (``Report.keys``). They are left out of the configuration
# before the next level, so that one wrong key does not hide what is wrong with the others.

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from proctor.check.braces import unrendered
from proctor.check.functions import function_errors, import_notes, registered_names, ships_with_proctor
from proctor.check.report import Report
from proctor.errors import Finding, MissingExtraError, TaskError, UsageError, did_you_mean, value_text
from proctor.filters.pipeline import build_pipelines, check_filter_list
from proctor.metrics.base import MeasuredOutput
from proctor.metrics.evaluate_loader import OWN
from proctor.metrics.metric_list import check_metric_entry, use_metric
from proctor.metrics.tables import METRICS
from proctor.models.generation import plan_generation
from proctor.refs import Ref
from proctor.tasks.build_spec import named_prompt_of
from proctor.tasks.check import check_group, inspect_config, kind_of
from proctor.tasks.choice_search import DeclarationError, declaration
from proctor.tasks.generation_kwargs import DEFAULT_GENERATION
from proctor.tasks.output_types.table import OUTPUT_TYPES, output_type_name
from proctor.tasks.select import GroupNode, TaskNode
from proctor.tasks.source_map import KeyPath, error_at
from proctor.tasks.templates import template_error

TEMPLATES: tuple[KeyPath, ...] = tuple(
    (*base, key)
    for base in ((), ("fewshot_config",))
    for key in ("description", "doc_to_text", "doc_to_target", "doc_to_choice", "gen_prefix")
)


def check_task(node: TaskNode) -> Report:
    """Everything about one task that its files show.

    Args:
        node: The task, as its file has it.
    """
    report = Report("task", node)
    inspect_config(node, report.error)
    config = node.config
    for path, ref in _refs(config, ()):
        for finding in function_errors(ref):
            report.errors.append(_placed(finding, path, report))
            report.keys.add(str(path[0]))
        report.notes += import_notes(ref)
    if "class" in config:
        return report
    for path in TEMPLATES:
        _check_template(_at(config, path), path, report)
    _check_choices(config.get("doc_to_choice"), report)
    try:
        declared = declaration(config.get("metadata"))
        if declared is not None:
            _check_template(declared.question, ("metadata", "choices", "question"), report)
    except DeclarationError as error:
        report.error(f"metadata.choices {error.message}.", "metadata", "choices", hint=error.hint)
    for literal in unrendered(config):
        # The value can be used as it stands: what hangs on it is checked all the same.
        report.errors.append(error_at("task", node, literal.message, literal.path, literal.hint))
    registered = registered_names(ref for _, ref in _refs(config, ()))
    _check_metrics(config, registered, report)
    _check_filters(config.get("filter_list"), registered, report)
    _check_generation(config, report)
    _check_named_prompt(node, report)
    return report


def code_keys(config: Mapping[str, Any]) -> set[str]:
    """The keys of a task whose use would run Python that does not ship with proctor.

    That are those with a ``!function``, and the lists whose names such a file registers or the
    package ``evaluate`` would fetch a script for.

    Args:
        config: The task's keys and values.
    """
    refs = [(path, ref) for path, ref in _refs(config, ()) if not ships_with_proctor(ref)]
    keys = {str(path[0]) for path, _ in refs}
    registered = registered_names(ref for _, ref in refs)
    if any(name in registered for name in _names(config.get("filter_list"), "function")):
        keys.add("filter_list")
    if any(name in registered for name in _names(config.get("metric_list"), "metric", "aggregation")):
        keys.add("metric_list")
    if any(name not in METRICS and name not in OWN for name in _names(config.get("metric_list"), "metric")):
        keys.add("metric_list")
    if any(entry.get("hf_evaluate") is True for entry in _mappings(config.get("metric_list"))):
        keys.add("metric_list")
    return keys


def _mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        yield value
    for item in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        yield from _mappings(item)


def _names(entries: Any, *keys: str) -> Iterator[str]:
    values = (entry.get(key) for entry in _mappings(entries) for key in keys)
    yield from (name for name in values if isinstance(name, str))


def check_group_node(node: GroupNode) -> Report:
    """Everything about one group that its files show.

    Args:
        node: The group, as its file has it.
    """
    report = Report("group", node)
    report.errors += check_group(node)
    entries = node.config.get("aggregate_metric_list")
    entries = [entries] if isinstance(entries, Mapping) else entries
    leaves = [leaf for leaf in node.leaves() if "class" not in leaf.config]
    if not leaves:
        return report
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, Mapping) and isinstance(entry.get("metric"), str):
            _check_aggregate(entry, ("aggregate_metric_list", index), leaves, report)
    return report


def _check_aggregate(entry: Mapping[str, Any], path: KeyPath, leaves: Sequence[TaskNode], report: Report) -> None:
    metric = entry["metric"]
    lacking = [leaf.name for leaf in leaves if metric not in metric_names(leaf.config)]
    open_ended = any(map(_names_its_own, leaves))
    if len(lacking) == len(leaves):
        known = sorted({name for leaf in leaves for name in metric_names(leaf.config)})
        hint = did_you_mean(metric, known) or f"They have: {', '.join(known)}."
        # Code may give values under names that no list has: then an absent metric is no certain error.
        tell = report.note if open_ended else report.error
        tell(f"no task of the group lists the metric {metric!r}.", *path, "metric", hint=hint)
    elif lacking:
        named = f"{', '.join(lacking[:3])}{', ...' if len(lacking) > 3 else ''}"
        few = f"{len(lacking)} of {len(leaves)} tasks do not list the metric {metric!r} and are left out ({named})."
        report.note(few, *path, "metric")
    filters = entry.get("filter_list")
    wanted = [filters] if isinstance(filters, str) else filters or []
    there = {name for leaf in leaves for name in _filter_names(leaf.config)}
    for name in wanted if isinstance(wanted, list) else ():
        if name not in there:
            hint = did_you_mean(str(name), there) or f"They have: {', '.join(sorted(there))}."
            report.error(f"no task of the group has a filter pipeline {name!r}.", *path, "filter_list", hint=hint)


def _names_its_own(leaf: TaskNode) -> bool:
    """Whether code of the task says what is measured: it may give scores under names that no list has."""
    entries = leaf.config.get("metric_list")
    named = (
        [entry.get("metric") for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else ()
    )
    return leaf.config.get("process_results") is not None or any(isinstance(one, Ref) for one in named)


def metric_names(config: Mapping[str, Any]) -> list[str]:
    """The metrics that a task lists, or those of its output type; a function counts under its name.

    Args:
        config: The task's keys and values.
    """
    entries = config.get("metric_list")
    if not isinstance(entries, list):
        output = OUTPUT_TYPES.get(output_type_name(config))
        return [] if output is None else list(output.default_metrics)
    named = [entry.get("metric") if isinstance(entry, Mapping) else entry for entry in entries]
    return [one.name.rpartition(".")[2] if isinstance(one, Ref) else str(one) for one in named]


def _filter_names(config: Mapping[str, Any]) -> list[str]:
    entries = config.get("filter_list")
    if not isinstance(entries, list):
        return ["none"]
    return [str(entry.get("name")) for entry in entries if isinstance(entry, Mapping)]


def _refs(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, Ref]]:
    if isinstance(value, Ref):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _refs(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _refs(item, (*path, index))


def _at(config: Mapping[str, Any], path: KeyPath) -> Any:
    value: Any = config
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _check_template(value: Any, path: KeyPath, report: Report) -> None:
    wrong = template_error(value) if isinstance(value, str) else None
    if wrong:
        report.error(f"{'.'.join(map(str, path))} is not a valid template: {wrong}", *path)


def _check_choices(value: Any, report: Report) -> None:
    items = list(value.values()) if isinstance(value, Mapping) else value if isinstance(value, list) else []
    for index, item in enumerate(items):
        if not isinstance(item, str):
            # YAML's yes, no, on, off and numbers are no texts.
            message = f"a choice must be text, but this one is {kind_of(item)}: {value_text(item)}."
            report.error(message, "doc_to_choice", index, hint="Write it in quotes.")


def _check_metrics(config: Mapping[str, Any], registered: frozenset[str], report: Report) -> None:
    entries = config.get("metric_list")
    name = output_type_name(config)
    # Also of a misspelt output type: all errors of a file are in one report.
    output = row.measured if (row := OUTPUT_TYPES.get(name)) else MeasuredOutput(name, generates=False)
    measured_otherwise = config.get("process_results") is not None
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        if not isinstance(entry, Mapping) or entry.get("metric") is None:
            continue
        if any(isinstance(name, str) and name in registered for name in (entry["metric"], entry.get("aggregation"))):
            continue
        path: KeyPath = ("metric_list", index)
        errors = check_metric_entry(entry, output=output, with_process_results=measured_otherwise)
        for finding in errors:
            key = "aggregation" if "aggregation" in finding.message and "aggregation" in entry else "metric"
            report.error(_sentence(finding.message), *path, key, hint=finding.hint)
        ours = isinstance(entry["metric"], str) and entry["metric"] in METRICS and entry.get("hf_evaluate") is not True
        if not errors and ours and not any(_refs(entry, ())):
            try:
                use_metric(entry, output=output, with_process_results=measured_otherwise)
            except UsageError as error:
                report.error(_sentence(error.message), *path, hint=error.hint)


def _check_filters(entries: Any, registered: frozenset[str], report: Report) -> None:
    names: set[str] = set()
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        if not isinstance(entry, Mapping) or "name" not in entry or not isinstance(entry.get("filter"), list):
            continue
        if str(entry["name"]) in names:
            report.error(f"two pipelines of filter_list are named {entry['name']!r}.", "filter_list", index, "name")
        names.add(str(entry["name"]))
        for step, item in enumerate(entry["filter"]):
            function = item.get("function") if isinstance(item, Mapping) else None
            if function is not None and not (isinstance(function, str) and function in registered):
                _check_step(str(entry["name"]), item, ("filter_list", index, "filter", step), report)


def _check_step(pipeline: str, item: Mapping[str, Any], path: KeyPath, report: Report) -> None:
    alone = [{"name": pipeline, "filter": [item]}]
    errors = check_filter_list(alone)
    for finding in errors:
        report.error(_sentence(finding.message), *path, "function", hint=finding.hint)
    if errors or any(_refs(item, ())):
        return
    try:
        build_pipelines(alone)
    except UsageError as error:
        report.error(_sentence(error.message), *path, hint=error.hint)


def _check_generation(config: Mapping[str, Any], report: Report) -> None:
    given = config.get("generation_kwargs")
    if not isinstance(given, Mapping):
        return
    named = OUTPUT_TYPES.get(str(config.get("output_type")))
    try:
        plan_generation(given if named is not None and named.generates else {**DEFAULT_GENERATION, **given})
    except UsageError as error:
        report.error(_sentence(error.message), "generation_kwargs", hint=error.hint)
    except (TypeError, ValueError) as error:
        report.error(f"generation_kwargs cannot be used: {error}.", "generation_kwargs")


def _check_named_prompt(node: TaskNode, report: Report) -> None:
    if not isinstance(node.config.get("use_prompt"), str):
        return
    try:
        named_prompt_of(node, node.config)
    except TaskError as error:
        report.errors += error.errors
        report.keys.add("use_prompt")
    except MissingExtraError as error:
        report.note(_sentence(error.message), "use_prompt", hint=error.hint)


def _sentence(message: str) -> str:
    """The message as it reads after ``task 'name': ``."""
    return message[:1].lower() + message[1:] if message[1:2].islower() or message[1:2] == " " else message


def _placed(finding: Finding, path: KeyPath, report: Report) -> Finding:
    """An error of a Python file stands there; one of the reference, at the key that says it."""
    if finding.file is not None and finding.file.endswith(".py"):
        return finding
    named = error_at(report.kind, report.node, finding.message, path, finding.hint)
    return replace(named, file=finding.file or named.file, line=finding.line or named.line)
