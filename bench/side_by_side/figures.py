"""Pure figures: the trie of a run's inputs, the least that scoring can cost, and how two runs differ."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

Pair = tuple[Sequence[int], Sequence[int]]
"""The ids of a context and of what is scored after it."""

Key = tuple[str, int]


@dataclass(frozen=True)
class Trie:
    """``flat``: tokens of all inputs. ``nodes``: their distinct prefixes, and the sum of their ``depths``.

    ``rows``: distinct prefixes after which some token is scored.
    """

    flat: int
    nodes: int
    depths: int
    rows: int


def measure_trie(pairs: Iterable[Pair], max_length: int) -> Trie:
    """Count the distinct prefixes of the inputs. An input leaves out its last token, which predicts nothing."""
    needed: set[tuple[int, ...]] = set()
    inputs: set[tuple[int, ...]] = set()
    flat = 0
    for context, scored in pairs:
        if not scored:
            continue
        tokens = tuple([*context, *scored][-(max_length + 1) :][:-1])
        inputs.add(tokens)
        flat += len(tokens)
        first = max(1, len(tokens) - len(scored) + 1)
        needed.update(tokens[:stop] for stop in range(first, len(tokens) + 1))
    nodes = depths = 0
    previous: tuple[int, ...] = ()
    for tokens in sorted(inputs):
        common = shared_length(previous, tokens)
        nodes += len(tokens) - common
        depths += (common + 1 + len(tokens)) * (len(tokens) - common) // 2
        previous = tokens
    return Trie(flat, nodes, depths, len(needed))


def shared_length(left: Sequence[int], right: Sequence[int]) -> int:
    """How many items two sequences have in common from the start."""
    for place, (one, other) in enumerate(zip(left, right, strict=False)):
        if one != other:
            return place
    return min(len(left), len(right))


def least_operations(trie: Trie, *, body: int, layers: int, width: int, hidden: int, vocabulary: int) -> int:
    """Floating-point operations no scoring of these inputs can do without.

    ``body``: parameters without embeddings; ``width``: attention heads times their size.
    """
    return trie.nodes * 2 * body + 4 * layers * width * trie.depths + 2 * hidden * vocabulary * trie.rows


@dataclass(frozen=True)
class Difference:
    """How far two runs are apart. ``changed``: documents whose prediction (or text) differs.

    ``near_ties``: those among them in which the two best choices lie closer than rounding.
    """

    documents: int
    largest: float
    changed: int
    near_ties: int
    missing: int


def compare(ours: Mapping[Key, Mapping[str, Any]], theirs: Mapping[Key, Mapping[str, Any]]) -> Difference:
    """Compare lines of two samples files, keyed by task and document."""
    return compare_responses(*({key: responses(line) for key, line in side.items()} for side in (ours, theirs)))


def compare_responses(ours: Mapping[Any, Sequence[Any]], theirs: Mapping[Any, Sequence[Any]]) -> Difference:
    """Compare the responses to the same documents: texts, or pairs of log-probability and greedy flag."""
    largest, changed, ties = 0.0, 0, 0
    both = sorted(ours.keys() & theirs.keys())
    for key in both:
        one, other = ours[key], theirs[key]
        largest = max(largest, _distance(one, other))
        if prediction(one) != prediction(other):
            changed += 1
            ties += _is_tie(one) and _is_tie(other)
    return Difference(len(both), largest, changed, ties, len(ours.keys() ^ theirs.keys()))


def responses(line: Mapping[str, Any]) -> list[Any]:
    """The responses of a samples line: texts, or pairs of log-probability and greedy flag."""
    return [_read(repeats[0] if isinstance(repeats, list) else repeats) for repeats in line["resps"]]


def _read(value: Any) -> Any:
    if isinstance(value, (list, tuple)) and len(value) == 2:
        return float(value[0]), str(value[1]) == "True"
    return value


def prediction(found: Sequence[Any]) -> Any:
    """The best choice of several, the greedy flag of one, the texts of generation."""
    if any(isinstance(value, str) for value in found):
        return tuple(found)
    scores = [value[0] if isinstance(value, tuple) else value for value in found]
    if len(scores) == 1:
        return found[0][1] if isinstance(found[0], tuple) else None
    return max(range(len(scores)), key=scores.__getitem__)


def _is_tie(found: Sequence[Any], within: float = 1e-4) -> bool:
    if len(found) < 2 or not all(isinstance(value, tuple) for value in found):
        return False
    best, second = sorted((value[0] for value in found), reverse=True)[:2]
    return best - second <= within


def _distance(one: Sequence[Any], other: Sequence[Any]) -> float:
    if len(one) != len(other):
        return math.inf
    pairs = [(a[0], b[0]) for a, b in zip(one, other, strict=True) if isinstance(a, tuple) and isinstance(b, tuple)]
    return max((abs(left - right) for left, right in pairs if left != right), default=0.0)


def median(values: Sequence[float]) -> float:
    """The middle value, or the mean of the two."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


MEASURED = ("scoring_cpu", "scoring_wall", "process_cpu", "process_wall", "peak_bytes")
"""What both programs report as numbers, less being better."""


def ratios(ours: Sequence[Mapping[str, Any]], theirs: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """lm-eval's median over proctor's, for everything that is measured."""
    return {
        name: median([run[name] for run in theirs]) / max(1e-9, median([run[name] for run in ours]))
        for name in MEASURED
        if all(name in run for run in (*ours, *theirs))
    }


def as_json(value: Trie | Difference) -> dict[str, Any]:
    """A value as it stands in a results file."""
    return asdict(value)
