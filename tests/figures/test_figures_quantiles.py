"""Exact quantiles of every dtype: what NumPy says of the sorted values, found in few passes."""

import math

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from memory_source import MemorySource

from paramctl.compute.pool import set_threads
from paramctl.dtypes import DTYPES
from paramctl.errors import UsageError
from paramctl.figures.quantiles import MOST, parse_quantiles, quantiles

RANDOM = np.random.default_rng(0)
SOME = (0.0, 0.001, 0.25, 0.5, 0.9, 1.0)
REAL = [dtype for dtype in DTYPES.values() if dtype.array and dtype.family != "complex"]


def found(array, probabilities=SOME):
    source = MemorySource(x=array)
    return quantiles(source, source["x"], probabilities)


def expected(array, probabilities=SOME):
    values = array.astype(np.float64)
    return np.quantile(values[~np.isnan(values)], probabilities)


@pytest.mark.parametrize("dtype", REAL, ids=lambda dtype: dtype.name)
@pytest.mark.parametrize("count", [1, 2, 7, 3000])
def test_random_bits_have_the_quantiles_of_their_values(dtype, count):
    data = RANDOM.integers(0, 256, count * dtype.bits // 8, np.uint8)
    array = data.view(dtype.numpy()) if dtype.name != "BOOL" else (data & 1).view(bool)
    with np.errstate(invalid="ignore"):
        values = array.astype(np.float64)
        array = array[~np.isinf(values) & ~(np.abs(values) > 1e300)]
        wanted = expected(array) if len(array) and not np.isnan(values).all() else None
    assert found(array) == (wanted if wanted is None else pytest.approx(wanted, rel=1e-15))


@given(
    st.lists(st.floats(width=32, allow_nan=True, allow_infinity=False), min_size=1, max_size=40),
    st.lists(st.floats(0, 1), min_size=1, max_size=5),
)
def test_any_floats_have_the_quantiles_of_their_values(values, probabilities):
    array = np.array(values, np.float32)
    if np.isnan(array).all():
        assert found(array, probabilities) is None
    else:
        wanted = expected(array, probabilities)
        assert found(array, probabilities) == pytest.approx(wanted, rel=1e-15, abs=1e-300)


def test_a_long_tensor_is_read_in_pieces(monkeypatch):
    array = RANDOM.standard_normal((1 << 20) + 99).astype(np.float32)
    array[::1000] = np.nan
    assert found(array) == pytest.approx(expected(array), rel=1e-15)


def test_workers_do_not_change_a_bit():
    array = RANDOM.standard_normal((1 << 20) * 2 + 7).astype(ml_dtypes.bfloat16)
    results = []
    for workers in (1, 3):
        set_threads(workers)
        results.append(found(array))
    set_threads(None)
    assert results[0] == results[1]


def test_infinity_is_a_value_and_nan_is_none():
    array = np.float32([math.inf, -math.inf, 1, math.nan, -math.nan])
    assert found(array, (0, 0.4, 0.5, 0.6, 1)) == (-math.inf, 1.0, 1.0, 1.0, math.inf)


def test_both_zeros_are_zero():
    assert str(found(np.float32([-0.0]), (0.5,))[0]) == "0.0"


def test_large_integers_keep_their_order():
    array = np.int64([2**62, 2**62 + 1, -(2**63), 2**63 - 1])
    assert found(array, (0, 1)) == (float(-(2**63)), float(2**63 - 1))


@pytest.mark.parametrize("array", [np.zeros((0, 3), np.float32), np.ones(3, np.complex64)])
def test_what_has_no_order_or_no_values_has_no_quantiles(array):
    assert found(array) is None


def test_6_bit_floats_have_no_quantiles():
    source = MemorySource().raw("x", "F6_E2M3", (4,), b"abc")
    assert quantiles(source, source["x"], SOME) is None


def test_packed_4_bit_floats_have_quantiles():
    source = MemorySource().raw("x", "F4", (2, 2), bytes([0x10, 0xFF]))
    assert quantiles(source, source["x"], (0, 0.5, 1)) == (-6.0, -3.0, 0.5)


def test_probabilities_are_read_once_each():
    assert parse_quantiles("0.5, 0,1,0.5") == (0.5, 0.0, 1.0)


@pytest.mark.parametrize("text", ["", "a", "1.1", "-0.1", "nan", "0.5,"])
def test_what_is_no_probability_is_wrong_usage(text):
    with pytest.raises(UsageError, match="a quantile is a number from 0 to 1, not '"):
        parse_quantiles(text)


def test_too_many_quantiles_are_wrong_usage():
    text = ",".join(str(place / 100) for place in range(MOST + 1))
    with pytest.raises(UsageError, match="33 quantiles are too many: at most 32 at once"):
        parse_quantiles(text)
