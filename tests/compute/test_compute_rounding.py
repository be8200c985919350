"""Rounding once: every result is the nearest value of the type, ties to the even one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paramctl.compute.decode import table
from paramctl.compute.rounding import round_to
from paramctl.dtypes import DTYPES

NARROW = ["F16", "BF16", "F8_E4M3", "F8_E5M2", "F8_E4M3FNUZ", "F8_E5M2FNUZ"]


def finite_values(dtype):
    """The finite values of a type in order, with their bits."""
    bits = np.arange(1 << DTYPES[dtype].bits, dtype=f"u{DTYPES[dtype].bits // 8}")
    with np.errstate(invalid="ignore"):
        values = bits.view(DTYPES[dtype].numpy()).astype(np.float64)
    kept = np.isfinite(values) & ~((values == 0) & np.signbit(values))
    order = np.argsort(values[kept], kind="stable")
    return values[kept][order], bits[kept][order]


@pytest.mark.parametrize("dtype", NARROW)
def test_values_of_the_type_are_kept(dtype):
    values, _ = finite_values(dtype)
    assert np.array_equal(round_to(dtype, values).astype(np.float64), values)


@pytest.mark.parametrize("dtype", NARROW)
def test_midpoints_go_to_even_and_their_neighbours_to_the_nearer(dtype):
    values, bits = finite_values(dtype)
    middle = (values[:-1] + values[1:]) / 2  # exact in float64
    even = np.where(bits[:-1] % 2 == 0, values[:-1], values[1:])
    crossing = (values[:-1] == 0) | (values[1:] == 0)  # a tie with zero goes to zero
    even = np.where(crossing, 0.0, even)
    assert np.array_equal(np.abs(round_to(dtype, middle).astype(np.float64)), np.abs(even))
    below = round_to(dtype, np.nextafter(middle, -np.inf)).astype(np.float64)
    above = round_to(dtype, np.nextafter(middle, np.inf)).astype(np.float64)
    assert np.array_equal(below, values[:-1])
    assert np.array_equal(above, values[1:])


@given(st.floats(allow_nan=False, allow_infinity=False))
@settings(max_examples=200, deadline=None)
def test_any_double_becomes_the_nearest_bfloat16(value):
    found = float(round_to("BF16", np.array([value]))[0])
    if np.isfinite(found):
        bits = round_to("BF16", np.array([value])).view(np.uint16)
        near = [
            float((bits + step).astype(np.uint16).view(DTYPES["BF16"].numpy())[0])
            for step in (np.uint16(1), np.uint16(65535))
        ]
        gaps = [abs(other - value) for other in near if np.isfinite(other)]
        assert all(abs(found - value) <= gap for gap in gaps)


def test_the_table_of_4_bit_floats_is_that_of_ml_dtypes():
    import ml_dtypes

    codes = np.arange(16, dtype=np.uint8).view(ml_dtypes.float4_e2m1fn).astype(np.float64)
    assert np.array_equal(table("F4"), codes)
