"""The wire format: what lm-eval's results file and sample lines say, key by key and in their order.

Scripts and dashboards made for lm-eval read these. Where proctor has more to say, it says it
in keys of its own behind lm-eval's.
"""

# The results file, in order
# --------------------------
#   results        task and group -> "acc,none": value, "acc_stderr,none": value or "N/A"
#   groups         only groups that aggregate
#   group_subtasks, configs, versions, n-shot, higher_is_better, n-samples
#   config         settings of the run
#   git_hash, date, pretty_env_info, ...          ENVIRONMENT_KEYS
#   tokenizer_pad_token, ...                      TOKENIZER_KEYS
#   task_hashes, model_source, ..., total_evaluation_time_seconds
#   proctor_version, proctor                      ours, behind all of lm-eval's
#
# The order is part of the format.
#
# Redaction is by section. Numbers, versions and templates are written as they are; settings and what came from outside
# are searched for secrets. Sections keyed by names of tasks are searched below the names, because a task may be named
# like a secret.

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from proctor.messages import chat_text, is_chat
from proctor.records import Record
from proctor.results.encode import as_text, dumps, source_text, text_leaves
from proctor.results.hashes import record_hashes, sha256, task_hash
from proctor.results.redact import redact, redact_repeated, redact_text
from proctor.run_result import GroupResult, RunResult, TaskResult, Value

__all__ = [
    "dumps",
    "experiment_facts",
    "folder_name",
    "model_name",
    "results_document",
    "sample_line",
    "sanitize",
    "without_secrets",
]

ENVIRONMENT_KEYS = ("git_hash", "date", "pretty_env_info", "transformers_version", "lm_eval_version", "upper_git_hash")
TOKENIZER_KEYS = ("tokenizer_pad_token", "tokenizer_eos_token", "tokenizer_bos_token", "eot_token_id", "max_length")
EXPERIMENT_KEYS = (
    "model_source",
    "model_name",
    "model_name_sanitized",
    "system_instruction",
    "system_instruction_sha",
    "fewshot_as_multiturn",
    "chat_template",
    "chat_template_sha",
)
CLUSTERED = "_stderr_clustered"
OTHER_ERRORS = ("_stderr_finite", "_stderr_one_draw", CLUSTERED)
"""Ends of the keys of further standard errors, behind the name of their metric."""
MODEL_NAME_KEYS = ("peft", "delta", "pretrained", "model", "path", "engine")


def results_document(run: RunResult, environment: Mapping[str, Any], *, hashes: bool = True) -> dict[str, Any]:
    """The results file as a mapping, in lm-eval's order and without secrets.

    Args:
        run: What a run gave.
        environment: Facts of machine and packages, by lm-eval's names.
        hashes: Whether ``task_hashes`` are wanted (lm-eval: only when samples are logged).
    """
    results = {task.name: _task_entry(task) for task in run.tasks}
    results |= {group.name: group_entry(group) for group in run.groups}
    aggregating = [group.name for group in run.groups if _aggregates(group)]
    document: dict[str, Any] = {"results": results}
    if aggregating:
        document["groups"] = {name: dict(results[name]) for name in aggregating}
    document |= _about_tasks(run)
    document["config"] = dict(run.config)
    document |= {key: environment.get(key) for key in ENVIRONMENT_KEYS} | {"date": run.started}
    document |= {key: run.extra[key] for key in TOKENIZER_KEYS if key in run.extra}
    known = {**{name: task_hash(records) for name, records in run.records.items()}, **run.hashes} if hashes else {}
    document["task_hashes"] = known
    document |= _experiment(run)
    # lm-eval: the duration is text.
    document["total_evaluation_time_seconds"] = str(run.seconds)
    own = {key: value for key, value in environment.items() if key not in ENVIRONMENT_KEYS}
    own |= {key: value for key, value in run.extra.items() if key not in document}
    return without_secrets(document | own)


_OPEN_KEYS = frozenset(
    {"results", "groups", "group_subtasks", "versions", "n-shot", "higher_is_better", "n-samples", "task_hashes"}
    # Tokens of the tokenizer are no secrets, and a chat template or a score is not searched for any.
    | {"chat_template", *TOKENIZER_KEYS}
)
_BY_TASK = frozenset({"configs", "failed", "not_a_number"})


def without_secrets(document: Mapping[str, Any]) -> dict[str, Any]:
    """The content of a results file without secrets; what lm-eval wrote may hold some.

    Args:
        document: The content.
    """
    return {key: value if key in _OPEN_KEYS else _redacted(key, value) for key, value in document.items()}


def _redacted(key: str, value: Any) -> Any:
    """``value`` without secrets. A task may be named ``secret_letters``: its name says nothing of what is below it."""
    if key in _BY_TASK and isinstance(value, Mapping):
        return {name: redact(one, source=source_text) for name, one in value.items()}
    return redact(value, source=source_text)


def _about_tasks(run: RunResult) -> dict[str, Any]:
    groups = {group.name: group for group in run.groups}
    versions: dict[str, Any] = {task.name: task.version for task in run.tasks}
    n_shot: dict[str, int] = {task.name: task.n_shot for task in run.tasks}
    higher: dict[str, Any] = {task.name: dict(task.higher_is_better) for task in run.tasks}
    for name, group in groups.items():
        versions[name] = group.version
        if group.n_shot is not None:
            n_shot[name] = group.n_shot
        if group.higher_is_better:
            higher[name] = dict(group.higher_is_better)
    configs = {task.name: {key: value for key, value in task.config.items() if value is not None} for task in run.tasks}
    return {
        "group_subtasks": {name: list(groups[name].children) for name in _parents_first(groups)},
        "configs": dict(sorted(configs.items())),
        "versions": dict(sorted(versions.items())),
        "n-shot": dict(sorted(n_shot.items())),
        "higher_is_better": dict(sorted(higher.items())),
        "n-samples": {task.name: {"original": task.n_original, "effective": task.n_effective} for task in run.tasks},
    }


def _parents_first(groups: Mapping[str, GroupResult]) -> list[str]:
    """Groups as a walk from the roots down meets them."""
    children = {child for group in groups.values() for child in group.children}
    order: dict[str, None] = {}

    def visit(name: str) -> None:
        if name in groups and name not in order:
            order[name] = None
            for child in groups[name].children:
                visit(child)

    for name in [name for name in groups if name not in children] + list(groups):
        visit(name)
    return list(order)


def _task_entry(task: TaskResult) -> dict[str, Any]:
    # lm-eval says 0 samples of a task without metrics, as under --predict_only; they were run all the same.
    length = task.sample_len or (0 if task.values else task.n_effective)
    return {"name": task.name, "alias": task.alias, "sample_len": length, **_scores(task.values)}


def group_entry(group: GroupResult) -> dict[str, Any]:
    """A group's values as the results file has them.

    Args:
        group: The group; without values of its own it has only its names.
    """
    entry: dict[str, Any] = {"alias": group.alias, "name": group.name}
    if not _aggregates(group):
        return entry
    counts = {f"{metric},{name}": count for (metric, name), count in group.sample_count.items()}
    # lm-eval: a group that found nothing to aggregate says no counts.
    return (
        entry | {"sample_len": group.sample_len, **_scores(group.values)} | ({"sample_count": counts} if counts else {})
    )


def _aggregates(group: GroupResult) -> bool:
    return group.sample_len is not None or bool(group.values)


def _scores(values: Mapping[tuple[str, str], Value]) -> dict[str, Any]:
    scores: dict[str, Any] = {}
    for (metric, name), value in values.items():
        scores[f"{metric},{name}"] = value.value
        scores[f"{metric}_stderr,{name}"] = "N/A" if value.stderr is None else value.stderr
        scores |= {f"{metric}_stderr_{kind},{name}": error for kind, error in value.errors.items()}
        if value.clustered is not None:
            scores[f"{metric}{CLUSTERED},{name}"] = value.clustered.stderr
    return scores


def _experiment(run: RunResult) -> dict[str, Any]:
    facts = experiment_facts(
        str(run.extra.get("model_source") or run.config.get("model") or "model"),
        run.config.get("model_args"),
        system_instruction=run.extra.get("system_instruction"),
        chat_template=run.extra.get("chat_template"),
        fewshot_as_multiturn=run.extra.get("fewshot_as_multiturn"),
    )
    if run.extra.get("model_name"):
        facts["model_name"] = redact_text(str(run.extra["model_name"]))
        facts["model_name_sanitized"] = sanitize(facts["model_name"])
    return facts | {key: run.extra[key] for key in EXPERIMENT_KEYS if key in run.extra and key != "model_name"}


def folder_name(run: RunResult) -> str:
    """The folder of a model's results, ``model_name_sanitized``.

    Args:
        run: What a run gave.
    """
    return str(_experiment(run)["model_name_sanitized"])


def experiment_facts(
    model_source: str,
    model_args: Mapping[str, Any] | str | None,
    *,
    system_instruction: str | None = None,
    chat_template: str | None = None,
    fewshot_as_multiturn: bool | None = None,
) -> dict[str, Any]:
    """The keys from ``model_source`` to ``chat_template_sha``, for ``RunResult.extra``.

    Args:
        model_source: The kind of models.
        model_args: Its arguments, as a mapping or as the command line has them.
        system_instruction: The text, None where there is none.
        chat_template: The text of the template in use, None for plain prompts.
        fewshot_as_multiturn: Whether few-shot examples are turns of their own; None where it is not known.
    """
    # lm-eval draws a random name where the arguments have none; the source's own name finds its folder again.
    name = redact_text(model_name(model_args) or model_source)
    return {
        "model_source": model_source,
        "model_name": name,
        "model_name_sanitized": sanitize(name),
        "system_instruction": system_instruction,
        "system_instruction_sha": sha256(system_instruction) if system_instruction else None,
        "fewshot_as_multiturn": fewshot_as_multiturn,
        "chat_template": chat_template,
        "chat_template_sha": sha256(chat_template) if chat_template else None,
    }


def model_name(model_args: Mapping[str, Any] | str | None) -> str | None:
    """The model's name by its arguments: an adapter's before the base model's.

    Args:
        model_args: A mapping, or ``key=value,...`` as the command line has it.

    Returns:
        The name; None where no argument has one.
    """
    if isinstance(model_args, str):
        pairs = [item.partition("=") for item in model_args.split(",")]
        model_args = {key.strip(): value.strip() for key, _, value in pairs}
    for key in MODEL_NAME_KEYS:
        if model_args and model_args.get(key) is not None:
            return str(model_args[key])
    return None


def sanitize(name: str) -> str:
    """A name as lm-eval makes it one folder's: each run of characters that paths cannot hold becomes ``__``.

    A name that begins with dots would make a hidden folder: ``../models/x`` is ``models__x``.

    Args:
        name: A model's name.
    """
    made = re.sub(r'["<>:/\\|?*\[\]]+', "__", name)
    return re.sub(r"(?:\.+_*)+", "", made, count=1) or "model" if made.startswith(".") else made


def sample_line(record: Record) -> dict[str, Any]:
    """One line of a samples file. Documents and prompts stand as they were; only their settings are redacted.

    Args:
        record: One document after one filter.
    """
    doc_hash, prompt_hash, target_hash = record_hashes(record)
    return {
        "doc_id": record.doc_id,
        "doc": record.doc,
        "target": as_text(record.target),
        "arguments": {
            f"gen_args_{index}": {f"arg_{place}": argument(value) for place, value in enumerate(arguments)}
            for index, arguments in enumerate(record.arguments)
        },
        "resps": text_leaves(record.responses),
        "filtered_resps": text_leaves(record.filtered),
        "filter": record.filter,
        "metrics": list(record.metrics),
        "doc_hash": doc_hash,
        "prompt_hash": prompt_hash,
        "target_hash": target_hash,
        **record.metrics,
        **further_keys(record),
    }


def further_keys(record: Record) -> dict[str, Any]:
    """What stands behind the metrics in a line, where there is something to say.

    Args:
        record: One document after one filter.
    """
    found: dict[str, Any] = {}
    if record.error is not None:
        found["error"] = record.error
    if record.variant:
        found["variant"] = record.variant
    if record.item is not None:
        found["order"] = list(record.order)
    if record.variant and record.formulation is not None:
        found["formulation"] = record.formulation
    if record.outcome is not None and record.outcome.tokens:
        found["tokens"] = list(record.outcome.tokens)
    return found


def argument(value: Any) -> Any:
    """An argument of a request as a line has it."""
    if is_chat(value):
        # lm-eval: a chat is a tuple of one text, which is JSON.
        return [chat_text(value)]
    return value if isinstance(value, str) else redact_repeated(value)
