"""Operations use nothing that only NumPy has: the same values through array_api_strict."""

import numpy as np
import pytest
from engine.strict import Namespace, StrictBackend, inside, outside
from engine.table import CALLS

from paramctl.compute.backend import HOST
from paramctl.compute.pool import set_threads
from paramctl.engine.execution import Execution
from paramctl.engine.parameter import Parameter
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


def decoder_layer(backend):
    """A run with every kind of operand: tables, streams, experts, positions, a mask; backward."""
    rng = np.random.default_rng(0)
    execution = Execution(backend, dtype="float64", mode="tape")
    shapes = {"wte": (7, 8), "q": (8, 8), "k": (4, 8), "up": (12, 8), "down": (8, 12), "g": (8,)}
    parameters = {
        name: Parameter(name, shape, value=rng.standard_normal(shape).astype(np.float32))
        for name, shape in shapes.items()
    }
    p = {name: execution.parameter(each) for name, each in parameters.items()}
    f = execution.function
    ids = execution.constant([[1, 6, 2]])
    h = f("embedding", ids, p["wte"])
    x = f("rms_norm", h, p["g"])
    q = f("rope", f("heads", f("linear", x, p["q"]), 4))
    k = f("rope", f("heads", f("linear", x, p["k"]), 2))
    mask = f("arange", 3)[None, :] < 2
    h = h + f("merge_heads", f("attention", q, k, k, None, mask, causal=True))
    gates = f("keep_top", f("softmax", f("linear", h, p["down"], transposed=True)[..., :2]), 1)

    def expert(rows):
        return f("linear", f("gelu", f("linear", rows, p["up"])), p["down"])

    h = h + f("mixture", h, gates, [expert, lambda rows: rows * 2])
    logits = f("linear", h, p["wte"])
    execution.backward(f("sum", logits * logits))
    return [logits.array, *(each.grad for each in parameters.values())]


def test_a_whole_run_stays_on_its_device():
    """The strict library refuses to mix arrays of two devices, as CuPy does."""
    expected = decoder_layer(HOST)
    for one, other in zip(decoder_layer(StrictBackend()), expected, strict=True):
        np.testing.assert_allclose(outside(one), other, rtol=1e-10, atol=1e-10)
