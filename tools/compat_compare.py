"""What two descriptions of a task folder, lm-eval's and proctor's, have in common and where they part.

Both are the JSON-like values that `compat_peer.py` and `compat_own.py` write. Nothing is run here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Verdict = Literal["equal", "purpose", "more", "corpus", "ours"]
VERDICTS: Mapping[Verdict, str] = {
    "equal": "equal",
    "purpose": "differs on purpose",
    "more": "works here only",
    "corpus": "works in neither",
    "ours": "our error",
}
ON_PURPOSE: Mapping[str, str] = {
    "openllm": "overrides the group `mmlu` and the tag `truthfulqa`: lm-eval gives all their tasks one name, "
    "so that one per subgroup is left; here they keep their names",
}
"""Groups whose tasks are not lm-eval's, and why (docs/differences.md)."""

_NAMED = re.compile(r"'([^']+)'")
_LACKS = re.compile(r"group '([^']+)'(?: and [\d,]+ more groups?)?: no task of the group lists the metric '([^']+)'")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was compared. ``peer``, ``own``: what each side says where they do not agree."""

    what: str
    name: str
    verdict: Verdict
    peer: str = ""
    own: str = ""


def compare(peer: Mapping[str, Any], own: Mapping[str, Any]) -> list[Finding]:
    """Everything both sides say, piece by piece."""
    return [
        *_names(peer["names"], own["names"]),
        *_both("task configurations", peer["tasks"], own["tasks"]),
        *_both("group trees", peer["groups"], own["groups"]),
        *_validated(peer, own),
        *_both("Python files", _python_files(peer["functions"]), _python_files(own["functions"])),
        *_both("functions", peer["functions"], own["functions"]),
        *_both("metrics and filters", _measured(peer["live"]), _measured(own["live"])),
    ]


def counts(findings: Sequence[Finding]) -> dict[str, Counter[Verdict]]:
    """How many of each verdict, by what was compared."""
    table: dict[str, Counter[Verdict]] = {}
    for finding in findings:
        table.setdefault(finding.what, Counter())[finding.verdict] += 1
    return table


def _names(peer: Mapping[str, Any], own: Mapping[str, Any]) -> Iterator[Finding]:
    for kind in ("tasks", "groups", "tags"):
        # A task written as a class is another kind in lm-eval only.
        theirs = {name: _without(row, "class") for name, row in peer[kind].items()}
        yield from _both(f"{kind} by name", theirs, own[kind])


def _without(row: Any, key: str) -> Any:
    return {name: value for name, value in row.items() if name != key} if isinstance(row, Mapping) else row


def _both(what: str, peer: Mapping[str, Any], own: Mapping[str, Any]) -> Iterator[Finding]:
    for name in sorted(peer.keys() | own.keys()):
        yield _one(what, name, peer.get(name, {"error": "is not there"}), own.get(name, {"error": "is not there"}))


def _one(what: str, name: str, theirs: Any, ours: Any) -> Finding:
    fails, fails_here = failure(theirs), failure(ours)
    if fails_here:
        return Finding(what, name, "corpus" if fails else "ours", fails or "works", fails_here)
    if fails:
        return Finding(what, name, "more", fails, "works")
    if theirs == ours:
        return Finding(what, name, "equal")
    verdict: Verdict = "purpose" if name in ON_PURPOSE else "ours"
    return Finding(what, name, verdict, *map(_short, _differing(theirs, ours)))


def failure(value: Any) -> str:
    """The error of what could not be had."""
    return str(value["error"]) if isinstance(value, Mapping) and set(value) <= {"error", "missing"} else ""


def _differing(theirs: Any, ours: Any) -> tuple[Any, Any]:
    """The part in which two values differ."""
    while isinstance(theirs, Mapping) and isinstance(ours, Mapping):
        keys = [key for key in {**theirs, **ours} if theirs.get(key) != ours.get(key)]
        if len(keys) != 1:
            return {key: theirs.get(key) for key in keys}, {key: ours.get(key) for key in keys}
        theirs, ours = theirs.get(keys[0]), ours.get(keys[0])
    return theirs, ours


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:197]}..."


def _measured(live: Mapping[str, Any]) -> dict[str, Any]:
    """What a task measures; a class keeps that to itself until it is asked."""
    return {
        name: row if failure(row) else {"class": row["class"]} if row.get("class") else row.get("metrics")
        for name, row in live.items()
    }


def _python_files(functions: Mapping[str, Any]) -> dict[str, Any]:
    """Python files by the functions that are asked of them: one that is found shows that its file imports."""
    files: dict[str, Any] = {}
    for name, row in functions.items():
        file = name.rpartition(".")[0]
        if failure(row):
            files.setdefault(file, row)
        else:
            files[file] = {"imports": True}
    return files


def _validated(peer: Mapping[str, Any], own: Mapping[str, Any]) -> Iterator[Finding]:
    """Every error that ``validate`` finds: is it one in lm-eval too?"""
    for file, line, message in own["verdict"]["errors"]:
        place = f"{file}:{line}" if line else file
        excuse = _excuse(message, peer)
        yield Finding("errors found by validate", place, "corpus" if excuse else "ours", excuse, message)


def _excuse(message: str, peer: Mapping[str, Any]) -> str:
    """What lm-eval has of the same error; empty if it has none."""
    lacks = _LACKS.match(message)
    if lacks is not None:
        group, metric = lacks.groups()
        leaves = list(_leaves(_tree(group, peer["groups"]) or {}))
        having = [leaf for leaf in leaves if metric in (peer["live"].get(leaf, {}).get("metrics") or ())]
        if leaves:
            return "" if having else f"has no {metric} there either"
    for name in _NAMED.findall(message):
        for known in (name, name.partition("::")[0]):
            for part in ("groups", "tasks", "live"):
                if fails := failure(peer[part].get(known)):
                    return fails
    return ""


def _tree(name: str, trees: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The tree of a group, which may be defined within another one."""
    if name in trees:
        return trees[name]
    inner = (tree.get("members") for tree in trees.values() if isinstance(tree, Mapping))
    return next((found for members in inner if members and (found := _tree(name, members))), None)


def _leaves(tree: Mapping[str, Any]) -> Iterator[str]:
    for name, member in (tree.get("members") or {}).items():
        if isinstance(member, Mapping) and "members" in member:
            yield from _leaves(member)
        else:
            yield name
