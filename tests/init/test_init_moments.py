"""Every scheme keeps the mean, standard deviation and support that it promises."""

import math

import numpy as np
import pytest
from init.init_examples import EXAMPLES

from paramctl.init.draw import draw

SHAPES = {2: (400, 600), 4: (40, 30, 10, 20)}
WHOLE = {**SHAPES, 2: (160, 300)}  # what is drawn as a whole is a factorization: n³, not n²
LAWFUL = {
    name: row
    for name, row in EXAMPLES.items()
    if row[0].moments(row[1], row[2]) and row[0].moments(row[1], row[2]).std
}


def many(initializer, shape):
    """A shape of the same rank with enough elements to measure."""
    return (WHOLE if initializer.whole else SHAPES)[len(shape)]


@pytest.mark.parametrize("name", LAWFUL)
def test_moments_and_support(name):
    """Within five standard errors; the error of a std is below std·√(2/n) for these laws."""
    initializer, shape, axes = LAWFUL[name]
    shape = many(initializer, shape)
    moments = initializer.moments(shape, axes)
    values = draw(initializer, 11, name, shape, "F64", axes)
    count = values.size
    assert values.shape == shape
    assert abs(values.mean() - moments.mean) < 5 * moments.std / math.sqrt(count)
    assert abs(values.std() - moments.std) < 5 * moments.std * math.sqrt(2 / count)
    assert moments.low <= values.min()
    assert values.max() <= moments.high


@pytest.mark.parametrize("name", LAWFUL)
def test_values_reach_toward_their_bounds(name):
    """A support that is too wide would pass the test above; 1 in 1,000 values lies at the rim."""
    initializer, shape, axes = LAWFUL[name]
    shape = many(initializer, shape)
    moments = initializer.moments(shape, axes)
    if math.isinf(moments.high) or moments.high > 3 * moments.std:
        return
    values = draw(initializer, 12, name, shape, "F32", axes)
    assert values.max() > moments.high - 0.02 * (moments.high - moments.low)


@pytest.mark.parametrize("name", EXAMPLES)
def test_shape_and_dtype_are_as_asked(name):
    initializer, shape, axes = EXAMPLES[name]
    for dtype in ("F32", "BF16", "F16", "F64"):
        values = draw(initializer, 0, "w", shape, dtype, axes)
        assert values.shape == shape
        assert np.isfinite(values.astype("f8")).all()


@pytest.mark.parametrize("name", EXAMPLES)
def test_two_names_of_one_shape_differ_when_drawn(name):
    """One seed for all tensors would make equal layers equal."""
    initializer, shape, axes = EXAMPLES[name]
    moments = initializer.moments(shape, axes)
    is_random = bool(moments and moments.std) or "orthogonal" in name or "rnn" in name
    first, second = (draw(initializer, 0, w, shape, "F32", axes) for w in ("0.weight", "1.weight"))
    assert np.array_equal(first, second) is not is_random
