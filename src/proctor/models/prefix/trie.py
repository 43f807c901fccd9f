"""The compressed trie of the inputs of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from proctor.models.prefix.ids import Ids, common_prefix


@dataclass(slots=True)
class Node:
    """An edge of the compressed trie: ``length`` tokens that end at ``depth``, below its parent.

    ``example``: an input that passes through it. ``ends``: the inputs that end here. ``needs``:
    ``(input, first, stop)``, the positions on this edge whose logits an input needs. ``size``:
    tokens of the whole subtree.
    """

    example: int
    depth: int
    length: int
    children: list[Node] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    needs: list[tuple[int, int, int]] = field(default_factory=list)
    size: int = 0


def build_trie(inputs: Sequence[Ids], counts: Sequence[int], numbers: Sequence[int]) -> Node:
    """The compressed trie of some inputs, below an empty root; children in order of their tokens.

    Args:
        inputs: Token ids, arrays of shape (tokens,).
        counts: Per input, how many of its last positions need logits.
        numbers: The inputs that are taken, by their place in ``inputs``.
    """
    order = sorted(numbers, key=lambda number: inputs[number].astype(">u4").tobytes())
    root = Node(example=order[0] if order else 0, depth=0, length=0)
    path = [root]
    for previous, number in zip([None, *order], order, strict=False):
        tokens = inputs[number]
        common = 0 if previous is None else common_prefix(inputs[previous], tokens)
        _ascend(path, common)
        if len(tokens) > common:
            path.append(Node(example=number, depth=len(tokens), length=len(tokens) - common))
            path[-2].children.append(path[-1])
        path[-1].ends.append(number)
    _annotate(root, inputs, counts)
    return root


def _ascend(path: list[Node], common: int) -> None:
    """Leave the nodes deeper than ``common``, splitting the edge that passes it."""
    last: Node | None = None
    while path[-1].depth > common:
        last = path.pop()
    if last is None or path[-1].depth == common:
        return
    split = Node(example=last.example, depth=common, length=common - path[-1].depth, children=[last])
    last.length = last.depth - common
    path[-1].children[-1] = split
    path.append(split)


def _annotate(root: Node, inputs: Sequence[Ids], counts: Sequence[int]) -> None:
    """Fill in sizes and needs, without recursion (a trie can be deep)."""
    order: list[Node] = []
    path: list[Node] = []
    stack = [root]
    while stack:
        node = stack.pop()
        order.append(node)
        while path and path[-1].depth > node.depth - node.length:
            path.pop()
        path.append(node)
        for number in node.ends:
            first = len(inputs[number]) - counts[number]
            for above in reversed(path):
                if above.depth <= first:
                    break
                above.needs.append((number, max(first, above.depth - above.length), above.depth))
        stack.extend(reversed(node.children))
    for node in reversed(order):
        node.size = node.length + sum(child.size for child in node.children)
