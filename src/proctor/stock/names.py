"""Which names lm-eval's tasks have, known without them: so that a missing one is told from a misspelt one.

The names are facts, written down by ``tools/stock_names.py``: tasks, groups and tags with their
sizes, and folders. They are read when a name was not found, or a list of all names is wanted, and
at no other time.
"""

from __future__ import annotations

import functools
import gzip
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from proctor.errors import did_you_mean
from proctor.plurals import counted

_FILE = Path(__file__).with_name("names.json.gz")
REMEDY = "'proctor tasks get' brings {}."


@dataclass(frozen=True, slots=True)
class StockNames:
    """The names of one version. ``groups`` and ``tags``: how many tasks each has. ``folders``: in ``lm_eval.tasks``."""

    version: str
    tasks: frozenset[str]
    groups: Mapping[str, int]
    tags: Mapping[str, int]
    folders: frozenset[str]

    def __contains__(self, name: object) -> bool:
        return name in self.tasks or name in self.groups or name in self.tags

    @property
    def all(self) -> list[str]:
        """Every name, sorted."""
        return sorted({*self.tasks, *self.groups, *self.tags})

    def kind(self, name: str) -> str:
        """What a name is, for a sentence."""
        for kind, sizes in (("group", self.groups), ("tag", self.tags)):
            if name in sizes and name not in self.tasks:
                return f"a {kind} of {counted(sizes[name], 'task')}"
        return "a task"


@functools.cache
def stock_names() -> StockNames:
    """The names of the version that proctor knows."""
    values = json.loads(gzip.decompress(_FILE.read_bytes()))
    values |= {kind: frozenset(values[kind]) for kind in ("tasks", "folders")}
    return StockNames(**values)


def stock_task_hint(name: str) -> str | None:
    """What to do for a name, or a pattern, that lm-eval has and that is not here; None for any other.

    Example:
        >>> stock_task_hint("social_iqa")
        "'social_iqa' is a task of lm-eval 0.4.13: 'proctor tasks get' brings it."
    """
    known = stock_names()
    if name in known:
        return f"'{name}' is {known.kind(name)} of lm-eval {known.version}: {REMEDY.format('it')}"
    count = sum(fnmatchcase(one, name) for one in known.all) if set("*?[") & set(name) else 0
    if count:
        names, them = (counted(count, "name"), "it" if count == 1 else "them")
        return f"'{name}' matches {names} of lm-eval {known.version}: {REMEDY.format(them)}"
    return None


def stock_module_hint(module: str) -> str | None:
    """What to do for an import of ``lm_eval.tasks.<folder>...`` that is not here; None for any other."""
    parts = module.split(".")
    known = stock_names()
    if parts[:2] != ["lm_eval", "tasks"] or len(parts) < 3 or parts[2] not in known.folders:
        return None
    return f"'{'.'.join(parts[:3])}' is a folder of lm-eval {known.version}'s tasks: {REMEDY.format('it')}"


def stock_include_hint(path: str) -> str | None:
    """What to do for an ``include`` of a file in one of lm-eval's folders of tasks; None for any other.

    Such a path is relative to the file that says it, so bringing the folder somewhere else is no remedy.
    """
    known = stock_names()
    folder = next((part for part in reversed(path.replace("\\", "/").split("/")[:-1]) if part in known.folders), None)
    if folder is None:
        return None
    return (
        f"{folder!r} is a folder of lm-eval {known.version}'s tasks ('proctor tasks get' brings them, "
        "'proctor tasks ls' says where): copy the file from there, or put this folder beside it."
    )


def did_you_mean_any(name: str, here: Iterable[str]) -> str | None:
    """The closest names of those that are ``here`` and of lm-eval's; what is not here is said to be so."""
    known = stock_names()
    here = set(here)
    close = did_you_mean(name, sorted({*here, *known.all}))
    away = [one for one in known.all if one not in here and close and repr(one) in close]
    if not away:
        return close
    named = " and ".join(map(repr, away))
    be, them = ("is", "it") if len(away) == 1 else ("are", "them")
    return f"{close} {named} {be} of lm-eval {known.version}: {REMEDY.format(them)}"
