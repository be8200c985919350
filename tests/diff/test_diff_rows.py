"""Rows that moved or came at the end, and steps between values."""

import math

import ml_dtypes
import numpy as np
import pytest
from memory_source import MemorySource

from paramctl.diff.explain import explain, explain_shape
from paramctl.figures.same import Pair
from paramctl.figures.steps_apart import steps_apart

W = np.random.default_rng(0).standard_normal((40, 24)).astype(np.float32)


def sides(a, b):
    left, right = MemorySource(x=a), MemorySource(x=b)
    return left, left["x"], right, right["x"]


def steps(a, b):
    return steps_apart(Pair(*sides(a, b)))


@pytest.mark.parametrize("dtype", [np.float32, ml_dtypes.bfloat16, np.int8])
def test_rows_in_another_order_are_told(dtype):
    a = (W * 50).astype(dtype)
    b = a.copy()
    b[[3, 4, 9]] = a[[9, 3, 4]]
    assert explain(*sides(a, b)) == "3 of 40 rows in another order"


def test_rows_in_another_order_with_a_changed_element_are_not(monkeypatch):
    b = W[::-1].copy()
    b[0, 0] += 1
    assert "order" not in explain(*sides(W, b))


def test_many_rows_are_read_in_stretches(monkeypatch):
    monkeypatch.setattr("paramctl.diff.rows._STRETCH", 1000)
    assert explain(*sides(W, W[::-1].copy())) == "40 of 40 rows in another order"
    assert explain_shape(*sides(W, np.concatenate([W, W]))) == "40 rows appended"


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (W, np.concatenate([W, W[:2]]), "2 rows appended"),
        (W, W[:-1], "the last 1 row dropped"),
        (W, np.concatenate([W[:2], W]), ""),
        (W, W[:, :-1].copy(), ""),
        (W, W[:3].astype(np.float16), ""),
        (W[:0], W, ""),
        (np.float32(1), np.float32([1]), "the same bytes"),
        (W, W.T.copy(), "transposed"),
        (W, W.reshape(-1), "the same bytes"),
        (W, W.T.copy() + 1, ""),
        (W, W.T.astype(np.float16), ""),
        (W.reshape(2, -1, 2), np.swapaxes(W.reshape(2, -1, 2), 1, 2).copy(), "transposed"),
    ],
)
def test_only_appended_or_dropped_rows_explain_another_shape(a, b, expected):
    assert explain_shape(*sides(a, b)) == expected


def test_distances_are_counted_by_powers_of_two():
    a = np.float32([1, 1, 1, 1, -0.0, math.nan, 1])
    bits = a.view(np.int32).copy()
    bits[:4] += [0, 1, 3, 4]
    b = bits.view(np.float32)
    b[4] = 0.0
    b[6] = math.nan
    found = steps(a, b)
    assert found.ranges == [(0, 0, 2), (1, 1, 1), (2, 3, 1), (4, 7, 1)]
    assert found.nan == 2


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float8_e4m3fn", "int16", "float64"])
def test_neighbours_of_every_type_are_one_step_apart(dtype):
    a = np.array([1, 2, 100], getattr(ml_dtypes, dtype, dtype))
    b = (a.view(f"u{a.itemsize}") + 1).astype(f"u{a.itemsize}").view(a.dtype)
    assert steps(a, b).ranges == [(1, 1, 3)]


def test_the_ends_of_64_bits_are_far_apart():
    assert steps(np.int64([-(2**63)]), np.int64([2**63 - 1])).ranges == [(2**63, 2**64 - 1, 1)]


@pytest.mark.parametrize("other", [W.astype(np.float16), W.astype(np.complex64)])
def test_two_dtypes_and_complex_values_have_no_steps(other):
    assert steps(W, other) is None
    assert steps(other.astype(np.complex64), other.astype(np.complex64)) is None
