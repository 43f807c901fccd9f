"""Quadratic forms ``v' M⁺ v`` of small symmetric matrices, M⁺ the pseudo-inverse, by Jacobi's rotations."""

# Covariances of shares are singular by nature (shares add up to one), and by chance (a position that is never chosen).
# So the inverse is taken where there is variance, and what lies outside of it is said, not divided by rounding errors.
#
# Source: W. H. Press et al., "Numerical Recipes", section 11.1 (Jacobi).

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_SWEEPS = 60
_NEGLIGIBLE = 1e-10
"""Eigenvalues below this share of the largest one are 0."""


@dataclass(frozen=True, slots=True)
class QuadraticForm:
    """``v' M⁺ v``, and whether M says all of v."""

    value: float
    rank: int
    outside: float
    """Length of the part of v in which M has no variance at all."""


def eigen(matrix: Sequence[Sequence[float]]) -> tuple[list[float], list[list[float]]]:
    """Eigenvalues and eigenvectors of a symmetric matrix.

    Args:
        matrix: K rows of K numbers, symmetric.

    Returns:
        K eigenvalues in no order; for each, its eigenvector of length 1.
    """
    size = len(matrix)
    m = [list(row) for row in matrix]
    vectors = [[float(i == j) for j in range(size)] for i in range(size)]  # row i: the i-th eigenvector
    for _ in range(_SWEEPS):
        off = math.fsum(m[i][j] ** 2 for i in range(size) for j in range(size) if i != j)
        if off <= 1e-30 * math.fsum(m[i][i] ** 2 for i in range(size)):
            break
        for p in range(size - 1):
            for q in range(p + 1, size):
                if m[p][q]:
                    _rotate(m, vectors, p, q)
    return [m[i][i] for i in range(size)], vectors


def _rotate(m: list[list[float]], vectors: list[list[float]], p: int, q: int) -> None:
    """Make ``m[p][q]`` 0 by a rotation in the plane of p and q."""
    theta = (m[q][q] - m[p][p]) / (2 * m[p][q])
    t = math.copysign(1 / (abs(theta) + math.hypot(theta, 1)), theta)
    c = 1 / math.hypot(t, 1)
    s = t * c
    for row in m:
        row[p], row[q] = c * row[p] - s * row[q], s * row[p] + c * row[q]
    for rows in (m, vectors):
        rows[p], rows[q] = (
            [c * a - s * b for a, b in zip(rows[p], rows[q], strict=True)],
            [s * a + c * b for a, b in zip(rows[p], rows[q], strict=True)],
        )


def quadratic_form(matrix: Sequence[Sequence[float]], vector: Sequence[float]) -> QuadraticForm:
    """``v' M⁺ v`` of a covariance matrix M.

    Args:
        matrix: K rows of K numbers, symmetric, no eigenvalue below 0 but for rounding.
        vector: K numbers.
    """
    values, vectors = eigen(matrix)
    largest = max(values, default=0.0)
    value, rank, outside = 0.0, 0, 0.0
    for eigenvalue, direction in zip(values, vectors, strict=True):
        along = math.fsum(a * b for a, b in zip(direction, vector, strict=True))
        if largest > 0 and eigenvalue > _NEGLIGIBLE * largest:
            value, rank = value + along * along / eigenvalue, rank + 1
        else:
            outside += along * along
    return QuadraticForm(value, rank, math.sqrt(outside))
