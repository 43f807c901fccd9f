"""What runs are called: by their model, and where several have one model by what tells them apart."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from proctor.analysis.setting_differences import arguments_of, settings_of_run
from proctor.results.stored_run import StoredRun

_MOST, _SHORT = 4, 24
_UNKNOWN = "–"
"""In place of a setting that a run's file does not have: all runs of a model name the same settings."""
_SEEDS = ("random_seed", "numpy_seed", "torch_seed", "fewshot_seed")
_ORDER = ("num_fewshot", "dtype", "limit", "seed", "chat_template", "system_instruction", "gen_kwargs")
"""Settings that stand before the others, which follow by name."""
_NAMES = ("pretrained", "model", "model_dtype", "model_sha", "model_revision")
"""Settings that the model's name has said, where no other run has this name."""


def short_name(run: StoredRun) -> str:
    """A model's name; of a folder on somebody's disk, its last parts.

    Args:
        run: The run.
    """
    parts = run.name.rstrip("/").split("/")
    return "/".join(parts[-2:]) if len(parts) > 2 else run.name


def run_labels(runs: Sequence[StoredRun]) -> tuple[str, ...]:
    """What each run is called in one line, no two alike: ``org/model``, ``org/model (dtype bfloat16)``.

    Runs of one model are told apart by their settings, else by when they were, else by the folder in which they lie.

    Args:
        runs: The runs.
    """
    short = [short_name(run) for run in runs]
    full = {name: {run.name for run, one in zip(runs, short, strict=True) if one == name} for name in short}
    labels = [name if len(full[name]) == 1 else run.name for run, name in zip(runs, short, strict=True)]
    own = own_settings(runs, only_of_one_model=True)
    times = [run.stamp[:19].replace("T", " ") for run in runs]
    for facts_of in (
        lambda places: [own[place] for place in places],
        lambda places: [times[place] for place in places],
        lambda places: _folders([runs[place].source for place in places]),
        lambda places: [f"#{at + 1}" for at, _ in enumerate(places)],
    ):
        for label, places in _places(labels).items():
            facts = facts_of(places) if len(places) > 1 else [""]
            if len(set(facts)) > 1:
                for place, fact in zip(places, facts, strict=True):
                    labels[place] = f"{label} ({fact})" if fact else label
    return tuple(labels)


def _places(labels: Sequence[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for place, label in enumerate(labels):
        found.setdefault(label, []).append(place)
    return found


def _folders(sources: Sequence[str]) -> list[str]:
    """The first parts of paths by which they are not one."""
    parts = [Path(source).parts for source in sources]
    depth = next((at for at, mine in enumerate(zip_longest(*parts)) if len(set(mine)) > 1), 0)
    return [mine[depth] if len(mine) > depth else "" for mine in parts]


def own_settings(runs: Sequence[StoredRun], *, only_of_one_model: bool = False) -> list[str]:
    """Of each run what tells it from those with the same model, else from all others: ``num_fewshot 5, limit 20``.

    Args:
        runs: The runs.
        only_of_one_model: Whether a run whose model no other one has gets nothing.
    """
    arguments = {name for run in runs for name in arguments_of(run.section("config").get("model_args"))}
    settings = [{**dict.fromkeys(arguments, "default"), **_settings(run)} for run in runs]
    places = _places([short_name(run) for run in runs])
    said = [""] * len(runs)
    everything = [] if only_of_one_model else [one for one in _differing(settings) if one not in _NAMES]
    for mine in places.values():
        names = _differing([settings[place] for place in mine]) if len(mine) > 1 else everything
        for place in mine:
            said[place] = ", ".join(f"{name} {settings[place].get(name, _UNKNOWN)}" for name in names)
    return said


def _settings(run: StoredRun) -> dict[str, str]:
    """The settings of a run as words; the four seeds are one, as ``--seed`` takes them."""
    found = {name.removeprefix("model_args."): _value(value) for name, value in settings_of_run(run).items()}
    shots = sorted({count for count in run.section("n-shot").values() if isinstance(count, int)})
    if shots:
        found["num_fewshot"] = str(shots[0]) if len(shots) == 1 else f"{shots[0]}–{shots[-1]}"
    seeds = [found.pop(name) for name in _SEEDS if name in found]
    if seeds:
        found["seed"] = seeds[0] if len(set(seeds)) == 1 else ",".join(seeds)
    return found


def _differing(settings: Sequence[Mapping[str, str]]) -> list[str]:
    """The names of settings that have several values, in an order that is that of no run."""
    names = {name for one in settings for name in one}
    several = {name for name in names if len({one[name] for one in settings if name in one}) > 1}
    several -= {"model_dtype"} if "dtype" in several else set()
    by_weight = sorted(several, key=lambda name: (_ORDER.index(name) if name in _ORDER else len(_ORDER), name))
    return by_weight[:_MOST]


def _value(value: Any) -> str:
    """A setting as a command line has it: ``max_gen_toks=16``, ``12``, ``none``; of a long one a part of its hash."""
    if isinstance(value, Mapping):
        value = ",".join(f"{name}={one}" for name, one in value.items())
    if isinstance(value, float):
        return f"{value:g}"
    text = "none" if value in (None, "") else str(value)
    if len(text) <= _SHORT and "\n" not in text:
        return text
    return f"#{hashlib.sha256(text.encode(errors='replace')).hexdigest()[:6]}"
