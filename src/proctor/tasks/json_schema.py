"""The task language as a JSON schema, for editors: completion, the words of each key, and what a value may be."""

# The schema is made of the tables that check task files (``check``) and of those that hold metrics, filters and output
# types, so that it cannot say otherwise than they do. Written out here are only the sentences that an editor shows, and
# a test asks for one for every key.
#
# Names that a plugin or a ``!function`` may add (metrics, filters, samplers) are suggestions and no limits. A value
# ``!function file.name`` is a text for an editor; VS Code needs "yaml.customTags": ["!function scalar"] to let it pass.

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from proctor.filters.table import FILTERS
from proctor.metrics.tables import AGGREGATIONS, METRICS
from proctor.tasks import check
from proctor.tasks.choice_columns import ANSWER_FORMS
from proctor.tasks.choice_search import KEYS as CHOICE_KEYS
from proctor.tasks.output_types.table import OUTPUT_TYPES

DRAFT = "http://json-schema.org/draft-07/schema#"

_TYPES = {
    "text": "string",
    "true or false": "boolean",
    "a whole number": "integer",
    "a list": "array",
    "a mapping": "object",
    "a !function": "string",
}

DESCRIPTIONS: Mapping[str, str] = {
    "aggregate_metric_list": "The scores of a group: which metric of its tasks, and how they are averaged.",
    "aggregation": "How the scores of documents, or of a group's tasks, become one.",
    "class": "A !function that names a class; the rest of the file is the class's own.",
    "custom_dataset": "A !function that returns a mapping of split names to data sets.",
    "dataset_kwargs": "Everything else for datasets.load_dataset: data_files, data_dir, revision; encoding of texts.",
    "dataset_name": "The data set's configuration; of an Excel workbook, the sheet.",
    "dataset_path": "A name on the hub, a folder, a file, or json, csv, parquet, text, arrow with data_files.",
    "description": "Stands before everything. End it with the white space that you want.",
    "doc_to_audio": "Read and checked; no model here takes sound.",
    "doc_to_choice": "The options: a list, a column, or a template that is read as a Python list.",
    "doc_to_decontamination_query": "Read and not used.",
    "doc_to_image": "Read and checked; no model here takes images.",
    "doc_to_target": "multiple_choice: the right option's number or its text. generate_until: the expected text.",
    "doc_to_text": "The question: a column, a template, or a !function.",
    "fewshot_config": "Where few-shot examples come from and how they are written.",
    "fewshot_delimiter": "After every few-shot example; two line breaks unless said otherwise.",
    "fewshot_indices": "Only these documents of the split.",
    "fewshot_split": "The split of few-shot examples.",
    "filter_list": "From a response to what is graded: chains of steps with names. Of a group: the filters.",
    "gen_prefix": "How the response begins.",
    "generation_kwargs": "until, max_gen_toks, do_sample, temperature and so on.",
    "group": "The name of a group of tasks.",
    "group_alias": "The name of a group in tables.",
    "include": "A file, or several, whose keys stand below those of this one.",
    "metadata": "A mapping that is written into the results; its choices name the columns of the options.",
    "metric": "A metric, by name or as a !function.",
    "metric_list": "How documents are scored; each entry names a metric.",
    "num_fewshot": "How many few-shot examples stand before a document.",
    "output_type": "Which requests a document makes.",
    "process_docs": "A !function from a split to a split.",
    "process_results": "A !function from a document and its responses to its scores.",
    "repeats": "How many responses there are for each document.",
    "sampler": "Which few-shot examples: default draws anew for every document, first_n takes the first.",
    "samples": "A list of few-shot examples instead of a split.",
    "should_decontaminate": "Read and not used.",
    "split": "The split of few-shot examples.",
    "tag": "One name or several, under which the task can be selected.",
    "target_delimiter": "Between the text and the gold, and before every option; a space unless said otherwise.",
    "task": "The name of a task. Of a group: its members.",
    "task_alias": "The name of a task in tables.",
    "task_list": "Tasks that share the other keys of the file, each with its own.",
    "test_split": "The split that is evaluated.",
    "training_split": "The split of few-shot examples unless said otherwise.",
    "unsafe_code": "Whether what the model writes is run.",
    "use_prompt": "A named prompt.",
    "validation_split": "Evaluated where there is no test_split.",
    "weight_by_size": "Of a group: by number of documents, or every task alike.",
}
"""What an editor shows of each key."""


def task_schema() -> dict[str, Any]:
    """The schema of task files, groups and files that others include."""
    keys = {key: _key(key, kinds) for key, kinds in check.TASK_KEYS.items()}
    group = {key: _group_key(key) for key in check.GROUP_KEYS if key not in keys}
    more = {
        "include": {
            "description": DESCRIPTIONS["include"],
            "anyOf": [{"type": "string"}, _list_of({"type": "string"})],
        },
        "class": {"description": DESCRIPTIONS["class"], "type": "string"},
        "task_list": {"description": DESCRIPTIONS["task_list"], **_list_of({"$ref": "#/definitions/member"})},
    }
    properties = {**keys, **group, **more}
    return {
        "$schema": DRAFT,
        "title": "A task file of proctor and lm-evaluation-harness",
        "type": "object",
        "properties": properties,
        # The rest of the file of a class is its own business.
        "if": {"required": ["class"]},
        "else": {"propertyNames": {"enum": sorted(properties)}},
        "definitions": {
            "member": {"anyOf": [{"type": "string"}, {"type": "object"}], "properties": properties},
        },
    }


def _key(key: str, kinds: Iterable[str]) -> dict[str, Any]:
    types = list(dict.fromkeys([*(_TYPES[kind] for kind in kinds), "null"]))
    return {"description": DESCRIPTIONS[key], "type": types, **_INNER.get(key, dict)()}


def _group_key(key: str) -> dict[str, Any]:
    if key != "aggregate_metric_list":
        return {"description": DESCRIPTIONS[key], "type": "string"}
    entry = {
        "type": "object",
        "required": ["metric"],
        # higher_is_better stands in lm-eval's documentation; it changes nothing.
        "propertyNames": {"enum": [*check.AGGREGATE_KEYS, "higher_is_better"]},
        "properties": {
            "metric": {"description": DESCRIPTIONS["metric"], **_names(METRICS)},
            "aggregation": {"description": DESCRIPTIONS["aggregation"], **_names(("mean",))},
            "weight_by_size": {"description": DESCRIPTIONS["weight_by_size"], "type": "boolean"},
            "filter_list": {"anyOf": [{"type": "string"}, _list_of({"type": "string"})]},
        },
    }
    return {"description": DESCRIPTIONS[key], "anyOf": [entry, _list_of(entry), {"type": "null"}]}


def _names(names: Iterable[str]) -> dict[str, Any]:
    """Names that an editor completes; others are allowed."""
    return {"anyOf": [{"enum": list(names)}, {"type": "string"}]}


def _list_of(items: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": dict(items)}


def _members() -> dict[str, Any]:
    return {"items": {"$ref": "#/definitions/member"}}


def _output_type() -> dict[str, Any]:
    return {"enum": [*OUTPUT_TYPES, None]}


def _metric_list() -> dict[str, Any]:
    entry = {
        "type": "object",
        "required": ["metric"],
        "properties": {
            "metric": {"description": DESCRIPTIONS["metric"], **_names(METRICS)},
            "aggregation": {"description": DESCRIPTIONS["aggregation"], **_names(AGGREGATIONS)},
            "higher_is_better": {"type": "boolean"},
        },
    }
    return {"items": entry}


def _filter_list() -> dict[str, Any]:
    step = {"type": "object", "required": ["function"], "properties": {"function": _names(FILTERS)}}
    entry = {
        "type": "object",
        "required": ["name", "filter"],
        "properties": {"name": {"type": ["string", "null"]}, "filter": _list_of(step)},
    }
    return {"items": entry}


def _fewshot() -> dict[str, Any]:
    keys = {key: _key(key, kinds) for key, kinds in check.FEWSHOT_KEYS.items()}
    keys["sampler"] |= _names(check.SAMPLERS)
    return {"properties": keys, "propertyNames": {"enum": list(keys)}}


def _counted(least: int) -> dict[str, Any]:
    return {"minimum": least}


def _metadata() -> dict[str, Any]:
    choices = {
        "type": "object",
        "required": ["options", "answer"],
        "propertyNames": {"enum": list(CHOICE_KEYS)},
        "properties": {"answer_form": {"enum": list(ANSWER_FORMS)}, "answer": {"type": "string"}},
    }
    return {"properties": {"choices": {"anyOf": [choices, {"type": "null"}]}}}


_INNER: Mapping[str, Any] = {
    "task": _members,
    "output_type": _output_type,
    "metric_list": _metric_list,
    "filter_list": _filter_list,
    "fewshot_config": _fewshot,
    "num_fewshot": lambda: _counted(0),
    "repeats": lambda: _counted(1),
    "metadata": _metadata,
}
"""Key -> what its values hold inside."""
