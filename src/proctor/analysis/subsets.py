"""Small subsets of an exam: the score that all documents would give, and its honest error."""

#   random subset        ``s/sqrt(n) · sqrt(1 - n/N)``; the first n documents are no sample, for exams are ordered by
#                        source
#   prediction-powered   predictions for all N plus the mean of (right - predicted) over the n: valid however bad
#                        predictions are, and surer by as much as they predict
#   anchor items         chosen ones, with a model of items (2PL). Their error does not shrink by running them again,
#                        and is worst for models unlike those that they were chosen with; so it is measured by leaving
#                        out families of models, one at a time, and ``s/sqrt(n)`` is not given
#
# Sources: W. G. Cochran, "Sampling Techniques", 1977, sections 2.6 and 7.6 (finite population, difference estimator);
# A. Angelopoulos et al., 2301.09633; F. M. Polo et al., 2402.14992 (tinyBenchmarks); A. Kipnis et al., 2407.12844
# (metabench).

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from proctor.analysis.statistic import check_finite, check_same_length, check_some
from proctor.errors import AnalysisError
from proctor.stats.standard_errors import mean_stderr


@dataclass(frozen=True, slots=True)
class SubsetScore:
    """The estimated score of all N documents, from n of them."""

    estimate: float
    stderr: float | None
    """With the finite-population factor ``sqrt(1 - n/N)``; None for one document."""
    stderr_plain: float | None
    """Without the factor: for other documents of the same kind."""
    stderr_random: float | None
    """What the n documents give without predictions, with the factor."""


def _shrunk(stderr: float | None, n: int, population: int) -> float | None:
    return None if stderr is None else stderr * math.sqrt(1 - n / population)


def _check(right: Sequence[float], population: int) -> None:
    check_some(right, "documents")
    check_finite(right, "score")
    if population < len(right):
        raise AnalysisError(f"{len(right)} documents are no subset of {population}.")


def random_subset(right: Sequence[float], population: int) -> SubsetScore:
    """The score from a random subset (``--limit n --limit_order random``).

    Args:
        right: The scores of n documents drawn at random, at least one.
        population: N, all documents.

    Raises:
        AnalysisError: There are no documents or more than N, or a score is not finite.
    """
    _check(right, population)
    plain = mean_stderr(right)
    shrunk = _shrunk(plain, len(right), population)
    return SubsetScore(math.fsum(right) / len(right), shrunk, plain, shrunk)


def prediction_powered(
    right: Sequence[float], predicted: Sequence[float], predicted_mean: float, population: int
) -> SubsetScore:
    """The score from a random subset and predictions for all documents (difference estimator).

    Args:
        right: The scores of n documents drawn at random, at least one.
        predicted: The prediction for each of them, made without this model.
        predicted_mean: The mean of the predictions for all N documents.
        population: N.

    Raises:
        AnalysisError: Lengths differ, there are no documents or more than N, or a value is not finite.
    """
    _check(right, population)
    check_same_length(right, predicted, "scores and predictions")
    check_finite([*predicted, predicted_mean], "prediction")
    residuals = [y - f for y, f in zip(right, predicted, strict=True)]
    n, plain = len(right), mean_stderr(residuals)
    return SubsetScore(
        predicted_mean + math.fsum(residuals) / n,
        _shrunk(plain, n, population),
        plain,
        _shrunk(mean_stderr(right), n, population),
    )


def probability_2pl(ability: float, discrimination: float, difficulty: float) -> float:
    """The probability of a right answer under the two-parameter logistic model, ``sigma(a (theta - b))``.

    Args:
        ability: theta.
        discrimination: a.
        difficulty: b.
    """
    x = discrimination * (ability - difficulty)
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def information_2pl(ability: float, discrimination: float, difficulty: float) -> float:
    """Fisher's information of an item about the ability, ``a² p (1 - p)``.

    Args:
        ability: theta.
        discrimination: a.
        difficulty: b.
    """
    p = probability_2pl(ability, discrimination, difficulty)
    return discrimination**2 * p * (1 - p)


@dataclass(frozen=True, slots=True)
class LeftOutError:
    """The error of a fixed subset on models of families that it was not made with."""

    rmse: float
    worst: float
    families: int


def leave_family_out(
    families: Sequence[Hashable], scores: Sequence[float], estimate: Callable[[list[int], int], float]
) -> LeftOutError:
    """Measure a fixed subset's error, each family of models left out once.

    Args:
        families: The family of each of m models, at least two families.
        scores: The score of each model on all documents.
        estimate: From the positions of the models to learn from, and that of a model of another family, to its
            estimated score.

    Raises:
        AnalysisError: Lengths differ, or there are fewer than two families.
    """
    check_same_length(families, scores, "families and scores")
    names = set(families)
    if len(names) < 2:
        raise AnalysisError(f"Models of {len(names)} families: an error on unseen ones needs at least two.")
    errors = [
        estimate([i for i, other in enumerate(families) if other != family], model) - scores[model]
        for model, family in enumerate(families)
    ]
    rmse = math.sqrt(math.fsum(error * error for error in errors) / len(errors))
    return LeftOutError(rmse, max(map(abs, errors)), len(names))
