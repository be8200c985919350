"""Statistics against exact arithmetic, for every dtype and for data made to break sums."""

import math
from fractions import Fraction

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from memory_source import MemorySource

from paramctl.compute.pool import set_threads
from paramctl.dtypes import DTYPES
from paramctl.figures import statistics as module
from paramctl.figures.statistics import statistics, statistics_of

ARRAY_DTYPES = [dtype for dtype in DTYPES.values() if dtype.array]
REAL_DTYPES = [dtype for dtype in ARRAY_DTYPES if dtype.family != "complex"]


@pytest.fixture(autouse=True)
def _default_threads():
    yield
    set_threads(None)


def stats(array):
    source = MemorySource(x=array)
    return statistics(source, source["x"])


def exact(values):
    """Sum, mean, std and l2 of real values, from fractions."""
    fractions = [Fraction(value) for value in values]
    mean = sum(fractions) / len(fractions)
    spread = sum((value - mean) ** 2 for value in fractions) / len(fractions)
    norm = sum(value * value for value in fractions)
    return float(mean), root(spread), root(norm)


def root(fraction):
    """The square root of a fraction, right to the last bit but one, out of float range too."""
    if not fraction:
        return 0.0
    shift = (fraction.numerator.bit_length() - fraction.denominator.bit_length()) // 2
    scaled = fraction / Fraction(4) ** shift
    try:
        return math.ldexp(math.sqrt(scaled), shift)
    except OverflowError:
        return math.inf


def assert_right(found, values):
    mean, std, l2 = exact(values)
    assert found.mean == pytest.approx(mean, rel=1e-12, abs=0)
    assert found.std == pytest.approx(std, rel=1e-12, abs=0)
    assert found.l2 == pytest.approx(l2, rel=1e-12, abs=0)
    assert found.minimum == min(values)
    assert found.maximum == max(values)
    assert found.absmax == max(abs(value) for value in values)
    assert found.zeros == sum(value == 0 for value in values)


def widened(array):
    """float64, without a warning for the signalling kind of NaN."""
    with np.errstate(invalid="ignore"):
        return array.astype(np.float64)


def random_bits(dtype, count, seed=0):
    data = np.random.default_rng(seed).integers(0, 256, count * dtype.bits // 8, np.uint8)
    return data.view(dtype.numpy()) if dtype.family != "bool" else data % 2 == 1


@pytest.mark.parametrize("dtype", REAL_DTYPES, ids=lambda dtype: dtype.name)
def test_random_bits_of_every_dtype_match_exact_arithmetic(dtype):
    array = random_bits(dtype, 3001)
    wide = widened(array) if dtype.family == "float" else array
    finite = array[np.isfinite(wide)]
    values = finite.astype(np.float64).tolist() if dtype.family == "float" else finite.tolist()
    assert_right(stats(finite), values)


@pytest.mark.parametrize("dtype", REAL_DTYPES, ids=lambda dtype: dtype.name)
def test_ordinary_values_of_every_dtype_match_exact_arithmetic(dtype):
    draw = np.random.default_rng(1).standard_normal(5000) * (1 if dtype.family == "float" else 9)
    array = np.abs(draw).astype(dtype.numpy())
    values = array.astype(np.float64).tolist()
    assert_right(stats(array), values)


@pytest.mark.parametrize(
    "values",
    [
        [1e16, 1.0, -1e16],
        [1e30, 1.0, -1e30, 1e-30] * 700,
        [1e300, 1.0, -1e300],
        [1e308, 1e308, -1e308, 3.0],
        [1e-300, 3e-300, -2e-300],
        [5e-324, 5e-324, 0.0],
        [1e15 + step for step in (0.0, 1.0, 2.0, 0.5)] * 999,
        [0.0] + [1e15 + step for step in (0.0, 1.0, 2.0)] * 999,
        [1e8] * 4096 + [1e8 + 1],
        [0.1] * 10,
        [3.5],
        [-0.0, 0.0],
    ],
    ids=range(12),
)
def test_double_sums_survive_cancellation_overflow_and_underflow(values):
    assert_right(stats(np.array(values)), values)


@pytest.mark.parametrize(
    "values",
    [
        [1e30, 1.0, -1e30],
        [3e38, 1e-40, -3e38, 2e-45] * 1000,
        [16777216.0, 1.0, -16777216.0] * 999,
        [1.0 + 2**-20 * (place % 7) for place in range(9000)],
        [1e-20] * 5000 + [1.0] + [-1e-20] * 4999,
    ],
    ids=range(5),
)
def test_single_sums_survive_cancellation(values):
    array = np.array(values, np.float32)
    assert_right(stats(array), array.astype(np.float64).tolist())


def test_a_hundred_thousand_bfloat16_ones_have_mean_one():
    assert stats(np.ones(100_000, ml_dtypes.bfloat16)).mean == 1.0


def test_half_sums_do_not_overflow():
    assert stats(np.full(100_000, 60000, np.float16)).mean == 60000.0


def test_the_mean_of_a_sum_near_zero_is_rounded_once():
    array = np.random.default_rng(3).standard_normal(40_000).astype(np.float32)
    array[20_000:] = -array[:20_000]
    array[0] += np.float32(1e-6)
    total = math.fsum(array.astype(np.float64).tolist())
    assert stats(array).mean == total / 40_000


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=40))
@settings(max_examples=60, deadline=None)
def test_any_doubles_match_exact_arithmetic(values):
    found = stats(np.array(values))
    mean, std, l2 = exact(values)
    floor = 1e-315  # where doubles themselves have no digits left
    assert found.mean == pytest.approx(mean, rel=1e-12, abs=floor)
    assert found.std == pytest.approx(std, rel=1e-12, abs=floor)
    assert found.l2 == pytest.approx(l2, rel=1e-12, abs=floor)


@given(
    st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=40)
)
@settings(max_examples=60, deadline=None)
def test_any_singles_match_exact_arithmetic(values):
    assert_right(stats(np.array(values, np.float32)), values)


@pytest.mark.parametrize("dtype", ["I64", "U64"])
def test_extremes_of_64_bit_integers_are_exact(dtype):
    limits = np.iinfo(DTYPES[dtype].array)
    values = [limits.min, limits.max, limits.max - 1, 0, 1]
    found = stats(np.array(values, DTYPES[dtype].array))
    assert (found.minimum, found.maximum) == (limits.min, limits.max)
    assert found.absmax == max(-limits.min, limits.max)
    assert found.mean == float(Fraction(sum(values), 5))


def test_the_spread_of_close_64_bit_integers_is_exact():
    values = [2**62 + step for step in (0, 1, 2, 3)] * 100
    assert stats(np.array(values)).std == pytest.approx(math.sqrt(1.25), rel=1e-12)


FLOATS = [dtype for dtype in REAL_DTYPES if dtype.family == "float"]


@pytest.mark.parametrize("dtype", FLOATS, ids=lambda dtype: dtype.name)
def test_nan_and_inf_are_counted_in_every_float_type(dtype):
    """Of every pattern of 8 and 16 bits, and of random ones of more."""
    if dtype.bits <= 16:
        array = np.arange(1 << dtype.bits, dtype=f"u{dtype.bits // 8}").view(dtype.numpy())
    else:
        array = random_bits(dtype, 4000, seed=5)
        array[:3] = [math.nan, math.inf, -math.inf]
    wide = widened(array)
    found = stats(array)
    assert found.nan == np.isnan(wide).sum() > 0
    assert found.inf == np.isinf(wide).sum()
    assert found.zeros == (wide == 0).sum()
    assert found.minimum == np.nanmin(wide)
    assert found.maximum == np.nanmax(wide)


@pytest.mark.parametrize(
    ("values", "mean"),
    [([1, math.inf], math.inf), ([1, -math.inf], -math.inf), ([math.inf, -math.inf], math.nan)],
)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_infinity_is_kept_in_the_figures(values, mean, dtype):
    found = stats(np.array(values, dtype))
    assert (found.minimum, found.maximum) == (min(values), max(values))
    assert found.absmax == found.l2 == math.inf
    assert found.mean == pytest.approx(mean, nan_ok=True)
    assert math.isnan(found.std)


def test_nan_is_left_out_of_the_figures():
    found = stats(np.array([math.nan, 3, math.nan, 5], np.float32))
    assert (found.mean, found.std, found.minimum, found.maximum) == (4.0, 1.0, 3.0, 5.0)
    assert found.nan == 2


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16", "float8_e4m3fn"])
def test_nothing_but_nan_has_no_figures(dtype):
    array = np.array([math.nan] * 3).astype(getattr(ml_dtypes, dtype, dtype))
    found = stats(array)
    assert (found.mean, found.std, found.minimum, found.absmax, found.l2) == (None,) * 5
    assert (found.nan, found.zeros) == (3, 0)


@pytest.mark.parametrize("dtype", ARRAY_DTYPES, ids=lambda dtype: dtype.name)
def test_an_empty_tensor_has_null_figures_and_zero_counts(dtype):
    found = stats(np.zeros((3, 0), dtype.numpy()))
    assert (found.numel, found.zeros, found.nan, found.inf) == (0, 0, 0, 0)
    assert (found.minimum, found.mean, found.std, found.absmax, found.l2) == (None,) * 5


def test_complex_values_have_magnitudes_and_no_order():
    array = np.array([3 + 4j, 0, -3 - 4j, complex(math.nan, 1)], np.complex64)
    found = stats(array)
    assert (found.minimum, found.maximum) == (None, None)
    assert (found.absmax, found.mean, found.nan, found.zeros) == (5.0, 0j, 1, 1)
    assert found.l2 == pytest.approx(math.sqrt(50))
    assert found.std == pytest.approx(math.sqrt(50 / 3))


def test_the_spread_of_complex_values_far_from_zero_is_right():
    array = (np.array([1, 1j, -1, -1j] * 50) + (1e4 + 2e4j)).astype(np.complex64)
    wide = array.astype(np.complex128)
    expected = np.sqrt(np.mean(np.abs(wide - wide.mean()) ** 2))
    assert stats(array).std == pytest.approx(expected, rel=1e-12)


def test_booleans_are_zeros_and_ones_whatever_their_byte():
    source = MemorySource().raw("x", "BOOL", (4,), b"\x00\x01\x02\x00")
    found = statistics(source, source["x"])
    assert (found.minimum, found.maximum, found.mean, found.zeros) == (0, 1, 0.5, 2)


def test_packed_4_bit_floats_are_unpacked():
    source = MemorySource().raw("x", "F4", (2, 4), bytes([0x10, 0x7F, 0x22, 0x80]))
    values = [0.0, 0.5, -6.0, 6.0, 1.0, 1.0, 0.0, -0.0]
    assert_right(statistics(source, source["x"]), values)


def test_6_bit_floats_have_a_note_instead_of_figures():
    source = MemorySource().raw("x", "F6_E2M3", (4,), b"abc")
    found = statistics(source, source["x"])
    assert found.mean is found.zeros is None
    assert found.note == "F6_E2M3 has no stated packing: values unread"


@pytest.mark.parametrize("dtype", REAL_DTYPES, ids=lambda dtype: dtype.name)
def test_workers_do_not_change_a_bit(dtype, monkeypatch):
    monkeypatch.setattr(module, "spans", lambda count: spans_of(count, 4096))
    monkeypatch.setattr("paramctl.figures.pieces.spans", lambda count: spans_of(count, 4096))
    array = random_bits(dtype, 50_000, seed=2)
    source = MemorySource(x=array, y=array[:9000])
    results = []
    for workers in (1, 2, 5):
        set_threads(workers)
        results.append(repr(list(statistics_of(source, source.entries.values()))))
    assert results[0] == results[1] == results[2]


def spans_of(count, size):
    return [(start, min(start + size, count)) for start in range(0, max(count, 1), size)]


def test_figures_do_not_depend_on_the_order_of_the_elements():
    array = np.random.default_rng(0).standard_normal(300_000).astype(np.float32)
    found, other = stats(array), stats(np.sort(array))
    assert found.mean == other.mean
    assert found.std == pytest.approx(other.std, rel=1e-14)


def test_a_long_tensor_matches_numpy():
    array = np.random.default_rng(0).standard_normal((1 << 20) + 77).astype(np.float32) * 0.02
    wide, found = array.astype(np.float64), stats(array)
    assert found.mean == pytest.approx(math.fsum(wide.tolist()) / len(wide), rel=1e-15)
    assert found.std == pytest.approx(wide.std(), rel=1e-12)
    assert found.l2 == pytest.approx(np.linalg.norm(wide), rel=1e-12)
