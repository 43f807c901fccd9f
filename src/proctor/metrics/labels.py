"""F1 and the Matthews correlation, from counts of (gold, prediction) pairs.

Both depend on a resample only through how often each pair is in it, so the bootstrap counts
pairs and never builds a list. The formulas are scikit-learn's, the numbers equal; the package
is not needed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from proctor.errors import DataError, value_text
from proctor.metrics.replicates import drawn
from proctor.stats.bootstrap import Batch


@dataclass(frozen=True, slots=True)
class Pairs:
    """Distinct (gold, prediction) pairs of a task and which one each document has.

    ``golds`` and ``predictions``: per distinct pair, positions in ``labels``.
    ``codes``: per document, the position of its pair.
    """

    labels: tuple[Any, ...]
    golds: tuple[int, ...]
    predictions: tuple[int, ...]
    codes: tuple[int, ...]


def pair_up(items: Sequence[Any], statistic: str) -> Pairs:
    """Read (gold, prediction) pairs; anything else is a sentence about ``statistic``."""
    labels: dict[Any, int] = {}
    cells: dict[tuple[int, int], int] = {}
    codes: list[int] = []
    for item in items:
        if not isinstance(item, list | tuple) or len(item) != 2:
            raise DataError(f"{statistic} needs a pair (gold, prediction) per document and got {value_text(item)}.")
        gold, prediction = (labels.setdefault(_label(one, statistic), len(labels)) for one in item)
        codes.append(cells.setdefault((gold, prediction), len(cells)))
    if len({isinstance(label, str) for label in labels}) > 1:
        raise DataError(f"{statistic} cannot compare texts with numbers: the labels are {_shown(tuple(labels))}.")
    return Pairs(tuple(labels), tuple(g for g, _ in cells), tuple(p for _, p in cells), tuple(codes))


def _label(label: Any, statistic: str) -> Any:
    # A number of numpy equals Python's, but is another type to ``isinstance``.
    plain = label.item() if hasattr(label, "dtype") and hasattr(label, "item") else label
    if isinstance(plain, str) or (isinstance(plain, int | float) and float(plain).is_integer()):
        return plain
    raise DataError(
        f"{statistic} compares classes, given as whole numbers or as texts; {label!r} is neither.",
        hint="A task with several targets per document needs an aggregation of its own." if _listed(label) else None,
    )


def _listed(label: Any) -> bool:
    return isinstance(label, list | tuple)


def _shown(labels: tuple[Any, ...]) -> str:
    listed = ", ".join(repr(label) for label in labels[:6])
    return f"{listed}, ..." if len(labels) > 6 else listed


def f1(items: Sequence[Any]) -> float:
    """F1 of the class 1 of two, ``2 tp / (2 tp + fp + fn)``, 0 where nothing is of that class.

    Source: https://scikit-learn.org/stable/modules/generated/sklearn.metrics.f1_score.html
    (``average="binary"``), which lm-eval calls.
    """
    pairs = pair_up(items, "f1")
    return float(_f1(_counts(pairs), pairs)[0])


def matthews_corrcoef(items: Sequence[Any]) -> float:
    """Matthews correlation of gold and prediction, for any number of classes; 0 if undefined.

    Source: https://scikit-learn.org/stable/modules/generated/sklearn.metrics.matthews_corrcoef.html,
    after J. Gorodkin, "Comparing two K-category assignments by a K-category correlation
    coefficient", 2004.
    """
    pairs = pair_up(items, "matthews_corrcoef")
    return float(_matthews(_counts(pairs), pairs)[0])


def f1_batch(items: Sequence[Any]) -> Batch:
    """:func:`f1` of each resample. The values are numpy's, as scikit-learn's are."""
    pairs = pair_up(items, "f1")
    return _batch(pairs, lambda counts: list(_f1(counts, pairs)))


def matthews_batch(items: Sequence[Any]) -> Batch:
    """:func:`matthews_corrcoef` of each resample."""
    pairs = pair_up(items, "matthews_corrcoef")
    return _batch(pairs, lambda counts: _matthews(counts, pairs).tolist())


def _batch(pairs: Pairs, finish: Callable[[Any], list[Any]]) -> Batch:
    import numpy as np

    codes = np.array(pairs.codes, dtype=np.intp)
    cells = len(pairs.golds)

    def compute(index: Any) -> list[Any]:
        rows = len(index)
        # One bincount for all rows: the codes of row r are moved by r times the number of cells.
        cell = drawn(codes, index)
        cell += np.arange(rows) * cells
        counts = np.bincount(cell.ravel(), minlength=rows * cells).reshape(rows, cells)
        return finish(counts.astype(float))

    return compute


def _counts(pairs: Pairs) -> Any:
    import numpy as np

    return np.bincount(pairs.codes, minlength=len(pairs.golds)).astype(float)[None, :]


def _f1(counts: Any, pairs: Pairs) -> Any:
    import numpy as np

    _check_binary(pairs.labels)
    # -1 is the position of no label: then nothing is of the class 1, and F1 is 0.
    one = pairs.labels.index(1) if 1 in pairs.labels else -1
    is_gold = np.array([gold == one for gold in pairs.golds], dtype=float)
    is_predicted = np.array([prediction == one for prediction in pairs.predictions], dtype=float)
    hits, golds, predicted = counts @ (is_gold * is_predicted), counts @ is_gold, counts @ is_predicted
    either = golds + predicted
    return np.where(either == 0, 0.0, 2.0 * hits / np.where(either == 0, 1.0, either))


def _check_binary(labels: tuple[Any, ...]) -> None:
    if len(labels) > 2 or (len(labels) == 2 and 1 not in labels):
        raise DataError(
            f"The aggregation 'f1' is for the two classes 0 and 1; the labels here are {_shown(labels)}.",
            hint="Give the metric an aggregation of your own: 'aggregation: !function utils.my_f1'.",
        )


def _matthews(counts: Any, pairs: Pairs) -> Any:
    import numpy as np

    classes = np.arange(len(pairs.labels))
    golds, predictions = np.array(pairs.golds), np.array(pairs.predictions)
    # Sums of whole numbers below 2**53 are exact in any order.
    t_sum = counts @ (golds[:, None] == classes).astype(float)
    p_sum = counts @ (predictions[:, None] == classes).astype(float)
    right = counts @ (golds == predictions).astype(float)
    total = counts.sum(axis=1)
    both = right * total - (t_sum * p_sum).sum(axis=1)
    product = (total**2 - (p_sum**2).sum(axis=1)) * (total**2 - (t_sum**2).sum(axis=1))
    return np.where(product == 0, 0.0, both / np.sqrt(np.where(product == 0, 1.0, product)))
