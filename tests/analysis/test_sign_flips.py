"""Sign flips: every way of counting gives the p that enumeration gives."""

from __future__ import annotations

import itertools
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.analysis import sign_flips
from proctor.analysis.draws import source_of
from proctor.analysis.paired import mcnemar
from proctor.analysis.sign_flips import sign_flip_test
from proctor.errors import AnalysisError

SOURCE = source_of(0, "test")


def by_hand(units):
    observed = abs(sum(units))
    sums = [
        abs(sum(s * u for s, u in zip(signs, units, strict=True)))
        for signs in itertools.product((1, -1), repeat=len(units))
    ]
    return sum(total >= observed - 1e-9 for total in sums) / len(sums)


@given(st.lists(st.sampled_from([-0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.7]), min_size=1, max_size=9))
def test_enumeration(units):
    result = sign_flip_test(units, source=SOURCE)
    assert result.p == pytest.approx(by_hand(units), abs=1e-12)
    assert (result.method, result.draws) == ("exact", None)


@given(st.lists(st.sampled_from([-1.0, -0.5, -0.25, 0.0, 0.25, 0.75, 1.0]), min_size=1, max_size=10))
def test_convolution_gives_the_enumerated_p(units):
    sizes = [abs(unit) for unit in units if unit]
    least = abs(sum(units))
    if sizes and least:
        assert sign_flips._convolved(sizes, least - 1e-9) == pytest.approx(by_hand(units), abs=1e-12)


@pytest.mark.parametrize(("plus", "minus"), [(30, 12), (700, 610), (1410, 1216)])
def test_scores_of_0_and_1_give_mcnemar(plus, minus):
    result = sign_flip_test([1.0] * plus + [-1.0] * minus + [0.0] * 500, source=SOURCE)
    assert result.p == pytest.approx(mcnemar(plus, minus).exact, rel=1e-9)
    assert (result.method, result.units, result.differing) == ("exact", plus + minus + 500, plus + minus)


def test_draws_agree_with_enumeration():
    source = random.Random(4)
    units = [source.gauss(0.3, 1) for _ in range(15)]
    exact = sign_flip_test(units, source=SOURCE).p
    least = abs(math.fsum(units))
    hits = sign_flips._hits([abs(unit) for unit in units], least - 1e-12, source_of(1), 20_000)
    assert hits / 20_000 == pytest.approx(exact, abs=4 * math.sqrt(exact / 20_000))


@pytest.mark.parametrize("shift", [0.02, 0.06, 0.12])
def test_the_saddlepoint_agrees_with_draws(shift):
    source = random.Random(7)
    units = [source.gauss(shift, 1) * source.choice((0.1, 1, 2)) for _ in range(129)]
    result = sign_flip_test(units, source=SOURCE)
    assert result.method == "saddlepoint"
    drawn = sign_flip_test(units[:128], source=source_of(2), draws=20_000)
    assert (drawn.method, drawn.draws) == ("draws", 20_000)
    hits = sign_flips._hits([abs(unit) for unit in units], abs(math.fsum(units)), source_of(3), 40_000)
    assert result.p == pytest.approx(hits / 40_000, abs=4 * math.sqrt(result.p / 40_000), rel=0.01)


def test_the_saddlepoint_at_its_ends():
    source = random.Random(1)
    sizes = [source.random() for _ in range(600)]
    assert sign_flip_test(sizes, source=SOURCE).p < 1e-100
    balanced = [size * sign for size, sign in zip(sizes, itertools.cycle((1, -1)), strict=False)]
    balanced.append(-math.fsum(balanced) + 1e-4)
    assert sign_flip_test(balanced, source=SOURCE).p == pytest.approx(1, abs=1e-3)


def test_whole_clusters_are_flipped():
    differences = [1.0, 1.0, 1.0, -1.0, 0.0, 1.0]
    clusters = ["a", "a", "b", "b", "c", "c"]
    result = sign_flip_test(differences, clusters, source=SOURCE)
    assert (result.p, result.units, result.differing) == (0.5, 3, 2)


def test_nothing_differs():
    assert sign_flip_test([0.0, 0.0], source=SOURCE).p == 1
    assert sign_flip_test([0.1 + 0.2, -0.3], source=SOURCE).p == 1
    assert sign_flip_test([1.0, -1.0], [0, 0], source=SOURCE).p == 1


def test_equal_seeds_give_equal_draws():
    source = random.Random(9)
    units = [source.gauss(0.1, 1) for _ in range(40)]
    first, again = (sign_flip_test(units, source=source_of(0, "mmlu"), draws=2000) for _ in range(2))
    assert first == again
    assert first.method == "draws"


def test_bad_differences_are_refused():
    with pytest.raises(AnalysisError, match="There are no differences"):
        sign_flip_test([], source=SOURCE)
    with pytest.raises(AnalysisError, match="nan"):
        sign_flip_test([1.0, math.nan], source=SOURCE)
    with pytest.raises(AnalysisError, match="2 and 1 differences and clusters"):
        sign_flip_test([1.0, 0.0], [1], source=SOURCE)
