"""What is equal between two runs' files, sample by sample and figure by figure.

The files are lm-eval's ``results_*.json`` and ``samples_*.jsonl``; which program wrote them
does not matter. Log-likelihoods differ in their last digits between batchings, so they are
compared within a tolerance; everything else must be the same to the character.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

Row: TypeAlias = Mapping[str, Any]
Key: TypeAlias = tuple[int, str]

STAMP = re.compile(r"_\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d+$")
HASHES = ("doc_hash", "prompt_hash", "target_hash")
NO_METRICS = {"doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter", "metrics", *HASHES}
FACTS = ("versions", "n-shot", "higher_is_better", "n-samples", "group_subtasks", "task_hashes")


class NoResults(Exception):
    """A run that left no results file."""


@dataclass(frozen=True)
class Tolerance:
    """``atol``: of a log-likelihood. ``rtol``: of a figure, relative above 1."""

    atol: float = 1e-3
    rtol: float = 1e-4


@dataclass(frozen=True)
class Run:
    """The files of one run. ``samples``: by task, then by document and filter."""

    results: Mapping[str, Any]
    samples: Mapping[str, Mapping[Key, Row]]


@dataclass
class Report:
    """What a comparison found. ``worst``: the largest accepted difference of a log-likelihood."""

    samples: int = 0
    figures: int = 0
    near_ties: int = 0
    worst: float = 0.0
    tied: set[str] = field(default_factory=set)
    mismatches: list[str] = field(default_factory=list)

    def differ(self, what: str, where: str, peer: Any, ours: Any) -> None:
        """Note a mismatch, with both values."""
        peer, ours = _excerpts(repr(peer), repr(ours))
        self.mismatches.append(f"{what} of {where}\n    lm-eval: {peer}\n    proctor: {ours}")


def _excerpts(one: str, other: str, width: int = 300) -> tuple[str, str]:
    """Both texts around their first difference."""
    pairs = zip(one, other, strict=False)
    at = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
    start = max(0, at - width // 2)

    def cut(text: str) -> str:
        return ("..." if start else "") + text[start : start + width] + ("..." if len(text) > start + width else "")

    return cut(one), cut(other)


def read_run(folder: Path) -> Run:
    """The newest results under ``folder`` and all samples beside them."""
    files = sorted(folder.rglob("results_*.json"))
    if not files:
        raise NoResults(f"There is no results_*.json under {folder}.")
    samples: dict[str, dict[Key, Row]] = {}
    for file in sorted(files[-1].parent.glob("samples_*.jsonl")):
        rows = samples.setdefault(STAMP.sub("", file.stem).removeprefix("samples_"), {})
        with file.open(encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                rows[row["doc_id"], row.get("filter", "none")] = row
    return Run(json.loads(files[-1].read_text(encoding="utf-8")), samples)


def compare(peer: Run, ours: Run, tolerance: Tolerance = Tolerance()) -> Report:
    """Everything that two runs of the same arguments must agree on."""
    report = Report()
    for task in sorted(peer.samples.keys() | ours.samples.keys()):
        _compare_task(report, task, peer.samples.get(task, {}), ours.samples.get(task, {}), tolerance)
    for section in ("results", "groups"):
        _compare_figures(report, section, peer.results.get(section, {}), ours.results.get(section, {}), tolerance)
    for fact in FACTS:
        _compare_facts(report, fact, peer.results.get(fact, {}), ours.results.get(fact, {}))
    return report


def _compare_task(
    report: Report, task: str, peer: Mapping[Key, Row], ours: Mapping[Key, Row], tolerance: Tolerance
) -> None:
    if peer.keys() != ours.keys():
        only = sorted(peer.keys() ^ ours.keys())[:5]
        report.differ("set of samples", f"{task}, such as {only}", f"{len(peer)} samples", f"{len(ours)} samples")
    for doc_id, pipeline in sorted(peer.keys() & ours.keys()):
        report.samples += 1
        where = f"{task}, document {doc_id}, filter {pipeline}"
        _compare_sample(report, task, where, peer[doc_id, pipeline], ours[doc_id, pipeline], tolerance)


def _compare_sample(report: Report, task: str, where: str, peer: Row, ours: Row, tolerance: Tolerance) -> None:
    for key in ("arguments", "target", *HASHES):
        if peer.get(key) != ours.get(key):
            report.differ(key, where, peer.get(key), ours.get(key))
            return
    for key in ("resps", "filtered_resps"):
        gap = difference(peer.get(key), ours.get(key))
        if gap > tolerance.atol:
            report.differ(key, where, peer.get(key), ours.get(key))
            return
        report.worst = max(report.worst, gap)
    for metric in sorted((peer.keys() | ours.keys()) - NO_METRICS):
        if metric in peer and metric in ours and difference(peer[metric], ours[metric]) <= tolerance.atol:
            continue
        if near_tie(peer, tolerance.atol):
            report.near_ties += 1
            report.tied.add(task)
        else:
            report.differ(f"metric {metric}", where, peer.get(metric), ours.get(metric))


def difference(one: Any, other: Any) -> float:
    """The largest difference of the numbers in two responses; infinite where anything else differs.

    Both programs write log-likelihoods and greedy flags as text. Beyond 1000, as whole pages have
    it, a difference counts per thousand: more digits than that a 32-bit float does not hold.
    """
    left, right = list(leaves(one)), list(leaves(other))
    if len(left) != len(right):
        return math.inf
    worst = 0.0
    for a, b in zip(left, right, strict=True):
        if a == b:
            continue
        x, y = as_number(a), as_number(b)
        if x is None or y is None:
            return math.inf
        if not (math.isnan(x) and math.isnan(y)):
            gap = abs(x - y) / max(1.0, abs(x) / 1000)
            worst = max(worst, math.inf if math.isnan(gap) else gap)
    return worst


def leaves(value: Any) -> Iterator[Any]:
    """The leaves of a nested value, in order."""
    if isinstance(value, Mapping):
        for key in sorted(value):
            yield key
            yield from leaves(value[key])
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def as_number(value: Any) -> float | None:
    """A log-likelihood or figure as a number. Whole numbers in texts are answers, not likelihoods."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str) and not re.fullmatch(r"-?(\d+\.\d*(e[-+]?\d+)?|\d+e[-+]?\d+|nan|inf)", value):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def near_tie(row: Row, atol: float) -> bool:
    """Whether two choices of a document are so close that rounding decides between them."""
    scores: list[float] = []
    for response in row.get("filtered_resps") or ():
        score = as_number(next(leaves(response), None))
        if score is None:
            return False
        scores.append(score)
    scores.sort(reverse=True)
    return any(a - b <= 2 * atol for a, b in pairwise(scores))


def _compare_figures(
    report: Report, section: str, peer: Mapping[str, Any], ours: Mapping[str, Any], tolerance: Tolerance
) -> None:
    if peer.keys() != ours.keys():
        report.differ("set of entries", section, sorted(peer), sorted(ours))
    for task in sorted(peer.keys() & ours.keys()):
        one, other = figures(peer[task]), figures(ours[task])
        if one.keys() != other.keys():
            report.differ("set of figures", f"{section}, {task}", sorted(one), sorted(other))
        for key in sorted(one.keys() & other.keys()):
            report.figures += 1
            # Figures above a near tie follow from it.
            if not _same_figure(one[key], other[key], tolerance.rtol) and not report.tied:
                report.differ(f"figure {key}", f"{section}, {task}", one[key], other[key])


def figures(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The values and standard errors of a task: ``metric,filter`` and ``metric_stderr,filter``."""
    return {key: value for key, value in entry.items() if "," in key}


def _same_figure(one: Any, other: Any, rtol: float) -> bool:
    x, y = as_number(one), as_number(other)
    if x is None or y is None:
        return one == other
    return (math.isnan(x) and math.isnan(y)) or x == y or abs(x - y) <= rtol * max(1.0, abs(x))


def _compare_facts(report: Report, fact: str, peer: Mapping[str, Any], ours: Mapping[str, Any]) -> None:
    for name in sorted(peer.keys() | ours.keys()):
        if peer.get(name) != ours.get(name):
            report.differ(fact, name, peer.get(name), ours.get(name))
