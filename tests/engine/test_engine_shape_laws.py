"""Shape rules on random shapes from rank 0 up: they say what NumPy does, errors included."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paramctl.engine.execution import Execution
from paramctl.engine.shapes import broadcast
from paramctl.expression.errors import LanguageError

SHAPES = st.lists(st.integers(0, 4), max_size=4).map(tuple)
RULES = Execution(mode="shapes")
VALUES = Execution(dtype="float64")


def shape_or_refusal(name, shapes, **options):
    """The inferred shape, or None where the rule refuses."""
    try:
        return RULES.apply(name, *map(RULES.placeholder, shapes), **options).shape
    except LanguageError:
        return None


def numpy_shape_or_refusal(function, shapes):
    try:
        return function(*map(np.zeros, shapes)).shape
    except (ValueError, IndexError, np.exceptions.AxisError):
        return None


def agree(name, function, shapes, **options):
    inferred = shape_or_refusal(name, shapes, **options)
    assert inferred == numpy_shape_or_refusal(function, shapes)
    if inferred is not None:
        tensors = [VALUES.constant(np.ones(shape)) for shape in shapes]
        assert VALUES.apply(name, *tensors, **options).shape == inferred


@settings(max_examples=60)
@given(SHAPES, SHAPES)
def test_two_operands_broadcast_as_in_numpy(one, other):
    agree("add", np.add, [one, other])


@given(SHAPES, SHAPES, SHAPES)
def test_broadcasting_is_associative_and_commutative(a, b, c):
    def joined(*shapes):
        try:
            return broadcast(*shapes)
        except LanguageError:
            return None

    whole = joined(a, b, c)
    assert whole == joined(c, b, a)
    first = joined(a, b)
    assert whole == (None if first is None else joined(first, c))


@settings(max_examples=80)
@given(SHAPES, SHAPES, st.integers(1, 4))
def test_matrix_products_take_what_numpy_takes(one, other, inner):
    agree("matmul", np.matmul, [one, other])
    agree("matmul", np.matmul, [(*one[:2], 2, inner), (*other[:1], inner, 3)])


@given(SHAPES.filter(bool), st.integers(-5, 5), st.booleans())
def test_reductions_drop_the_axis_that_numpy_drops(shape, axis, keepdims):
    options = {"axis": axis, "keepdims": keepdims}
    agree("sum", lambda x: np.sum(x, **options), [shape], **options)


@given(SHAPES, st.integers(-5, 5))
def test_concat_joins_what_numpy_joins(shape, axis):
    other = tuple(size + (place == axis) for place, size in enumerate(shape))
    agree("concat", lambda a, b: np.concatenate([a, b], axis=axis), [shape, other], axis=axis)


@given(SHAPES, st.lists(st.integers(-1, 6), max_size=3).map(tuple))
def test_reshape_takes_what_numpy_takes(shape, target):
    agree("reshape", lambda x: np.reshape(x, target), [shape], shape=target)


INDEX = st.one_of(
    st.integers(-5, 5),
    st.none(),
    st.just(Ellipsis),
    st.builds(
        slice,
        st.none() | st.integers(-5, 5),
        st.none() | st.integers(-5, 5),
        st.none() | st.integers(1, 3) | st.integers(-3, -1),
    ),
)


@settings(max_examples=150)
@given(SHAPES, st.lists(INDEX, max_size=4).map(tuple))
def test_an_index_takes_what_numpy_takes(shape, index):
    agree("getitem", lambda x: x[index], [shape], index=index)


@given(SHAPES, st.permutations(range(4)))
def test_permutations_move_sizes(shape, order):
    axes = tuple(axis for axis in order if axis < len(shape))
    agree("permute", lambda x: np.transpose(x, axes), [shape], axes=axes)


@given(SHAPES, SHAPES)
def test_broadcast_to_reaches_what_numpy_reaches(shape, target):
    agree("broadcast_to", lambda x: np.broadcast_to(x, target), [shape], shape=target)


@given(st.integers(-6, 6), st.integers(-6, 6), st.integers(-3, 3).filter(bool))
def test_ranges_count_as_numpy_counts(start, stop, step):
    made = VALUES.apply("arange", start=start, stop=stop, step=step)
    np.testing.assert_array_equal(made.array, np.arange(start, stop, step))


@given(
    st.integers(1, 9), st.integers(1, 4), st.integers(1, 3), st.integers(0, 2), st.integers(1, 2)
)
def test_a_window_fits_as_often_as_the_formula_says(size, kernel, stride, padding, dilation):
    options = {"stride": stride, "padding": padding, "dilation": dilation}
    reach = dilation * (kernel - 1) + 1
    inferred = shape_or_refusal("conv", [(1, 1, size), (1, 1, kernel)], **options)
    if size + 2 * padding < reach:
        assert inferred is None
        return
    assert inferred == (1, 1, (size + 2 * padding - reach) // stride + 1)
    x, w = VALUES.constant(np.ones((1, 1, size))), VALUES.constant(np.ones((1, 1, kernel)))
    assert VALUES.apply("conv", x, w, **options).shape == inferred


@pytest.mark.parametrize(
    ("name", "shapes", "options", "message"),
    [
        ("add", [(2, 3), (4,)], {}, "shapes [2, 3] and [4] don't broadcast"),
        ("matmul", [(2, 3), (4, 5)], {}, "matmul of [2, 3] and [4, 5]: 3 columns meet 4 rows"),
        ("softmax", [(2, 3)], {"axis": 2}, "no axis 2 in a tensor of rank 2"),
        ("reshape", [(2, 3)], {"shape": (4, -1)}, "the elements of [2, 3] don't make [4, -1]"),
        ("concat", [(2, 3), (3, 3)], {"axis": 1}, "concat along axis 1 of [2, 3], [3, 3]"),
        ("split", [(2, 5)], {"parts": 2}, "axis 1 of [2, 5] does not split into 2"),
        ("getitem", [(2, 3)], {"index": 2}, "index 2 is out of range of a tensor [2, 3]"),
        ("layer_norm", [(2, 3), (4,)], {}, "layer_norm of [2, 3] does not fit [4]"),
        ("max", [(0,)], {}, "max of no elements has no value"),
        (
            "attention",
            [(3, 2, 4), (2, 2, 4), (2, 2, 4)],
            {},
            "attention of q [3, 2, 4], k [2, 2, 4], v [2, 2, 4]: "
            "2 key heads can't serve 3 query heads",
        ),
        (
            "conv",
            [(1, 3, 5), (4, 2, 3)],
            {},
            "conv of [1, 3, 5] with a weight [4, 2, 3]: 3 channels come in, 2 are taken",
        ),
        ("einsum", [(2, 3), (4, 5)], {"equation": "ij,jk->ik"},
         "einsum 'ij,jk->ik' of [2, 3], [4, 5]: index j is 3 and 4"),
    ],
)  # fmt: skip
def test_a_refusal_shows_the_shapes(name, shapes, options, message):
    with pytest.raises(LanguageError) as caught:
        RULES.apply(name, *map(RULES.placeholder, shapes), **options)
    assert caught.value.message == message
