"""Laws that every operation keeps, tried on the examples each carries."""

import numpy as np
import pytest
from engine.table import CALLS, Call

from paramctl.engine.execution import Execution
from paramctl.engine.operation import OPERATIONS
from paramctl.engine.tensor import Tensor


def run(execution: Execution, call: Call, operands):
    tensors = [execution.variable(x) if isinstance(x, np.ndarray) else x for x in operands]
    result = execution.apply(call.operation.name, *tensors, **call.example.options)
    return tensors, result if isinstance(result, tuple) else (result,)


def test_every_operation_carries_an_example():
    assert [name for name in OPERATIONS if not OPERATIONS[name].examples()] == []


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.label)
def test_the_shape_rule_says_what_the_value_is(call):
    operands = call.operands(seed=1)
    _, inferred = run(Execution(dtype="float64", mode="shapes"), call, operands)
    _, computed = run(Execution(dtype="float64"), call, operands)
    for rule, value in zip(inferred, computed, strict=True):
        assert rule.array is None
        assert (rule.shape, rule.dtype) == (value.array.shape, value.array.dtype.name)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.label)
def test_float32_stays_float32(call):
    _, results = run(Execution(), call, call.operands(seed=2, dtype="float32"))
    for result in results:
        assert result.array.dtype.name not in ("float16", "float64", "complex128")


def objective(call: Call, operands, weights) -> float:
    _, results = run(Execution(dtype="float64"), call, operands)
    return sum(
        float(np.real(np.sum(np.conj(w) * result.array)))
        for w, result in zip(weights, results, strict=True)
    )


@pytest.mark.parametrize(
    "call", [call for call in CALLS if call.example.smooth], ids=lambda call: call.label
)
def test_the_derivative_agrees_with_finite_differences(call):
    """⟨v, J u⟩ by central differences equals ⟨backward(v), u⟩ in random directions."""
    rng = np.random.default_rng(3)
    operands = call.operands(seed=3)
    execution = Execution(dtype="float64", mode="tape")
    tensors, results = run(execution, call, operands)
    weights = [_direction(rng, result.array) for result in results]
    for result, weight in zip(results, weights, strict=True):
        if result.slot is not None:
            result.slot.add(np, weight)
    execution.tape.backward(np)
    for place, (operand, tensor) in enumerate(zip(operands, tensors, strict=True)):
        if not isinstance(tensor, Tensor) or operand.dtype.kind not in "fc":
            continue
        direction = _direction(rng, operand)
        moved = [
            objective(call, _replaced(operands, place, operand + sign * 1e-6 * direction), weights)
            for sign in (1, -1)
        ]
        expected = (moved[0] - moved[1]) / 2e-6
        gradient = np.zeros(operand.shape) if tensor.slot.gradient is None else tensor.slot.gradient
        assert gradient.shape == operand.shape
        actual = float(np.real(np.sum(np.conj(gradient) * direction)))
        assert actual == pytest.approx(expected, rel=1e-5, abs=1e-7)


def _direction(rng, like):
    drawn = rng.standard_normal(like.shape)
    return drawn + 1j * rng.standard_normal(like.shape) if like.dtype.kind == "c" else drawn


def _replaced(operands, place, value):
    return [np.asarray(value) if k == place else old for k, old in enumerate(operands)]
