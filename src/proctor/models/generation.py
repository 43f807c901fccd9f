"""Generation arguments as tasks and users write them, made into one form; and where text is cut.

Pure functions, shared by every kind of model that generates. lm-eval's names and priorities
are kept: a task's ``max_gen_toks`` beats ``max_new_tokens`` and so on.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from proctor.errors import UsageError

DEFAULT_MAX_TOKENS = 256
LENGTH_NAMES = ("max_gen_toks", "max_new_tokens", "max_tokens", "max_completion_tokens")
"""Names of the same thing, first wins."""


@dataclass(frozen=True, slots=True)
class GenerationPlan:
    """``generation_kwargs`` in one form. ``extra`` goes to the backend unchanged."""

    until: tuple[str, ...]
    max_tokens: int
    do_sample: bool
    temperature: float | None
    extra: Mapping[str, Any]


def plan_generation(
    kwargs: Mapping[str, Any], *, eos: str | None = None, max_tokens: int = DEFAULT_MAX_TOKENS
) -> GenerationPlan:
    """Check and normalise ``generation_kwargs``; ``eos`` joins the stop strings.

    ``max_tokens``: the number of new tokens where ``kwargs`` have none.
    """
    # What is left goes to the engine, which may change it; the request's own arguments are part of its key.
    rest = copy.deepcopy(dict(kwargs))
    stops = _stop_strings(rest.pop("until", None))
    if eos is not None and eos not in stops:
        stops.append(eos)
    # All names are taken out: one that was left would reach the engine as a second limit.
    lengths = [value for name in LENGTH_NAMES if (value := rest.pop(name, None)) is not None]
    most = _whole_number(lengths[0]) if lengths else max_tokens
    do_sample, temperature = _sampling(rest.pop("do_sample", None), rest.pop("temperature", None))
    return GenerationPlan(tuple(stops), most, do_sample, temperature, rest)


def _stop_strings(until: Any) -> list[str]:
    stops = [] if until is None else [until] if isinstance(until, str) else until
    if not isinstance(stops, (list, tuple)) or not all(isinstance(stop, str) for stop in stops):
        raise UsageError(
            f"generation_kwargs: until is {until!r}; it must be a string or a list of strings.",
            hint="Quote numbers and YAML's yes/no words.",
        )
    return list(stops)


def _whole_number(value: Any) -> int:
    try:
        number = int(value)
    except (TypeError, ValueError):
        number = 0
    if number < 1:
        raise UsageError(f"generation_kwargs: the number of tokens to generate is {value!r}; it must be 1 or more.")
    return number


def _sampling(do_sample: Any, temperature: Any) -> tuple[bool, float | None]:
    try:
        heat = None if temperature is None else float(temperature)
    except (TypeError, ValueError):
        raise UsageError(f"generation_kwargs: temperature is {temperature!r}; it must be a number.") from None
    if do_sample is None:
        # lm-eval: a temperature above 0 asks for sampling.
        do_sample = heat is not None and heat > 0
    if not do_sample:
        # lm-eval: do_sample False beats a temperature.
        return False, None
    if heat is not None and heat <= 0:
        raise UsageError(
            f"generation_kwargs: do_sample is true and temperature is {temperature!r}.",
            hint="Sampling needs a temperature above 0; greedy decoding needs do_sample: false.",
        )
    return True, heat


def cut_at_stops(text: str, stops: Sequence[str]) -> str:
    """The text before the first occurrence of any non-empty stop string.

    lm-eval: they are looked for one after the other, each in what the others left.
    """
    for stop in stops:
        if stop:
            text = text.split(stop, 1)[0]
    return text
