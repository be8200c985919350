"""Comparisons: what is equal, what a cast is, and figures against NumPy."""

import math

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from memory_source import MemorySource

from paramctl.compute.pool import set_threads
from paramctl.compute.rounding import round_to
from paramctl.dtypes import DTYPES
from paramctl.errors import UsageError
from paramctl.figures.comparison import compare, compare_all
from paramctl.figures.rule import Rule
from paramctl.figures.same import Pair

VALUE = Rule("value")
NAN, INF = math.nan, math.inf


@pytest.fixture(autouse=True)
def _default_threads():
    yield
    set_threads(None)


def pair(a, b):
    left, right = MemorySource(x=a), MemorySource(x=b)
    return Pair(left, left["x"], right, right["x"])


def raw_pair(dtype, shape, a, b):
    left, right = MemorySource().raw("x", dtype, shape, a), MemorySource().raw("x", dtype, shape, b)
    return Pair(left, left["x"], right, right["x"])


def singles(*bits):
    return np.array(bits, np.uint32).view(np.float32)


@pytest.mark.parametrize("dtype", DTYPES.values(), ids=lambda dtype: dtype.name)
def test_any_bytes_of_every_dtype_equal_themselves(dtype):
    data = np.random.default_rng(0).integers(0, 256, 3 * dtype.bits, np.uint8).tobytes()
    for rule in (Rule(), VALUE, Rule("value", ulp=0)):
        found = compare(raw_pair(dtype.name, (24,), data, data), rule)
        assert found.is_equal
        assert (found.differing, found.share) == (0, 0.0)


@pytest.mark.parametrize("dtype", DTYPES.values(), ids=lambda dtype: dtype.name)
@pytest.mark.parametrize("figures", [True, False])
def test_each_single_flipped_bit_is_found(dtype, figures):
    data = np.random.default_rng(1).integers(0, 256, dtype.bits, np.uint8)
    for bit in range(8 * len(data)):
        other = data.copy()
        other[bit // 8] ^= 1 << bit % 8
        found = compare(
            raw_pair(dtype.name, (8,), data.tobytes(), other.tobytes()), figures=figures
        )
        assert not found.is_equal
        assert found.differing == (None if dtype.bits == 6 else 1)


def test_flips_anywhere_in_a_long_tensor_are_found():
    random = np.random.default_rng(2)
    data = random.integers(0, 256, 700_001, np.uint8)
    for bit in random.integers(0, 8 * len(data), 40).tolist():
        other = data.copy()
        other[bit // 8] ^= 1 << bit % 8
        assert compare(pair(data, other)).differing == 1


def test_zeros_of_either_sign_differ_in_bits_and_are_equal_in_value():
    zeros = pair(np.float32([0.0, 1]), np.float32([-0.0, 1]))
    assert compare(zeros).differing == 1
    assert compare(zeros).max_abs == 0.0
    assert compare(zeros, VALUE).is_equal


def test_the_same_nan_is_equal_and_another_payload_only_in_value():
    same = pair(singles(0x7FC00001), singles(0x7FC00001))
    other = pair(singles(0x7FC00001), singles(0x7FC00002))
    assert compare(same).is_equal
    assert compare(other).differing == 1
    assert compare(other, VALUE).is_equal


def test_nan_differs_from_a_number_and_stays_out_of_the_figures():
    found = compare(pair(np.float32([NAN, 1, 2]), np.float32([5, 1, 4])), VALUE)
    assert (found.differing, found.max_abs, found.mean_abs) == (2, 2.0, 1.0)
    assert found.nan == (1, 0)


def test_an_infinity_differs_from_any_number_whatever_the_tolerance():
    found = compare(pair(np.float32([INF, INF]), np.float32([INF, 3])), Rule("value", 1e30, 1e30))
    assert (found.differing, found.max_abs, found.mean_abs) == (1, INF, INF)
    assert (found.rel_l2, found.cosine, found.inf) == (None, None, (2, 1))


def test_infinities_of_other_signs_differ():
    assert compare(pair(np.float64([INF]), np.float64([-INF])), VALUE).differing == 1


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_figures_match_numpy(dtype):
    random = np.random.default_rng(0)
    dtype = np.dtype(getattr(ml_dtypes, dtype, dtype))
    a, b = (random.standard_normal(5000).astype(dtype) for _ in "ab")
    b[::3] = a[::3]
    found, x, y = compare(pair(a, b)), a.astype(float), b.astype(float)
    assert found.differing == np.count_nonzero(a != b)
    assert found.max_abs == np.abs(y - x).max()
    assert found.mean_abs == pytest.approx(np.abs(y - x).mean(), rel=1e-12)
    assert found.rel_l2 == pytest.approx(np.linalg.norm(y - x) / np.linalg.norm(x), rel=1e-12)
    cosine = x @ y / np.linalg.norm(x) / np.linalg.norm(y)
    assert found.cosine == pytest.approx(cosine, rel=1e-12)


def test_complex_figures_are_of_magnitudes():
    found = compare(pair(np.complex64([3 + 4j, 1j]), np.complex64([0, 1j])))
    assert (found.differing, found.max_abs, found.mean_abs) == (1, 5.0, 2.5)


def test_equal_pieces_count_in_the_norms_of_a_changed_tensor():
    a = np.ones(1 << 21, np.float32)
    b = a.copy()
    b[-1] = 3
    found = compare(pair(a, b))
    assert found.rel_l2 == pytest.approx(2 / math.sqrt(1 << 21), rel=1e-15)
    assert found.mean_abs == 2 / (1 << 21)


def test_zero_vectors_have_no_cosine_and_no_relative_norm():
    found = compare(pair(np.zeros(3, np.float32), np.ones(3, np.float32)))
    assert (found.rel_l2, found.cosine) == (None, None)
    assert compare(pair(np.ones(3, np.float32), np.zeros(3, np.float32))).rel_l2 == 1.0


@pytest.mark.parametrize("kind", ["int64", "uint64"])
def test_differences_of_64_bit_integers_are_exact(kind):
    limits = np.iinfo(kind)
    found = compare(pair(np.array([limits.min, 7], kind), np.array([limits.max, 7], kind)))
    assert found.max_abs == limits.max - limits.min
    one_off = pair(np.array([2**62], kind), np.array([2**62 + 1], kind))
    assert compare(one_off, VALUE).differing == 1
    assert compare(one_off, Rule("value", atol=1)).is_equal


@pytest.mark.parametrize("kind", [np.int64, np.uint64])
def test_the_sums_of_64_bit_integers_see_what_a_double_would_round(kind):
    a = np.array([2**60, 7, 2**60], kind)
    found = compare(pair(a, a + np.array([1, 0, 3], kind)))
    assert found.mean_abs == pytest.approx(4 / 3)
    assert found.rel_l2 == pytest.approx(math.sqrt(10) / (math.sqrt(2) * 2**60))


def test_small_unsigned_integers_do_not_wrap():
    assert compare(pair(np.uint8([3]), np.uint8([5]))).max_abs == 2.0


def test_tolerance_is_symmetric():
    rule = Rule("value", rtol=1.004e-3)
    low, high = np.float64([1000.0]), np.float64([1001.005])
    assert compare(pair(low, high), rule).is_equal == compare(pair(high, low), rule).is_equal


@given(
    st.lists(st.floats(width=16), min_size=1, max_size=8),
    st.lists(st.floats(width=16), min_size=1, max_size=8),
    st.sampled_from([Rule(), VALUE, Rule("value", 0.5, 0.1), Rule("value", ulp=3)]),
)
@settings(max_examples=80, deadline=None)
def test_comparison_is_symmetric(a, b, rule):
    size = min(len(a), len(b))
    x, y = np.float16(a[:size]), np.float16(b[:size])
    there, back = compare(pair(x, y), rule), compare(pair(y, x), rule)
    assert (there.differing, there.max_abs, there.mean_abs) == (
        back.differing, back.max_abs, back.mean_abs,
    )  # fmt: skip
    assert there.cosine == back.cosine


@pytest.mark.parametrize("tolerance", [NAN, INF, -INF, -1.0])
@pytest.mark.parametrize("name", ["atol", "rtol"])
def test_tolerances_must_be_finite_and_not_negative(name, tolerance):
    with pytest.raises(UsageError) as error:
        Rule("value", **{name: tolerance})
    assert str(error.value) == f"--{name} must be finite and not negative, not {tolerance}"


def test_tolerances_without_value_mode_are_refused():
    with pytest.raises(UsageError) as error:
        Rule(atol=1e-3)
    assert str(error.value) == "tolerances need --mode value"


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "bfloat16", "float8_e4m3fn"])
def test_steps_count_representable_values(dtype):
    dtype = np.dtype(getattr(ml_dtypes, dtype, dtype))
    word = np.dtype(f"u{dtype.itemsize}")
    one = np.ones(1, dtype)
    later = (one.view(word) + word.type(3)).view(dtype)
    assert compare(pair(one, later), Rule("value", ulp=3)).is_equal
    assert compare(pair(one, later), Rule("value", ulp=2)).differing == 1


def test_steps_cross_zero_and_never_reach_nan():
    tiny = singles(0x00000001, 0x80000000, 0x7F800000)
    other = singles(0x80000001, 0x00000000, 0x7F800001)
    assert compare(pair(tiny, other), Rule("value", ulp=2)).differing == 1
    assert compare(pair(tiny, other), Rule("value", ulp=1)).differing == 2


def test_steps_of_far_apart_doubles_do_not_wrap():
    ends = pair(np.float64([-1.7e308]), np.float64([1.7e308]))
    assert compare(ends, Rule("value", ulp=10**15)).differing == 1


NARROW = ["F16", "BF16", "F8_E4M3", "F8_E5M2", "F8_E4M3FNUZ", "F8_E5M2FNUZ"]


@pytest.mark.parametrize("wide", ["F64", "F32"])
@pytest.mark.parametrize("narrow", NARROW)
def test_a_cast_is_proved_in_both_directions(wide, narrow):
    a = np.random.default_rng(0).standard_normal(4000).astype(DTYPES[wide].numpy())
    b = round_to(narrow, a.astype(np.float64))
    assert compare(pair(a, b)).cast == "a"
    assert compare(pair(b, a)).cast == "b"
    b.view(np.uint8)[1000] ^= 1
    assert compare(pair(a, b)).cast == ""


def test_a_cast_may_hold_nan_and_overflow():
    a = np.float32([NAN, 70000, -0.0, INF])
    b = round_to("F16", a.astype(np.float64))
    assert compare(pair(a, b), VALUE).cast == "a"


def test_a_widened_tensor_casts_both_ways_and_has_no_differing_value():
    a = np.random.default_rng(0).standard_normal(99).astype(ml_dtypes.bfloat16)
    found = compare(pair(a, a.astype(np.float32)))
    assert (found.cast, found.differing, found.max_abs, found.is_equal) == ("a", 0, 0.0, False)


def test_a_value_rounded_twice_is_no_cast():
    value = np.float64([1 + 2**-8 + 2**-40])  # float32 would make it a tie
    assert compare(pair(value, np.array([1.0078125], ml_dtypes.bfloat16))).cast == "a"
    assert compare(pair(value, np.array([1.0], ml_dtypes.bfloat16))).cast == ""


def test_integers_that_a_double_would_round_are_never_called_equal():
    big = np.int64([2**53 + 1])
    assert compare(pair(big, big.astype(np.float64))).cast == ""
    assert compare(pair(big, big.astype(np.float64)), VALUE).differing == 1
    assert compare(pair(big, big.astype(np.uint64)), VALUE).cast == "a"
    assert compare(pair(np.int64([-1]), np.uint64([2**64 - 1])), VALUE).differing == 1
    small = np.int64([12345, -7, 0, 2**60])
    assert compare(pair(small, small.astype(np.float64)), VALUE).differing == 0
    assert compare(pair(small[:2], small[:2].astype(np.int32))).cast == "a"
    assert compare(pair(small[:2], small[:2].astype(np.float32))).cast == "a"


def test_without_figures_equality_and_casts_are_the_same():
    a = np.random.default_rng(0).standard_normal(3 << 20).astype(np.float32)
    b = a.copy()
    b[5] = 9
    half = a.astype(np.float16)
    pairs = [pair(a, a), pair(a, b), pair(a, half), pair(b, half)]
    found = [(c.is_equal, c.cast) for c in compare_all(pairs, figures=False)]
    assert found == [(True, ""), (False, ""), (False, "a"), (False, "")]
    assert [c.cast for c in compare_all(pairs)] == ["", "", "a", ""]


def test_empty_tensors_are_equal():
    empty = np.zeros((0, 3), np.float32)
    assert compare(pair(empty, empty)).is_equal
    assert compare(pair(empty, empty.astype(np.float16))).cast == "a"


@pytest.mark.parametrize("rule", [Rule(), VALUE], ids=["bits", "value"])
def test_workers_do_not_change_a_bit(rule):
    random = np.random.default_rng(4)
    a, b = (random.standard_normal(3 << 20).astype(np.float32) for _ in "ab")
    results = []
    for workers in (1, 3):
        set_threads(workers)
        results.append(repr(list(compare_all([pair(a, b), pair(a, a), pair(b, a)], rule))))
    assert results[0] == results[1]
