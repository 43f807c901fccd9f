"""Quadratic forms: numpy's pseudo-inverse, and what lies outside of the variance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.analysis.symmetric import eigen, quadratic_form

matrices = st.integers(1, 6).flatmap(
    lambda k: st.lists(st.lists(st.integers(-9, 9), min_size=k, max_size=k), min_size=1, max_size=8)
)


@given(matrices, st.data())
def test_numpy_gives_the_same(rows, data):
    factor = np.array(rows, dtype=float)
    m = factor.T @ factor
    k = len(m)
    vector = data.draw(st.lists(st.integers(-5, 5), min_size=k, max_size=k))
    form = quadratic_form(m.tolist(), vector)
    assert form.rank == np.linalg.matrix_rank(m, hermitian=True, tol=1e-10 * max(1e-300, np.abs(m).max()))
    inverse = np.linalg.pinv(m, hermitian=True, rcond=1e-10)
    assert form.value == pytest.approx(float(vector @ inverse @ vector), rel=1e-6, abs=1e-9)
    values, vectors = eigen(m.tolist())
    assert sorted(values) == pytest.approx(np.linalg.eigvalsh(m).tolist(), abs=1e-9 * max(1, np.abs(m).max()))
    again = sum(v * np.outer(u, u) for v, u in zip(values, np.array(vectors), strict=True))
    assert again == pytest.approx(m, abs=1e-9 * max(1.0, np.abs(m).max()))


def test_what_has_no_variance_is_outside():
    form = quadratic_form([[4.0, 0.0], [0.0, 0.0]], [2.0, 3.0])
    assert (form.value, form.rank, form.outside) == (1.0, 1, 3.0)
    nothing = quadratic_form([[0.0, 0.0], [0.0, 0.0]], [0.0, 0.0])
    assert (nothing.value, nothing.rank, nothing.outside) == (0.0, 0, 0.0)
