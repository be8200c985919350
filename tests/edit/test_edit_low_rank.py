"""Large matrices are approximated as well as by their full decomposition, in passes over rows."""

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paramctl.edit import low_rank as subject
from paramctl.edit.low_rank import Matrix, low_rank


def in_blocks(values, height=7):
    return Matrix(
        *values.shape, lambda: (values[i : i + height] for i in range(0, len(values), height))
    )


def best(values, rank):
    left, sizes, right = np.linalg.svd(values, full_matrices=False)
    return (left[:, :rank] * sizes[:rank]) @ right[:rank]


def approximated(values, rank):
    with patch.object(subject, "_WHOLE", 0):
        left, sizes, right = low_rank(in_blocks(values), rank, "w")
    assert np.allclose(left.T @ left, np.eye(len(sizes)), atol=1e-12)
    assert np.allclose(right @ right.T, np.eye(len(sizes)), atol=1e-12)
    assert list(sizes) == sorted(sizes, reverse=True)
    return (left * sizes) @ right


@given(st.integers(1, 90), st.integers(1, 90), st.integers(1, 6), st.integers(1, 6))
@settings(max_examples=40, deadline=None)
def test_a_matrix_of_low_rank_is_found_exactly(rows, columns, true, rank):
    rng = np.random.default_rng(rows * 91 + columns)
    values = rng.standard_normal((rows, true)) @ rng.standard_normal((true, columns))
    error = np.abs(approximated(values, rank) - best(values, rank)).max()
    assert error <= 1e-9 * max(1, np.abs(values).max())


@pytest.mark.parametrize("shape", [(300, 200), (200, 300)])
@pytest.mark.parametrize("decay", [0.0, 0.5, 2.0])
def test_the_energy_is_that_of_the_best_approximation(shape, decay):
    """To a part in two hundred, also where no singular value stands out (a decay of 0)."""
    rng = np.random.default_rng(1)
    values = rng.standard_normal(shape) * np.arange(1, shape[1] + 1) ** -decay
    found, truth = approximated(values, 8), best(values, 8)
    energy = [np.square(x).sum() for x in (found, truth)]
    assert energy[0] >= energy[1] * (1 - 5e-3)


def test_zeros_have_no_range():
    assert not approximated(np.zeros((60, 70)), 4).any()
