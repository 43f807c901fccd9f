"""Random numbers from names: the same on every machine, others for each document."""

from __future__ import annotations

import statistics
from collections import Counter

from proctor.analysis.draws import permuted, quantile, source_of


def test_a_source_belongs_to_its_names():
    first = source_of(0, "mmlu_anatomy", "7b1e").random()
    assert first == source_of(0, "mmlu_anatomy", "7b1e").random()
    others = [source_of(1, "mmlu_anatomy", "7b1e"), source_of(0, "mmlu_anatomy7", "b1e"), source_of(0, "mmlu_anatomy")]
    assert first not in [source.random() for source in others]


def test_the_numbers_never_change():
    """Another number here would change the orders of runs that are resumed."""
    assert source_of(1234, "mmlu_anatomy", "7b1e").random() == 0.3751505502724356
    assert permuted(range(6), source_of(0, "x")) == [4, 5, 1, 2, 0, 3]


def test_all_orders_are_equally_likely():
    source = source_of(3, "orders")
    counts = Counter(tuple(permuted("abc", source)) for _ in range(6000))
    assert len(counts) == 6
    assert all(850 < count < 1150 for count in counts.values())


def test_quantiles_are_interpolated():
    assert quantile([5.0], 0.3) == 5.0
    values = sorted([3.0, 1.0, 4.0, 1.5, 9.0, 2.6])
    assert [quantile(values, q) for q in (0.25, 0.5, 0.75)] == statistics.quantiles(values, n=4, method="inclusive")
    assert (quantile(values, 0), quantile(values, 1)) == (1.0, 9.0)
