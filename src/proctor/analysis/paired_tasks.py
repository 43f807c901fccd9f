"""Tasks that hold the same documents under different names: MMLU by letter and by text, a prompt and its variant."""

# Which tasks belong together
# ---------------------------
#   given       A=B, or mmlu_*=mmlu_continuation_*: one star stands for the same text on both sides
#   automatic   a task that only one of the runs has, and one that only the other has, whose names differ by words for a
#               formulation alone (mmlu_anatomy, mmlu_continuation_anatomy), and whose first documents are the same
#
# The second run is read as if its tasks had the names of the first; all that compares then needs to know nothing of it.
# Documents are paired by their hashes as ever, so that a wrong guess pairs nothing. What was paired is said.

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from proctor.errors import DataError, UsageError, did_you_mean
from proctor.results.stored_run import StoredRun

AUTO, NONE = "auto", "none"

FORMULATIONS = frozenset(
    {"continuation", "cloze", "text", "texts", "letter", "letters", "mc", "mcf", "cf", "rc", "hybrid", "options",
     "gen", "generate", "generative", "generation", "loglikelihood", "cot", "chat"}
)  # fmt: skip
"""Words in the name of a task that say how its documents are asked, and not which they are."""

_LOOKED_AT = 50
"""First documents by which two tasks are held for the same."""
_WORDS = re.compile(r"[_@:.+\-]+")
_BY_TASK = ("results", "groups", "configs", "versions", "n-shot", "higher_is_better", "n-samples", "task_hashes")


def names_in(first: StoredRun, second: StoredRun, pair_tasks: Sequence[str]) -> Mapping[str, str]:
    """Which tasks and groups of the second run stand for which of the first.

    Args:
        first: A run.
        second: Another one.
        pair_tasks: ``auto``, ``none``, or pairs as ``A=B``; nothing is automatic.

    Returns:
        The name in the first run by that in the second, where the two differ.

    Raises:
        UsageError: A pair is not written as one, or names what a run does not have.
    """
    words = list(pair_tasks)
    if words == [NONE] or not words:
        return {}
    if words == [AUTO]:
        return _automatic(first, second)
    found: dict[str, str] = {}
    for word in words:
        found |= _given(first, second, word)
    doubled = next((name for name in found.values() if list(found.values()).count(name) > 1), None)
    if doubled is not None:
        raise UsageError(f"--pair_tasks pairs {doubled!r} with two tasks.", hint="A task has one partner.")
    return {theirs: ours for theirs, ours in found.items() if theirs != ours}


def _given(first: StoredRun, second: StoredRun, word: str) -> dict[str, str]:
    left, equals, right = word.partition("=")
    if not equals or not left or not right or left.count("*") != right.count("*") or left.count("*") > 1:
        raise UsageError(
            f"--pair_tasks {word!r}: a pair is A=B, with a star on both sides or on none.",
            hint="For example: --pair_tasks 'mmlu_*=mmlu_continuation_*'.",
        )
    ours, theirs = _names(first), _names(second)
    pattern = re.compile("(.*)".join(map(re.escape, left.split("*"))))
    found: dict[str, str] = {}
    for name in ours:
        match = pattern.fullmatch(name)
        if match:
            partner = right.replace("*", match[1]) if "*" in right else right
            if partner in theirs:
                found[partner] = name
    if not found:
        lost, known = (left, ours) if not any(map(pattern.fullmatch, ours)) else (right, theirs)
        which = "first" if known is ours else "second"
        hint = did_you_mean(lost, known) or f"It has {', '.join(known[:6]) or 'none'}."
        raise UsageError(f"--pair_tasks {word!r}: the {which} run has no task or group {lost!r}.", hint=hint)
    return found


def _names(run: StoredRun) -> list[str]:
    return list(dict.fromkeys((*run.tasks, *run.groups)))


def _automatic(first: StoredRun, second: StoredRun) -> dict[str, str]:
    ours = _by_base(name for name in first.tasks if name not in second.tasks)
    theirs = _by_base(name for name in second.tasks if name not in first.tasks)
    found: dict[str, str] = {}
    for base, names in ours.items():
        partners = theirs.get(base, [])
        # Of two that fit, neither is certain.
        if len(names) == len(partners) == 1 and _same_documents((first, names[0]), (second, partners[0])):
            found[partners[0]] = names[0]
    groups = _by_base(name for name in second.groups if name not in first.groups)
    for base, names in _by_base(name for name in first.groups if name not in second.groups).items():
        members = set(first.leaves(names[0]))
        if found and len(names) == 1 and len(groups.get(base, [])) == 1 and members & set(found.values()):
            found[groups[base][0]] = names[0]
    return found


def _by_base(names: Iterable[str]) -> dict[tuple[str, ...], list[str]]:
    found: dict[tuple[str, ...], list[str]] = {}
    for name in names:
        words = [word for word in _WORDS.split(name) if word]
        found.setdefault(tuple(word for word in words if word not in FORMULATIONS), []).append(name)
    return found


def _same_documents(first: tuple[StoredRun, str], second: tuple[StoredRun, str]) -> bool:
    hashes = []
    for run, task in (first, second):
        try:
            samples = list(islice(run.samples(task), _LOOKED_AT))
        except DataError:
            return False
        hashes.append({sample.identity[0] for sample in samples if sample.hashed})
    return bool(hashes[0]) and 2 * len(hashes[0] & hashes[1]) >= min(map(len, hashes))


def renamed(run: StoredRun, names: Mapping[str, str]) -> StoredRun:
    """A run whose tasks and groups have other names; what had such a name before is left out.

    Args:
        run: The run.
        names: The new name of each.
    """
    if not names:
        return run
    taken = set(names.values())

    def of(mapping: Mapping[str, Any]) -> dict[str, Any]:
        return {names.get(key, key): value for key, value in mapping.items() if key in names or key not in taken}

    sections = {key: of(run.section(key)) for key in _BY_TASK if run.section(key)}
    members = {name: [names.get(one, one) for one in inside] for name, inside in run.groups.items()}
    document = {**run.document, **sections, "group_subtasks": of(members)}
    return replace(run, document=document, samples_files=of(run.samples_files))


def tasks_of_itself(runs: Sequence[StoredRun], partners: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    """The tasks to compare of one run with itself: those paired, for any other would meet its own responses.

    Args:
        runs: The runs, before their tasks have other names.
        partners: What :func:`names_in` says of each run after the first.

    Returns:
        Their names; none where the runs are different ones: then every task is compared.
    """
    if any(run is not runs[0] for run in runs):
        return ()
    return tuple(ours for names in partners for ours in names.values())
