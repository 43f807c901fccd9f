"""F1 and the Matthews correlation from counts of pairs."""

from __future__ import annotations

import math

import numpy
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from proctor.errors import DataError
from proctor.metrics.labels import f1, matthews_corrcoef, pair_up
from proctor.metrics.tables import AGGREGATIONS

labels = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=60)


@given(labels, st.randoms())
def test_f1_and_mcc_keep_their_ranges_and_ignore_order(pairs, source):
    f1, mcc = AGGREGATIONS.get("f1"), AGGREGATIONS.get("matthews_corrcoef")
    assert 0.0 <= f1(pairs) <= 1.0
    assert -1.0 - 1e-12 <= mcc(pairs) <= 1.0 + 1e-12
    shuffled = source.sample(pairs, len(pairs))
    assert (f1(shuffled), mcc(shuffled)) == (f1(pairs), mcc(pairs))
    swapped = [(prediction, gold) for gold, prediction in pairs]
    assert f1(swapped) == f1(pairs)
    assert mcc(swapped) == pytest.approx(mcc(pairs))


@pytest.mark.filterwarnings("ignore:A single label was found:UserWarning")
@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=1, max_size=60))
def test_f1_and_mcc_are_scikit_learns(pairs):
    sklearn = pytest.importorskip("sklearn.metrics")
    golds, predictions = zip(*pairs, strict=True)
    assert AGGREGATIONS.get("matthews_corrcoef")(pairs) == sklearn.matthews_corrcoef(golds, predictions)
    binary = [(gold > 0, prediction > 0) for gold, prediction in pairs]
    assume(any(gold or prediction for gold, prediction in binary))
    assert AGGREGATIONS.get("f1")(binary) == sklearn.f1_score(*zip(*binary, strict=True))


def test_pairs_are_counted_once_each():
    pairs = pair_up([("a", "b"), ["a", "a"], ("a", "b"), (numpy.int64(1), 1)][:3], "f1")
    assert (pairs.labels, pairs.golds, pairs.predictions, pairs.codes) == (("a", "b"), (0, 0), (1, 0), (0, 1, 0))
    assert pair_up([(numpy.int64(1), 1)], "f1").labels == (1,)


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ([1.0], "f1 needs a pair"),
        ([(1, 2, 3)], "f1 needs a pair"),
        ([("1", 1)], "cannot compare texts with numbers: the labels are '1', 1."),
        ([(0.5, 1)], "0.5 is neither"),
        ([(None, 1)], "None is neither"),
    ],
)
def test_what_is_no_pair_of_classes(items, said):
    with pytest.raises(DataError, match=said):
        pair_up(items, "f1")


def test_by_hand():
    pairs = [(1, 1), (1, 0), (0, 1), (0, 0), (1, 1)]
    assert f1(pairs) == pytest.approx(2 * 2 / (2 * 2 + 1 + 1))
    assert matthews_corrcoef(pairs) == pytest.approx((2 * 1 - 1 * 1) / math.sqrt(3 * 3 * 2 * 2))
    assert f1([(0, 0)]) == 0.0
    assert matthews_corrcoef([(1, 1), (1, 1)]) == 0.0
    with pytest.raises(DataError, match="two classes 0 and 1; the labels here are 0, 1, 2"):
        f1([(0, 1), (2, 1)])
