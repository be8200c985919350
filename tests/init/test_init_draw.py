"""From values to a tensor: rounded once, whole numbers where the dtype wants them, any order."""

import hashlib

import ml_dtypes
import numpy as np
import pytest
from init.init_examples import EXAMPLES

from paramctl.errors import FoundError, UsageError
from paramctl.init.base import INITIALIZERS
from paramctl.init.constant import Constant
from paramctl.init.draw import draw, draw_blocks
from paramctl.init.normal import Normal
from paramctl.init.stream import BLOCK

LONG = (3, BLOCK + 77)


@pytest.mark.parametrize("name", ["uniform", "normal", "trunc_normal", "keras.he_normal"])
@pytest.mark.parametrize("workers", [2, 5])
def test_the_number_of_workers_changes_nothing(name, workers):
    initializer = INITIALIZERS[name]()
    blocks = draw_blocks(initializer, 4, "w", LONG, "F32", ("out", "in"), workers)
    alone = draw_blocks(initializer, 4, "w", LONG, "F32", ("out", "in"), 1)
    assert np.array_equal(np.concatenate(list(blocks)), np.concatenate(list(alone)))


@pytest.mark.parametrize("name", EXAMPLES)
def test_parts_in_any_order_are_parts_of_the_whole(name):
    initializer, shape, axes = EXAMPLES[name]
    if initializer.whole:
        return
    from paramctl.init.stream import Stream

    stream = Stream(1, "w")
    count = int(np.prod(shape))
    whole = initializer.values(stream, shape, axes, 0, count)
    cuts = [(count // 3, count), (0, count // 3)]
    for start, stop in cuts:
        part = initializer.values(stream, shape, axes, start, stop)
        assert np.array_equal(part, whole[start:stop])


@pytest.mark.parametrize(
    ("dtype", "array"),
    [("BF16", ml_dtypes.bfloat16), ("F16", np.float16), ("F8_E4M3", ml_dtypes.float8_e4m3fn)],
)
def test_narrow_floats_are_the_rounded_single_draw(dtype, array):
    full = draw(Normal(std=0.1), 0, "w", (64, 64), "F32")
    assert np.array_equal(draw(Normal(std=0.1), 0, "w", (64, 64), dtype), full.astype(array))


@pytest.mark.parametrize("shape", [(), (1,), (0,), (3, 0, 2), (2, 3)])
def test_shapes_of_any_rank_and_none_at_all(shape):
    values = draw(Normal(), 0, "w", shape)
    assert values.shape == shape
    assert values.dtype == np.float32


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_tensor_without_elements_stays_without(name):
    initializer, shape, axes = EXAMPLES[name]
    empty = (0, *shape[1:])
    assert draw(initializer, 0, "w", empty, "F32", axes).shape == empty


def test_integers_and_booleans_take_whole_numbers():
    assert draw(Constant(7), 0, "steps", (), "I64").tolist() == 7
    assert draw(Constant(1), 0, "mask", (2,), "BOOL").tolist() == [True, True]


@pytest.mark.parametrize(
    ("value", "dtype", "error", "text"),
    [
        (0.5, "I64", UsageError, "w: I64 holds whole numbers only"),
        (300, "U8", FoundError, "w: 300 is beyond the range of U8"),
        (-1, "U64", FoundError, "w: -1 is beyond the range of U64"),
        (2.0**63, "I64", FoundError, "w: 9223372036854775808 is beyond the range of I64"),
        (2, "BOOL", FoundError, "w: 2 is beyond the range of BOOL"),
        (70000.0, "F16", FoundError, "w: 70000.0 is beyond the range of F16"),
        (1e30, "F8_E4M3", FoundError, "w: 1.0000000150474662e+30 is beyond the range of F8_E4M3"),
    ],
)
def test_what_a_dtype_cant_hold_is_an_error(value, dtype, error, text):
    with pytest.raises(error) as raised:
        draw(Constant(value), 0, "w", (2,), dtype)
    assert str(raised.value) == text


def test_a_tensor_is_drawn_a_block_at_a_time():
    sizes = [block.size for block in draw_blocks(Normal(), 0, "w", LONG)]
    assert sizes == [BLOCK, BLOCK, BLOCK, 3 * 77]


def test_values_do_not_depend_on_other_tensors():
    """Law 6: a subset, a superset and any order give a tensor the same bytes."""

    def digests(names):
        return {
            name: hashlib.sha256(draw(Normal(), 9, name, (32, 8)).tobytes()).hexdigest()
            for name in names
        }

    superset = digests(["a", "b", "c", "d"])
    assert digests(["d", "b"]) == {name: superset[name] for name in ("d", "b")}
