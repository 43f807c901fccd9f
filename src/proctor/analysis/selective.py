"""Does confidence tell right from wrong? Ranking by confidence, and accuracy without the unsure answers."""

# Independent of calibration: a model may be far too sure of everything and still be surest where it is right. Equal
# confidences cannot be ordered, so each of them counts with the mean of all: no result depends on the order of
# documents.
#
# Sources: Y. Geifman, R. El-Yaniv, "Selective classification for deep neural networks", 2017 (accuracy at coverage,
# AURC); AUROC as the probability of Mann and Whitney 1947.

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from proctor.analysis.statistic import Statistic, check_finite, check_same_length, check_some
from proctor.errors import AnalysisError

COVERAGES = (0.1, 0.25, 0.5, 0.75)


def auroc(confidence: Sequence[float], correct: Sequence[float]) -> Statistic:
    """``P(confidence of a right answer > confidence of a wrong one)`` plus half of the ties.

    Args:
        confidence: Of n documents, at least one, all finite.
        correct: 0 or 1 of each.

    Returns:
        None where all are right or all are wrong.

    Raises:
        AnalysisError: Lengths differ, there is no document, or a confidence is not finite.
    """
    groups = _groups(confidence, correct)
    right = math.fsum(hits for hits, _ in groups)
    wrong = sum(size for _, size in groups) - right
    if not right or not wrong:
        return Statistic(None, "all answers are right" if right else "all answers are wrong")
    below, pairs = wrong, 0.0  # wrong answers of less confidence, while groups descend
    for hits, size in groups:
        below -= size - hits
        pairs += hits * (below + (size - hits) / 2)
    return Statistic(pairs / (right * wrong))


def selective_accuracy(confidence: Sequence[float], correct: Sequence[float]) -> list[float]:
    """The accuracy of the k most confident documents, for k = 1 to n.

    Args:
        confidence: Of n documents, at least one, all finite.
        correct: 0 or 1 of each.

    Raises:
        AnalysisError: Lengths differ, there is no document, or a confidence is not finite.
    """
    accuracies, right, k = [], 0.0, 0
    for hits, size in _groups(confidence, correct):
        for place in range(1, size + 1):
            accuracies.append((right + hits * place / size) / (k + place))
        right, k = right + hits, k + size
    return accuracies


def accuracy_at(accuracies: Sequence[float], coverage: float) -> float:
    """The accuracy of the ``ceil(coverage n)`` most confident documents.

    Args:
        accuracies: Of :func:`selective_accuracy`.
        coverage: The share of documents, above 0, at most 1.

    Raises:
        AnalysisError: The coverage is out of its range.
    """
    if not 0 < coverage <= 1:
        raise AnalysisError(f"A coverage of {coverage}: it must be above 0 and at most 1.")
    # 0.07 * 100 is 7.000000000000001: rounding must not ask for one more.
    return accuracies[max(1, math.ceil(coverage * len(accuracies) - 1e-9)) - 1]


def area_under_risk(accuracies: Sequence[float]) -> float:
    """AURC: the mean share of wrong answers over all coverages; 0 is best.

    Args:
        accuracies: Of :func:`selective_accuracy`.
    """
    return math.fsum(1 - accuracy for accuracy in accuracies) / len(accuracies)


def _groups(confidence: Sequence[float], correct: Sequence[float]) -> list[tuple[float, int]]:
    """For each confidence, from the highest on: right answers and documents."""
    check_some(confidence, "documents")
    check_same_length(confidence, correct, "confidences and scores")
    check_finite(confidence, "confidence")
    order = sorted(range(len(confidence)), key=lambda i: -confidence[i])
    groups = []
    for _, members in itertools.groupby(order, key=lambda i: confidence[i]):
        scores = [correct[i] for i in members]
        groups.append((math.fsum(scores), len(scores)))
    return groups
