"""Small float tensors are measured together, and nobody can tell."""

import math

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from memory_source import MemorySource

from paramctl.figures.floats import measure_floats
from paramctl.figures.small import MOST, is_small, measure_small
from paramctl.figures.statistics import statistics, statistics_of

KINDS = {"F32": np.float32, "F16": np.float16, "BF16": ml_dtypes.bfloat16}
VALUES = st.floats(width=16, allow_nan=True, allow_infinity=True)
TENSORS = st.lists(
    st.tuples(st.sampled_from(sorted(KINDS)), st.lists(VALUES, max_size=9)), max_size=8
)


def source_of(tensors):
    """A source of tensors t0, t1, … and its entries."""
    with np.errstate(all="ignore"):
        arrays = {
            f"t{place}": np.array(values, np.float64).astype(KINDS[kind])
            for place, (kind, values) in enumerate(tensors)
        }
    source = MemorySource(**arrays)
    return source, [source[name] for name in arrays]


@given(TENSORS)
@settings(max_examples=60, deadline=None)
def test_what_lies_beside_a_tensor_does_not_matter(tensors):
    source, entries = source_of(tensors)
    together = [repr(found) for found in statistics_of(source, entries)]
    assert together == [repr(statistics(source, entry)) for entry in entries]


@given(
    st.sampled_from(sorted(KINDS)),
    st.lists(st.floats(width=16, allow_nan=False, allow_infinity=False), min_size=1, max_size=60),
)
@settings(max_examples=60, deadline=None)
def test_counts_extremes_and_sums_are_those_of_large_tensors(kind, values):
    source, [entry] = source_of([(kind, values)])
    [found] = measure_small(source, [entry])
    data = np.frombuffer(source.bytes["t0"], np.uint8)
    tally = measure_floats(kind, data)
    assert (found.minimum, found.maximum, found.absmax, found.zeros) == (
        tally.minimum, tally.maximum, tally.absmax, tally.zeros,
    )  # fmt: skip
    exact = [float(x) for x in np.array(values, np.float64).astype(KINDS[kind])]
    assert found.mean == math.fsum(exact) / len(exact)
    assert found.l2 == pytest.approx(math.sqrt(math.fsum(x * x for x in exact)), rel=1e-14)
    mean = math.fsum(exact) / len(exact)
    deviation = math.sqrt(math.fsum((x - mean) ** 2 for x in exact) / len(exact))
    assert found.std == pytest.approx(deviation, rel=1e-12, abs=1e-300)


def test_values_far_from_zero_keep_the_digits_of_their_spread():
    source, [entry] = source_of([("F32", [4096.0, 4096.5, 4097.0])])
    [found] = measure_small(source, [entry])
    assert found.std == pytest.approx(math.sqrt(1 / 6), rel=1e-15)


def test_exponents_far_apart_are_summed_exactly():
    source, [entry] = source_of([("F32", [2.0**40, 2.0**-40, -(2.0**40)])])
    [found] = measure_small(source, [entry])
    assert found.mean == 2.0**-40 / 3


def test_what_is_not_finite_is_left_to_the_other_way():
    source, entries = source_of([("F32", [1.0, math.nan]), ("F32", [2.0]), ("F16", [math.inf])])
    assert [one and one.mean for one in measure_small(source, entries)] == [None, 2.0, None]


def test_many_tensors_are_looked_at_in_turns():
    source, entries = source_of([("F32", [float(place)] * 3000) for place in range(100)])
    assert [found.mean for found in statistics_of(source, entries)] == list(range(100))


@pytest.mark.parametrize(
    ("array", "answer"),
    [
        (np.zeros(MOST, np.float32), True),
        (np.zeros(MOST + 1, np.float32), False),
        (np.zeros(0, np.float32), False),
        (np.zeros((), np.float16), True),
        (np.zeros(3), False),
        (np.zeros(3, np.int32), False),
    ],
)
def test_small_is_by_dtype_and_number_of_elements(array, answer):
    source = MemorySource(x=array)
    assert is_small(source["x"]) is answer
