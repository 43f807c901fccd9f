"""The file of ``--prices``: for each model what a million tokens cost. None is shipped, since prices change."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from proctor.errors import UsageError, did_you_mean
from proctor.models.prices import Prices
from proctor.settings.config_file import read_mapping

if TYPE_CHECKING:
    from yaml import MappingNode

REQUIRED = ("prompt", "completion")
KEYS = (*REQUIRED, "cached", "written")
EXAMPLE = """For each model the prices of a million tokens, for example:
    gpt-4o-mini:
      prompt: 0.15
      cached: 0.075
      completion: 0.6"""

Lines = dict[tuple[str, ...], int]


def read_prices(path: str, model: str) -> Prices:
    """The prices of one model.

    Args:
        path: A YAML or JSON file.
        model: The name under which the server knows it.

    Raises:
        UsageError: The file cannot be read, is wrong (all that is, with its lines), or does not have the model.
    """
    lines: Lines = {}
    values = read_mapping(path, "file of prices", EXAMPLE, lambda node: _note_lines(node, lines))
    problems: list[str] = []
    prices = {str(name): _prices(path, lines, str(name), given, problems) for name, given in values.items()}
    if problems:
        raise UsageError("\n".join(problems), hint=EXAMPLE)
    if (found := prices.get(model)) is None:
        hint = did_you_mean(model, prices) or f"It has: {', '.join(prices) or 'none'}."
        raise UsageError(f"The file of prices {path} has none for the model '{model}'.", hint=hint)
    return found


def _note_lines(node: MappingNode, lines: Lines) -> None:
    for key, value in node.value:
        name = str(key.value)
        lines[(name,)] = key.start_mark.line + 1
        if isinstance(value.value, list):
            pairs = [pair for pair in value.value if isinstance(pair, tuple)]
            lines.update({(name, str(inner.value)): inner.start_mark.line + 1 for inner, _ in pairs})


def _prices(path: str, lines: Lines, name: str, given: Any, problems: list[str]) -> Prices | None:
    def at(*keys: str) -> str:
        return f"{path}:{lines.get((name, *keys), lines.get((name,), 1))}"

    if not isinstance(given, Mapping):
        problems.append(f"{at()}: the prices of '{name}' must be a mapping of {', '.join(KEYS)}, not {given!r}.")
        return None
    before = len(problems)
    for key, value in given.items():
        if key not in KEYS:
            hint = did_you_mean(str(key), KEYS) or f"There are {', '.join(KEYS)}."
            problems.append(f"{at(str(key))}: '{key}' of '{name}' is no price. {hint}")
        elif isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
            problems.append(f"{at(str(key))}: '{key}' of '{name}' must be a number of at least 0, not {value!r}.")
    problems += [f"{at()}: '{name}' has no price '{key}'." for key in REQUIRED if key not in given]
    if len(problems) > before:
        return None
    prompt = float(given["prompt"])
    return Prices(
        prompt, float(given["completion"]), float(given.get("cached", prompt)), float(given.get("written", prompt))
    )
