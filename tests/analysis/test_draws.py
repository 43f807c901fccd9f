"""Random numbers from names: the same on every machine, others for each document."""

from __future__ import annotations

import statistics
from collections import Counter

from proctor.analysis.draws import binomial, multinomial, permuted, quantile, source_of


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


def test_numbers_of_hits_have_the_binomial_distribution():
    source, n, p = source_of(4), 30, 0.3
    draws = [binomial(n, p, source) for _ in range(4000)]
    assert abs(sum(draws) / 4000 - 9) < 0.15
    assert abs(statistics.variance(draws) - 6.3) < 0.6
    assert [binomial(5, 0.0, source), binomial(5, 1.0, source), binomial(0, 0.5, source)] == [0, 5, 0]
    assert abs(binomial(10**6, 0.25, source) - 250_000) < 3000


def test_resampled_kinds_are_as_many_as_there_are():
    source = source_of(5)
    draws = [multinomial([10, 0, 30, 60], source) for _ in range(2000)]
    assert all(sum(one) == 100 and one[1] == 0 for one in draws)
    means = [sum(column) / 2000 for column in zip(*draws, strict=True)]
    assert [abs(mean - count) < 0.6 for mean, count in zip(means, [10, 0, 30, 60], strict=True)] == [True] * 4
    assert abs(statistics.variance([one[2] for one in draws]) - 21) < 3
