"""The settings of one run: what is given, checked and merged, the file's values under the command line's."""

# The order in which values meet
# ------------------------------
#   defaults  <  device and batch sizes within model_args  <  configuration file  <  flags
#
#   1. secrets in what was given are noted, before any message can quote it
#   2. each value by itself (``accepts``); all that are wrong are collected
#   3. only if all are right: values against each other (``_contradictions``)
#   4. what one implies for another (``_derive``)
#
# Contradictions are looked for on complete values only: a sentence about --samples and --limit together is noise while
# one of the two is not even a number.

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from proctor.errors import UsageError, did_you_mean
from proctor.models import declared_kind
from proctor.secrets import note
from proctor.settings import values as accepts
from proctor.settings.declarations import SETTINGS, RunConfig
from proctor.settings.values import Seeds
from proctor.store.location import is_off

__all__ = ["RunConfig", "Seeds", "build_config"]

logger = logging.getLogger("proctor")


_SETTINGS_IN_MODEL_ARGS = ("device", "batch_size", "max_batch_size")


def build_config(
    cli: Mapping[str, Any],
    file: Mapping[str, Any] | None = None,
    *,
    places: Mapping[str, str] | None = None,
    needs_tasks: bool = True,
    prefix: str = "--",
) -> RunConfig:
    """Check and merge: defaults, under the file's values, under the command line's.

    Args:
        cli: Values of the command line, by setting; a mapping replaces the file's as a whole.
        file: Values of the configuration file.
        places: Where in the file a setting stands, for messages.
        needs_tasks: Whether a task must be named.
        prefix: What stands before a setting's name in messages on ``cli``; nothing where they are keywords of Python.

    Raises:
        UsageError: Something is wrong; all that is, in one message.
    """
    note([cli, file])
    problems: list[str] = []
    values: dict[str, Any] = {}
    for key, value in (file or {}).items():
        where = (places or {}).get(key)
        _take(values, problems, key, value, f"{where}: {key}" if where else key)
    for key, value in cli.items():
        if _is_given(key, value):
            _take(values, problems, key, value, f"{prefix}{key}")
    if not problems:
        _lift_from_model_args(values, problems)
        problems += _contradictions(values, needs_tasks=needs_tasks)
    if problems:
        raise UsageError("\n".join(problems))
    return RunConfig(**_derive(values))


def _is_given(key: str, value: Any) -> bool:
    """Whether a value of the command line overrides the file's."""
    if value is None or key not in SETTINGS or not isinstance(value, str | Sequence | Mapping) or value:
        return value is not None
    # lm-eval: an empty text, list or mapping does not override the file. But what is empty where a value is needed (a
    # shell's variable that is not set) is an error and not the default.
    empty = (accepts.text, accepts.mapping)
    more = () if isinstance(value, str) else (accepts.names, accepts.paths, accepts.samples)
    return SETTINGS[key].accepts not in (*empty, *more)


def check_values(given: Mapping[str, Any], *, prefix: str = "--") -> dict[str, Any]:
    """Settings of the command line as a run has them, without defaults.

    Args:
        given: By setting the words of its flag, or what Python was given.
        prefix: As in :func:`build_config`.

    Raises:
        UsageError: Values are wrong; all that are, in one message.
    """
    problems: list[str] = []
    values: dict[str, Any] = {}
    for key, value in given.items():
        _take(values, problems, key, value, f"{prefix}{key}")
    if problems:
        raise UsageError("\n".join(problems))
    return values


def _take(values: dict[str, Any], problems: list[str], key: str, value: Any, origin: str) -> None:
    """Check one value and keep it, or keep the sentence that says what is wrong."""
    if key not in SETTINGS:
        hint = did_you_mean(key, SETTINGS)
        problems.append(f"{origin}: there is no such setting." + (f" {hint}" if hint else ""))
    elif value is None and key != "seed":  # lm-eval: `seed: null` leaves all sources of chance unseeded.
        values.pop(key, None)
    else:
        try:
            values[key] = SETTINGS[key].accepts(value)
        except ValueError as error:
            problems.append(f"{origin} {error}.")


def _lift_from_model_args(values: dict[str, Any], problems: list[str]) -> None:
    """Take ``device`` and the batch sizes out of ``model_args``: they win over defaults, flags win over them."""
    arguments = dict(values.get("model_args", {}))
    for key in _SETTINGS_IN_MODEL_ARGS:
        if arguments.get(key) is None:
            continue
        value = arguments.pop(key)
        if key in values:
            logger.warning(
                "'%s' is given twice: --%s %s stands, %r in --model_args does not.", key, key, values[key], value
            )
        else:
            _take(values, problems, key, value, f"'{key}' in --model_args")
    if arguments or "model_args" in values:
        values["model_args"] = {key: value for key, value in arguments.items() if key not in _SETTINGS_IN_MODEL_ARGS}


def _contradictions(values: Mapping[str, Any], *, needs_tasks: bool) -> list[str]:
    """Sentences about settings that do not go together."""
    problems: list[str] = []
    if needs_tasks and not values.get("tasks"):
        problems.append("No task is given: add --tasks NAME[,NAME...]; 'proctor ls tasks' lists the names.")
    writing = [f"--{key}" for key in ("log_samples", "predict_only") if values.get(key)]
    if writing and not values.get("output_path"):
        problems.append(f"{' and '.join(writing)} needs a place to write to: add --output_path FOLDER.")
    if values.get("no_store") and (values.get("store") or values.get("use_cache")):
        problems.append(f"--no_store and --{'store' if values.get('store') else 'use_cache'} contradict each other.")
    if values.get("store") and values.get("use_cache"):
        problems.append("--store and --use_cache name two files of cached responses: give one of them.")
    if values.get("store") and is_off(values["store"]):
        problems.append(f"--store {values['store']} would name a file; --no_store goes without one.")
    if values.get("no_store") and values.get("batch"):
        problems.append("--batch remembers its jobs beside the store: leave --no_store out.")
    if values.get("max_cost") and not values.get("prices"):
        problems.append("--max_cost needs to know what tokens cost: add --prices FILE.")
    if values.get("samples") and values.get("limit") is not None:
        problems.append("--samples and --limit both choose documents: give one of them.")
    if values.get("limit_order", "first") != "first" and values.get("limit") is None:
        problems.append(f"--limit_order {values['limit_order']} says which documents --limit takes: add --limit N.")
    chosen = [f"--{key}" for key in ("limit", "samples") if values.get(key) is not None]
    if values.get("early_stop") and chosen:
        problems.append(f"--early_stop decides how many documents are asked: leave {' and '.join(chosen)} out.")
    if values.get("early_stop") and values.get("batch"):
        problems.append("--early_stop waits for each chunk, and a job of --batch may take a day: give one of them.")
    if values.get("early_stop") and values.get("predict_only"):
        problems.append("--early_stop looks at scores, and --predict_only computes none: give one of them.")
    if values.get("fewshot_seeds"):
        problems += _draw_contradictions(values)
    if values.get("batch_invariant") and values.get("strict_lm_eval"):
        problems.append("--batch_invariant and --strict_lm_eval score in different ways: give one of them.")
    if values.get("batch_invariant") and not declared_kind(values.get("model", "hf")).batch_invariant:
        problems.append(f"--batch_invariant belongs to --model hf; --model {values['model']} has no such way to score.")
    if values.get("mc", "auto") not in ("auto", "off") and not declared_kind(values.get("model", "hf")).chooses:
        problems.append(
            f"--mc {values['mc']} is for models that choose options by label; --model {values.get('model', 'hf')} "
            "scores them by log-likelihood."
        )
    if values.get("ray") and values.get("model_args", {}).get("ray_address"):
        problems.append("--ray and ray_address in --model_args both name a cluster: give one of them.")
    if values.get("fewshot_as_multiturn") and not values.get("apply_chat_template"):
        problems.append("--fewshot_as_multiturn makes turns of a chat: add --apply_chat_template.")
    return problems


def _draw_contradictions(values: Mapping[str, Any]) -> list[str]:
    """Sentences about settings that do not go with several draws of the examples."""
    others = {"choice_orders": "canonical", "formulations": "task", "choices_only": False}
    shown = [f"--{key}" for key, plain in others.items() if values.get(key, plain) != plain]
    problems: list[str] = []
    if shown:
        problems.append(f"--fewshot_seeds and {' and '.join(shown)} each show a document in several ways: give one.")
    if values.get("early_stop"):
        problems.append("--fewshot_seeds needs all documents, and --early_stop leaves some out: give one of them.")
    if values.get("predict_only"):
        problems.append("--fewshot_seeds compares scores, and --predict_only computes none: give one of them.")
    if "seed" in values and values["seed"].fewshot is None:
        problems.append("--fewshot_seeds draws by the seeds from the few-shot seed on: give --seed one.")
    return problems


def _derive(values: Mapping[str, Any]) -> dict[str, Any]:
    """Fill in what one setting implies for another."""
    derived = dict(values)
    arguments = derived.get("model_args", {})
    # lm-eval: tasks see the model's arguments in their metadata (ruler loads the model's tokenizer by them).
    derived["metadata"] = {**arguments, **derived.get("metadata", {})}
    if derived.get("predict_only"):
        derived["log_samples"] = derived.get("log_samples") or True
    if derived.get("apply_chat_template") and "fewshot_as_multiturn" not in derived:
        derived["fewshot_as_multiturn"] = True
    # lm-eval: after metadata was made, so that tasks do not see it.
    own = {key: True for key in ("trust_remote_code", "batch_invariant") if derived.get(key)}
    strict = declared_kind(derived.get("model", "hf")).strict if derived.get("strict_lm_eval") else {}
    if own or strict:
        # What the user gives comes over what --strict_lm_eval implies.
        derived["model_args"] = arguments = {**strict, **arguments, **own}
    if derived.get("ray"):
        address = {} if derived["ray"] is True else {"ray_address": derived["ray"]}
        derived["model_args"] = {**arguments, "pool": "ray", **address}
    return derived
