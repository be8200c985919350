"""Singular values found in passes over rows: those of a full decomposition."""

import ml_dtypes
import numpy as np
import pytest
from memory_source import MemorySource

from paramctl.compute.pool import set_threads
from paramctl.figures import spectrum as module
from paramctl.figures.spectrum import spectrum
from paramctl.figures.statistics import statistics

RANDOM = np.random.default_rng(0)


def found(array, count=4):
    source = MemorySource(x=array)
    return spectrum(source, source["x"], statistics(source, source["x"]), count)


def exact(array, count=4):
    matrix = array.reshape(array.shape[0], -1).astype(np.float64)
    return np.linalg.svd(matrix, compute_uv=False)[:count]


@pytest.mark.parametrize(
    "shape", [(200, 60), (60, 200), (300, 300), (5, 7), (1, 9), (9, 1), (64, 4, 3, 3), (1, 1)]
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, ml_dtypes.bfloat16])
def test_the_largest_values_are_those_of_a_full_decomposition(shape, dtype):
    array = RANDOM.standard_normal(shape).astype(dtype)
    result = found(array)
    values = exact(array)
    assert result.has_converged
    assert result.values == pytest.approx(values, rel=1e-6)
    norm = np.linalg.norm(array.astype(np.float64))
    assert result.stable_rank == pytest.approx((norm / values[0]) ** 2, rel=1e-6)


def test_a_matrix_of_low_rank_ends_early():
    array = np.outer(np.arange(1.0, 400), np.arange(1.0, 300))
    result = found(array, 3)
    assert result.values[0] == pytest.approx(np.linalg.norm(array), rel=1e-12)
    assert max(result.values[1:]) < 1e-6 * result.values[0]
    assert result.stable_rank == pytest.approx(1)


def test_a_matrix_of_zeros_has_no_stable_rank():
    result = found(np.zeros((8, 5), np.float32))
    assert (result.values, result.stable_rank, result.has_converged) == ((0.0,) * 4, None, True)


def test_equal_values_are_all_found():
    result = found(np.eye(50, dtype=np.float32) * 3)
    assert result.values == pytest.approx([3.0] * 4)


@pytest.mark.parametrize(
    "array",
    [
        np.ones(9, np.float32), np.float32(1), np.ones((3, 0), np.float32), np.ones((4, 4), int),
        np.full((4, 4), np.nan, np.float32), np.full((4, 4), np.inf, np.float32),
        np.full((4, 4), 1e200), np.ones((4, 4), np.complex64),
    ],
)  # fmt: skip
def test_what_is_no_finite_matrix_of_floats_has_none(array):
    assert found(array) is None


def test_the_result_is_the_same_every_time_with_any_number_of_workers(monkeypatch):
    monkeypatch.setattr(module, "PIECE", 1 << 12)
    array = RANDOM.standard_normal((300, 100)).astype(np.float32)
    results = []
    for workers in (1, 2, 5):
        set_threads(workers)
        results.append(found(array))
    set_threads(None)
    assert results[0] == results[1] == results[2]


def test_too_little_memory_is_said(monkeypatch):
    monkeypatch.setattr(module, "_MEMORY", 9600)
    array = RANDOM.standard_normal((300, 300)).astype(np.float32)
    result = found(array)
    assert not result.has_converged
    assert result.values[0] < exact(array)[0]
    assert result.values[0] == pytest.approx(exact(array)[0], rel=0.2)
