"""Equal and nearly equal items: all pairs that comparing every pair finds, in small exams and in real ones."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.analysis.duplicates import (
    Item,
    clusters,
    duplicate_groups,
    item_shingles,
    jaccard,
    leaks,
    near_duplicates,
    normalized,
    score_without,
    shingles,
    with_equal_options,
)
from proctor.errors import AnalysisError

texts = st.lists(st.lists(st.sampled_from(["a", "b", "c", "d", "e"]), max_size=9).map(" ".join), max_size=14)


@given(texts, st.sampled_from([0.3, 0.5, 0.8, 0.95]), st.integers(1, 3))
def test_no_pair_is_missed(some, similar, words):
    sets = [shingles(text, words) for text in some]
    expected = {
        (i, j): jaccard(sets[i], sets[j])
        for j in range(len(some))
        for i in range(j)
        if jaccard(sets[i], sets[j]) >= similar - 1e-12
    }
    assert {(i, j): value for i, j, value in near_duplicates(sets, similar)} == expected


def test_normalized_texts():
    assert normalized("Ｗｈａｔ is 2+2?  ") == "whatis22"
    assert normalized("서울은 어디?") == "서울은어디"
    assert clusters(["x", "y", "x", "x", "y"]) == [[0, 2, 3], [1, 4]]


def test_groups():
    items = [
        Item("What is 2 + 2?", ("3", "4"), "4"),
        Item("What is  2 + 2?", ("4", "3"), "4"),
        Item("What is 5 - 3?", ("2", "8"), "2"),
        Item("What is 5 + 3?", ("2", "8"), "8"),
        Item("Which is true?", ("p", "q"), "p"),
        Item("Which is true?", ("r", "s"), "r"),
    ]
    same, candidate = duplicate_groups(items)
    assert (same.items, same.certain, same.contradiction) == ((0, 1), True, False)
    assert (candidate.items, candidate.certain, candidate.contradiction) == ((2, 3), False, True)


def test_leaks():
    options = ("the first of all", "the second of all")
    pool = [
        Item("Name a prime number greater than ten please", options, options[0]),
        Item("What is 2+2?", ("3", "4"), "4"),
        Item("Which is true?", ("p", "q"), "p"),
    ]
    tests = [
        Item("what is 2 + 2 ?", ("4", "3"), "4"),
        Item("Name a prime number greater than ten please now", options[::-1], options[0]),
        Item("Which is true?", ("r", "s"), "r"),
        Item("what is 2 + 2 ?", ("4", "3"), "4"),
    ]
    found = leaks(pool, tests, 0.8)
    assert [(leak.example, leak.item) for leak in found] == [(0, 1), (1, 0), (1, 3)]
    assert found[1].similarity == 1
    assert 0.8 <= found[0].similarity < 1
    assert leaks([], tests) == []


@given(texts, st.integers(0, 8))
def test_no_leak_is_missed(some, count):
    items = [Item(text, (text[:3], "x y z"), "x y z") for text in some]
    pool, tests = items[:count], items[count:]
    found = {(leak.example, leak.item) for leak in leaks(pool, tests, 0.5)}
    sets = [item_shingles(item) for item in items]
    similar = {
        (i, j)
        for i in range(len(pool))
        for j in range(len(tests))
        if jaccard(sets[i], sets[len(pool) + j]) >= 0.5 - 1e-12
    }
    assert similar <= found


def test_equal_options_and_exclusion():
    assert with_equal_options([["a", "b"], ["a", " a"], ["a", "A"]]) == [1]
    assert score_without([1, 0, 1], [False, True, False]) == ([1, 1], 1)
    with pytest.raises(AnalysisError, match="3 and 1"):
        score_without([1, 0, 1], [False])
    with pytest.raises(AnalysisError, match="similarity"):
        near_duplicates([shingles("a")], 1.0)


@pytest.mark.slow
def test_real_duplicates_are_as_many_as_the_specification_counts(shared_hub):
    """MMLU: 114 groups of 229 documents, two with another gold; 5 examples in a test split; 9 with equal options."""
    items, pool = [], []
    for file in sorted((shared_hub / "cais/mmlu").glob("*/*.jsonl")):
        if file.parent.name == "all" or file.stem == "validation":
            continue
        for line in file.read_text(encoding="utf-8").rstrip("\n").split("\n"):
            row = json.loads(line)
            one = Item(row["question"], tuple(row["choices"]), row["choices"][row["answer"]])
            (items if file.stem == "test" else pool).append(one)
    groups = duplicate_groups(items)
    assert len(items) == 14_042
    assert abs(len(groups) - 114) <= 5
    assert abs(sum(len(group.items) for group in groups) - 229) <= 10
    assert sum(group.contradiction for group in groups) == 2
    assert len(with_equal_options([one.choices for one in items])) == 9
    found = leaks(pool, items)
    assert abs(len({leak.example for leak in found if leak.similarity == 1}) - 5) <= 2
    assert len(near_duplicates([item_shingles(one) for one in items])) > 100
