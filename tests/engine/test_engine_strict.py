"""Operations use nothing that only NumPy has: the same values through array_api_strict."""

import numpy as np
import pytest
from engine.strict import Namespace, inside, outside
from engine.table import CALLS

from paramctl.compute.pool import set_threads
from paramctl.engine.tape import RowGradient

XP = Namespace()


@pytest.fixture(autouse=True)
def _one_thread():
    set_threads(1)
    yield
    set_threads(None)


def plain(result):
    """Arrays of either library as NumPy's; ``None`` and row gradients made comparable."""
    if isinstance(result, tuple | list):
        return [plain(part) for part in result]
    if isinstance(result, RowGradient):
        return [plain(result.indices), plain(result.rows)]
    return outside(result) if hasattr(result, "_array") else result


def moved(operand):
    return inside(operand) if isinstance(operand, np.ndarray) else operand


def same(one, other):
    if isinstance(one, list):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            same(a, b)
    elif one is not None or other is not None:
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.label)
def test_the_standard_is_enough(call):
    operation = call.operation
    _, options = operation.bind(call.operands(seed=4), call.example.options)
    operands = call.operands(seed=4)
    if operation.floats:
        operands = [
            x.astype(np.float64) if isinstance(x, np.ndarray) and x.dtype.kind in "iub" else x
            for x in operands
        ]
    expected, saved = operation.value(np, *operands, **options)
    actual, strictly = operation.value(XP, *map(moved, operands), **options)
    same(plain(actual), plain(expected))
    if call.example.smooth:
        up = np.asarray(expected) if not isinstance(expected, tuple) else expected
        theirs = tuple(map(inside, up)) if isinstance(up, tuple) else inside(up)
        same(
            plain(operation.derivative(XP, strictly, theirs)),
            plain(operation.derivative(np, saved, up)),
        )
