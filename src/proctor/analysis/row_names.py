"""What rows of a table are called: by alias as far as that tells them apart, in the tree of groups and without it."""

# A group of MMLU's kind has members of one alias in several of its groups (``isles`` by text and by letter). In a tree
# the group stands above them, and the alias is enough; where names stand alone, an alias of several tasks has the name
# of its group beside it, and where that is not enough, it is the task's own name.

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from proctor.results.stored_run import StoredRun


@dataclass(frozen=True, slots=True)
class RowName:
    """A group or task in a table.

    Attributes:
        name: Its name.
        depth: How many groups of the table are around it.
        alias: What it is called below its group.
        label: What it is called anywhere else: no two rows have one label.
    """

    name: str
    depth: int
    alias: str
    label: str


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a row stands: its alias, the alias of its group, the group in the table that is around it, how deep."""

    alias: str
    group: str
    around: str
    depth: int


def row_names(runs: Sequence[StoredRun], shown: Collection[str]) -> tuple[RowName, ...]:
    """The rows of a table in the order of the first run that has them.

    Args:
        runs: The runs.
        shown: Names of groups and tasks that have a row.
    """
    places: dict[str, _Place] = {}
    for run in runs:
        above: list[str] = []
        own = set[str]()
        for name, depth in run.tree():
            del above[depth:]
            if name in shown and name not in places:
                around = [one for one in above if one in shown]
                # A row that an earlier run lacks stands at the end, and not below its group.
                near = around[-1] if around and around[-1] in own else ""
                group = run.alias(above[-1]) if above else ""
                places[name] = _Place(run.alias(name), group, near, len(around) if near else 0)
                own.add(name)
            above.append(name)
    labels = _labels(places)
    siblings = Counter((one.around, one.alias) for one in places.values())
    return tuple(
        RowName(name, one.depth, one.alias if siblings[one.around, one.alias] == 1 else labels[name], labels[name])
        for name, one in places.items()
    )


def _labels(places: dict[str, _Place]) -> dict[str, str]:
    aliases = Counter(one.alias for one in places.values())
    beside = {
        name: one.alias if aliases[one.alias] == 1 or not one.group else f"{one.alias} ({one.group})"
        for name, one in places.items()
    }
    counts = Counter(beside.values())
    return {name: label if counts[label] == 1 else name for name, label in beside.items()}
