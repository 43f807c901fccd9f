"""The compressed trie: every input ends once, every distinct prefix stands once, every needed position is noted."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from hypothesis import given
from tiny_plans import distinct_prefixes, exams

from proctor.models.prefix.trie import Node, build_trie


def paths(node: Node, above: tuple[Node, ...] = ()) -> Iterator[tuple[Node, ...]]:
    """Every node with all that stand above it, the root first."""
    path = (*above, node)
    yield path
    for child in node.children:
        yield from paths(child, path)


@given(exams())
def test_every_input_ends_in_one_node_below_its_own_tokens(exam):
    inputs, counts = exam
    root = build_trie(inputs, counts, range(len(inputs)))
    ends = []
    for path in paths(root):
        for number in path[-1].ends:
            ends.append(number)
            assert path[-1].depth == len(inputs[number])
            for node in path:
                assert (inputs[node.example][: node.depth] == inputs[number][: node.depth]).all()
    assert sorted(ends) == list(range(len(inputs)))


@given(exams())
def test_every_distinct_prefix_stands_once(exam):
    inputs, counts = exam
    root = build_trie(inputs, counts, range(len(inputs)))
    assert root.size == sum(path[-1].length for path in paths(root)) == distinct_prefixes(inputs)
    for *_, node in paths(root):
        firsts = [int(inputs[child.example][node.depth]) for child in node.children]
        assert firsts == sorted(set(firsts))
        assert all(child.depth - child.length == node.depth for child in node.children)


@given(exams())
def test_each_needed_position_is_noted_on_the_edge_that_holds_it(exam):
    inputs, counts = exam
    noted = []
    for *_, node in paths(build_trie(inputs, counts, range(len(inputs)))):
        for number, first, stop in node.needs:
            assert node.depth - node.length <= first < stop <= node.depth
            noted.extend((number, position) for position in range(first, stop))
    expected = [
        (number, position)
        for number, (tokens, count) in enumerate(zip(inputs, counts, strict=True))
        for position in range(len(tokens) - count, len(tokens))
    ]
    assert sorted(noted) == expected


def test_an_edge_is_split_where_inputs_part():
    inputs = [np.array(ids, dtype=np.int32) for ids in ([1, 2, 3, 4], [1, 2, 5], [1, 2])]
    root = build_trie(inputs, [1, 2, 1], [0, 1, 2])
    (stem,) = root.children
    assert (stem.depth, stem.length, stem.ends, stem.size) == (2, 2, [2], 5)
    assert sorted(stem.needs) == [(1, 1, 2), (2, 1, 2)]
    assert [(child.depth, child.length, child.ends, child.needs) for child in stem.children] == [
        (4, 2, [0], [(0, 3, 4)]),
        (3, 1, [1], [(1, 2, 3)]),
    ]


def test_a_part_of_the_inputs_makes_a_trie_of_its_own():
    inputs = [np.array(ids, dtype=np.int32) for ids in ([1, 2], [3, 4], [1, 5])]
    root = build_trie(inputs, [1, 1, 1], [0, 2])
    assert root.size == 3
    assert sorted(end for *_, node in paths(root) for end in node.ends) == [0, 2]
    assert build_trie(inputs, [1, 1, 1], []).size == 0
