"""Several models in one go: a list under ``models:`` in the configuration file, or several ``--model_args``."""

# How a list becomes runs
# -----------------------
#   models:                      each entry is laid over the rest of the file, and flags over both; a list of three
#     - {model_args: ...}        is three complete configurations, and each is checked before the first model is
#     - {model_args: ...}        loaded.
#
#   --model_args pretrained=A    each occurrence of the flag is a model, with nothing of the others; where only one of
#   --model_args pretrained=B    them names a model, all of them belong to it, as in lm-eval.
#
# Only what says which model responds, and how it is asked, may stand in an entry: runs of one list have the same tasks,
# documents and examples, so that their scores can stand in one table.

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from proctor.errors import UsageError, did_you_mean
from proctor.settings.config_file import ConfigFile

logger = logging.getLogger("proctor")

KEY = "models"
PER_MODEL = (
    *("model", "model_args", "device", "batch_size", "max_batch_size", "threads", "trust_remote_code"),
    *("apply_chat_template", "fewshot_as_multiturn", "system_instruction", "gen_kwargs", "mc", "batch_invariant"),
)
"""Settings that an entry may hold."""

MODEL_NAMES = frozenset({"pretrained", "model"})
"""Arguments that name a model."""


def split_flags(given: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The flags for each model that occurrences of ``--model_args`` name; one set where they name one or none.

    Args:
        given: Values of the command line, by setting; of ``model_args`` a mapping for each occurrence.

    Returns:
        The same with one mapping as ``model_args``.

    Raises:
        UsageError: Several models are named, and something is given for none of them, or one is given twice.
    """
    occurrences = given.get("model_args")
    if not isinstance(occurrences, list):
        return [given]
    unnamed = [one for one in occurrences if not MODEL_NAMES & one.keys()]
    if len(occurrences) - len(unnamed) < 2:
        return [{**given, "model_args": _merged(occurrences)}]
    if unnamed:
        keys = ", ".join(key for one in unnamed for key in one) or "nothing"
        raise UsageError(
            f"--model_args names {len(occurrences) - len(unnamed)} models, and one of its occurrences names none "
            f"(it has {keys}).",
            hint="Write what it says into each --model_args that names a model.",
        )
    if any(one in occurrences[:number] for number, one in enumerate(occurrences)):
        raise UsageError("--model_args names the same model twice, with equal arguments.")
    return [{**given, "model_args": one} for one in occurrences]


def _merged(occurrences: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    merged = dict[str, Any]()
    for one in occurrences:
        for key in one.keys() & merged.keys():
            logger.warning("'%s' is given twice to --model_args; the last value stands: %r.", key, one[key])
        merged |= one
    return merged


def split_models(file: ConfigFile, given: Mapping[str, Any]) -> list[ConfigFile]:
    """One configuration for each model of a file; the file itself where it lists none.

    Args:
        file: The configuration file.
        given: What was given besides, by setting: flags of the command line.

    Raises:
        UsageError: The list, or an entry of it, is none; all that is wrong, in one message.
    """
    if KEY not in file.values:
        return [file]
    where = file.places.get(KEY, KEY)
    entries = file.values[KEY]
    if not isinstance(entries, list) or not entries:
        raise UsageError(
            f"{where}: '{KEY}' must be a list with an entry for each model.",
            hint="For example:\n    models:\n      - model_args: {pretrained: gpt2}\n"
            "      - model_args: {pretrained: gpt2-large}",
        )
    flags = [f"--{key}" for key in ("model", "model_args") if given.get(key)]
    problems = [f"{where}: the file lists several models, and {' and '.join(flags)} names one."] if flags else []
    for number, entry in enumerate(entries, 1):
        problems += _problems(f"{where}: entry {number} of '{KEY}'", entry, entries[: number - 1])
    if problems:
        raise UsageError("\n".join(problems))
    common = {key: value for key, value in file.values.items() if key != KEY}
    places = {key: place for key, place in file.places.items() if key != KEY}
    return [
        ConfigFile({**common, **entry}, {**places, **dict.fromkeys(entry, f"{where}: entry {number}")})
        for number, entry in enumerate(entries, 1)
    ]


def _problems(where: str, entry: Any, earlier: list[Any]) -> list[str]:
    if not isinstance(entry, Mapping) or not entry:
        return [f"{where} must hold 'name: value' lines, such as model_args: {{pretrained: gpt2}}."]
    unknown = [str(key) for key in entry if key not in PER_MODEL]
    if unknown:
        hint = did_you_mean(unknown[0], PER_MODEL) or f"An entry may hold {', '.join(PER_MODEL)}."
        return [f"{where} holds {unknown[0]!r}, which is not of a model: it belongs beside '{KEY}'. {hint}"]
    return [f"{where} is equal to an earlier one."] if entry in earlier else []
