"""The error of a random sample of documents, as an estimate of the score of all of them."""

# ``s/sqrt(n)`` is about other documents of the same kind. Whoever asks n of N documents to save the rest wants to know
# what all N would have scored, and of those n are known: the error is ``s/sqrt(n) sqrt(1 - n/N)``, and 0 at n = N. It
# holds of a random sample alone: the first n documents of an exam are no sample, since exams are ordered by source.
# lm-eval's error stays where it is, and this one stands beside it.
#
# Source: W. G. Cochran, "Sampling Techniques", 1977, sections 2.6 and 5.3 (strata).

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from proctor.run_result import TaskResult, Value

FINITE = "finite"


def with_finite_error(result: TaskResult) -> TaskResult:
    """A task's scores with the error of a random sample.

    Args:
        result: The scores of documents that were drawn at random.
    """
    return replace(result, values={key: _with_error(value, result.n_original) for key, value in result.values.items()})


def _with_error(value: Value, population: int) -> Value:
    """A mean of documents with its error; other scores as they are."""
    if value.stderr is None or value.n is None or value.method not in ("proportion", "mean"):
        return value
    error = value.stderr * math.sqrt(max(0.0, 1 - value.n / population))
    return replace(value, errors={**value.errors, FINITE: error})


def group_errors(cells: Sequence[Value], weights: Sequence[int]) -> Mapping[str, float]:
    """The same of a group, each task of which was sampled by itself.

    Args:
        cells: The scores of its tasks.
        weights: What each counts in the group's score.
    """
    known = [cell.errors.get(FINITE) for cell in cells]
    errors = [error for error in known if error is not None]
    if not weights or not sum(weights) or len(errors) < len(known):
        return {}
    squares = math.fsum((weight * error) ** 2 for weight, error in zip(weights, errors, strict=True))
    return {FINITE: math.sqrt(squares) / sum(weights)}
