"""Large arrays in pieces: what an operation gives is what it gives of the whole."""

import numpy as np
import pytest

from paramctl.compute.pool import set_threads
from paramctl.engine.execution import Execution
from paramctl.engine.operation import OPERATIONS
from paramctl.engine.pieces import PIECE, in_pieces, is_large

ROWS, WIDTH = 3 * PIECE // 512 + 1, 512


@pytest.fixture(autouse=True)
def _two_threads():
    set_threads(2)
    yield
    set_threads(None)


@pytest.mark.parametrize("name", ["gelu", "gelu_tanh", "silu", "relu", "sigmoid", "exp", "elu"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_an_operation_on_elements(name, dtype):
    x = np.random.default_rng(0).standard_normal((ROWS, WIDTH)).astype(dtype)
    execution = Execution(dtype=dtype)
    given = {"alpha": 0.5} if name == "elu" else {}
    found = execution.apply(name, execution.constant(x), **given).array
    assert is_large(x)
    np.testing.assert_allclose(found, OPERATIONS[name].value(np, x, **given)[0], rtol=1e-6)


@pytest.mark.parametrize("name", ["layer_norm", "rms_norm"])
def test_an_operation_on_rows(name):
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal((2, ROWS, WIDTH)), rng.standard_normal(WIDTH)
    execution = Execution(dtype="float64")
    found = execution.apply(name, *map(execution.constant, (x, weight)), eps=1e-5).array
    expected = OPERATIONS[name].value(np, x, weight, eps=1e-5)[0]
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("width", [1, WIDTH, 4 * PIECE])
def test_pieces_are_put_together_in_their_order(width):
    x = np.arange(8.0 * PIECE).reshape(2, -1, width) if width > 1 else np.arange(8.0 * PIECE)
    np.testing.assert_array_equal(in_pieces(lambda piece: piece + 1, x, width), x + 1)


@pytest.mark.parametrize(
    "x", [np.ones(10), np.ones(4 * PIECE, int), np.ones((2 * PIECE, 2)).T], ids=str
)
def test_what_is_small_or_no_plain_float_stays_whole(x):
    assert not is_large(x)
