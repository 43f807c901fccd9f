"""``generation_kwargs`` of a task: lm-eval's defaults, and what a run puts over them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proctor.tasks.output_types.table import OUTPUT_TYPES, output_type_name

DEFAULT_GENERATION: Mapping[str, Any] = {"temperature": 0.0, "do_sample": False, "max_gen_toks": 256}
TOKEN_LIMIT_KEYS = ("max_gen_toks", "max_new_tokens", "max_tokens", "max_completion_tokens")
"""Names of one thing; where several are given the first of these counts (lm-eval)."""


def fill_generation(config: Mapping[str, Any], fewshot_delimiter: str) -> Mapping[str, Any] | None:
    """``generation_kwargs`` with lm-eval's defaults; the order of keys is part of samples and cache keys."""
    given = config.get("generation_kwargs")
    if given is None:
        output = OUTPUT_TYPES.get(output_type_name(config))
        if output is None or not output.generates:
            return None
        return {**DEFAULT_GENERATION, "until": [fewshot_delimiter]}
    kwargs = dict(given)
    if "temperature" in kwargs:
        kwargs["temperature"] = float(kwargs["temperature"])
    kwargs.setdefault("until", [fewshot_delimiter])
    return kwargs


def merge_generation(own: Mapping[str, Any] | None, given: Mapping[str, Any], *, strict: bool) -> Mapping[str, Any]:
    """The arguments of a run over those of the task.

    A token limit in ``given`` replaces the task's under whichever of its names the task wrote it: else the task's could
    be the one that counts. ``strict``: not so in lm-eval.
    """
    arguments = dict(own or {})
    limits = [key for key in TOKEN_LIMIT_KEYS if key in given]
    if limits and not strict:
        stronger = TOKEN_LIMIT_KEYS[: TOKEN_LIMIT_KEYS.index(limits[0])]
        arguments = {key: value for key, value in arguments.items() if key not in stronger}
    return {**arguments, **given}
