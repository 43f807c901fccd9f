"""Bounds for YAML of strangers: what its aliases stand for, and how long its numbers are.

A kilobyte of aliases, each a list of ten of the one before, stands for billions of values. PyYAML composes it in no
time, since an alias is one object, and whoever then walks the values (to copy, to show or to redact them), or merges
them by ``<<``, never ends. So the composed nodes are counted as often as they are written out, each node once: what
the aliases add to what is written in the file is bounded.
"""

from __future__ import annotations

from typing import Any

from proctor.tasks.yaml_errors import UnusableYamlError

MOST_BY_ALIAS = 100_000
"""Values that the aliases of one file may stand for, beyond those that are written in it."""
MOST_DIGITS = 4_000
"""Digits of a whole number: Python writes out no longer ones."""


def check_aliases(root: Any) -> None:
    """Refuse aliases that stand for too many values, or that stand within what they stand for."""
    counts: dict[int, int] = {}
    open_nodes: set[int] = set()
    _count(root, counts, open_nodes)
    if root is not None and counts.get(id(root), 0) > len(counts) + MOST_BY_ALIAS:
        line = _first_bomb(root, counts).start_mark.line + 1
        raise UnusableYamlError(f"the aliases on line {line} and above stand for more than {MOST_BY_ALIAS:,} values.")


def _count(node: Any, counts: dict[int, int], open_nodes: set[int]) -> int:
    if node is None:
        return 0
    mark = id(node)
    if mark in open_nodes:
        raise UnusableYamlError(f"the value that begins on line {node.start_mark.line + 1} contains itself.")
    if mark not in counts:
        total = 1
        if node.id != "scalar":
            open_nodes.add(mark)
            for part in node.value:
                for one in part if isinstance(part, tuple) else (part,):
                    total += _count(one, counts, open_nodes)
            open_nodes.discard(mark)
        # Bounded, since the sum doubles (or more) with each level of aliases, and whole numbers of Python grow without
        # end.
        counts[mark] = min(total, 1 << 60)
    return counts[mark]


def _first_bomb(root: Any, counts: dict[int, int]) -> Any:
    """The innermost node that stands for too much."""
    node = root
    while node.id != "scalar":
        parts = [one for part in node.value for one in (part if isinstance(part, tuple) else (part,))]
        large = next((one for one in parts if counts[id(one)] > MOST_BY_ALIAS), None)
        if large is None:
            break
        node = large
    return node


def check_number(text: str) -> None:
    """Refuse a whole number that could not be written out again; ValueError."""
    if len(text) > MOST_DIGITS:
        raise ValueError(f"a number of {len(text):,} letters; at most {MOST_DIGITS:,} are read")
