"""A stream's elements depend on the seed, the name and their position, and on nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paramctl.errors import UsageError
from paramctl.init.stream import BLOCK, Stream, check_seed, inside

KINDS = ["uniform", "normal", "bits"]


def values(kind: str, start: int, stop: int, dtype: str = "float32") -> np.ndarray:
    return getattr(Stream(7, "0.weight", dtype), kind)(start, stop)


@pytest.mark.parametrize("kind", KINDS)
@given(cut=st.integers(0, 3 * BLOCK), length=st.integers(0, BLOCK + 9))
@settings(max_examples=15, deadline=None)
def test_any_range_is_the_same_slice_of_the_whole(kind, cut, length):
    whole = values(kind, 0, 4 * BLOCK + 9)
    assert np.array_equal(values(kind, cut, cut + length), whole[cut : cut + length])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", KINDS)
def test_an_odd_range_across_blocks_is_the_same_slice(kind, dtype):
    start, stop = BLOCK - 3, 2 * BLOCK + 5
    whole = values(kind, 0, 2 * BLOCK + 100, dtype)
    assert np.array_equal(values(kind, start, stop, dtype), whole[start:stop])


def test_blocks_drawn_backwards_are_the_same():
    stream = Stream(3, "w")
    forward = [stream.normal(b * BLOCK, (b + 1) * BLOCK) for b in range(3)]
    backward = [stream.normal(b * BLOCK, (b + 1) * BLOCK) for b in reversed(range(3))]
    assert all(np.array_equal(a, b) for a, b in zip(forward, reversed(backward), strict=True))


@pytest.mark.parametrize(
    "other", [Stream(8, "0.weight"), Stream(7, "1.weight"), Stream(7, "0.weight", lane=1)]
)
def test_another_seed_name_or_lane_is_another_stream(other):
    ours = Stream(7, "0.weight").normal(0, 4096)
    assert abs(np.corrcoef(ours, other.normal(0, 4096))[0, 1]) < 5 / np.sqrt(4096)


def test_two_blocks_of_a_stream_are_unrelated():
    both = Stream(7, "w").normal(0, 2 * BLOCK)
    assert abs(np.corrcoef(both[:BLOCK], both[BLOCK:])[0, 1]) < 5 / np.sqrt(BLOCK)


@pytest.mark.parametrize(("dtype", "bits", "shift"), [("float32", 24, 8), ("float64", 53, 11)])
def test_uniforms_are_the_top_bits_of_the_generators_words(dtype, bits, shift):
    stream = Stream(5, "w", dtype)
    words = stream.words(0).raw(50)
    if dtype == "float32":
        words = np.stack([words & 0xFFFFFFFF, words >> np.uint64(32)], 1).ravel()
    expected = [int(word) >> shift for word in words]
    found = stream.uniform(0, len(expected)).astype("f8") * 2.0**bits
    assert found.tolist() == expected


@pytest.mark.parametrize(("low", "high"), [(-0.1, 0.1), (-10.0, 10.0), (1.0, 1.0 + 1e-7), (2, 2)])
def test_uniforms_stay_inside_their_bounds_exactly(low, high):
    drawn = Stream(0, "w").uniform(0, 1 << 18, low, high).astype("f8")
    assert drawn.min() >= low
    assert drawn.max() < high or low == high or drawn.max() == drawn.min()


def test_inside_gives_numbers_that_the_precision_has():
    least, most = inside(-0.1, 0.1, "float32")
    assert -0.1 <= float(least) < -0.0999999
    assert 0.0999999 < float(most) <= 0.1


def test_a_name_may_be_any_text():
    names = ["", "block 1.0", "gewicht.ö", "bad\udc80", "a\0b"]
    firsts = {Stream(0, name).bits(0, 1)[0].item() for name in names}
    assert len(firsts) == len(names)


def test_orders_are_permutations_and_differ():
    stream = Stream(0, "w")
    assert sorted(stream.order(0, 100)) == list(range(100))
    assert stream.order(0, 100).tolist() != stream.order(1, 100).tolist()


@pytest.mark.parametrize("seed", [0, 1, 2**64 - 1])
def test_seeds_are_64_bits(seed):
    assert check_seed(seed) == seed


@pytest.mark.parametrize("seed", [-1, 2**64, True, None, 1.0, "7"])
def test_anything_else_is_no_seed(seed):
    with pytest.raises(UsageError) as error:
        Stream(seed, "w")
    wanted = "a seed is a whole number from 0 to 18446744073709551615, not"
    assert str(error.value) == f"{wanted} {seed}"
