"""Gradients of parameters: losses, ties, and what never took part."""

import numpy as np
import pytest
from hand_built import activation, calls, linear, mlp, mlp_arrays, sequence

from paramctl.engine.execution import Execution
from paramctl.engine.module import Module
from paramctl.errors import UsageError
from paramctl.run.gradients import go_backward, seeds, sizes
from paramctl.run.values import named_tensors


def backward(module, x, loss="sum", target=None):
    run = Execution(dtype="float64", mode="tape")
    outputs = named_tensors(run.call(module, run.constant(x)))
    go_backward(run, outputs, seeds(run, outputs, loss, target or {}))
    return sizes(module, run.backend.xp)


def constant_mlp(*, tied):
    """4-8-8-8-1 with every weight 0.1 and every bias 0; the middle two layers may be one."""
    middle = linear("2", 8, 8)
    again = middle if tied else linear("4", 8, 8)
    layers = {"0": linear("0", 4, 8), "1": activation("1"), "2": middle, "3": activation("3")}
    layers |= {"4": again, "5": activation("5"), "6": linear("6", 8, 1)}
    module = Module("Sequential", "", layers)
    for _, parameter in module.unique_parameters():
        fill = 0.1 if parameter.name.endswith("weight") else 0.0
        parameter.value = np.full(parameter.shape, fill, np.float32)
    return module


def test_gradients_of_tied_uses_add_up():
    apart = constant_mlp(tied=False)
    backward(apart, np.ones((2, 4)))
    assert apart["2.weight"].grad == pytest.approx(np.full((8, 8), 0.064), rel=1e-5)
    assert apart["4.weight"].grad == pytest.approx(np.full((8, 8), 0.064), rel=1e-5)
    assert apart["2.bias"].grad == pytest.approx(np.full(8, 0.16), rel=1e-5)
    assert apart["4.bias"].grad == pytest.approx(np.full(8, 0.20), rel=1e-5)
    tied = constant_mlp(tied=True)
    found = backward(tied, np.ones((2, 4)))
    assert tied["2.weight"].grad == pytest.approx(np.full((8, 8), 0.128), rel=1e-5)
    assert tied["2.bias"].grad == pytest.approx(np.full(8, 0.36), rel=1e-5)
    assert "4.weight" not in found
    assert found["2.weight"].absmax == pytest.approx(0.128, rel=1e-5)
    assert found["2.weight"].l2 == pytest.approx(0.128 * 8, rel=1e-5)


def test_a_parameter_that_never_took_part_has_none():
    module = calls(sequence(linear("0", 4, 2), linear("1", 4, 2)), "0")
    for _, parameter in module.named_parameters():
        parameter.value = np.ones(parameter.shape, np.float32)
    found = backward(module, np.ones((1, 4)))
    assert found["1.weight"] is None
    assert found["1.bias"] is None
    assert found["0.weight"] is not None


def test_a_model_without_parameters_has_no_gradients():
    assert backward(sequence(activation("0")), np.ones(3)) == {}


@pytest.fixture
def net():
    module = mlp()
    for name, parameter in module.named_parameters():
        parameter.value = mlp_arrays()[name.replace(".", "__")]
    return module


def test_the_mean_is_the_sum_over_the_number_of_elements(net):
    backward(net, np.ones((5, 4)), "mean")
    assert net["2.bias"].grad == pytest.approx([1.0])


def test_the_mean_squared_error_is_that_of_the_target(net):
    x = np.linspace(-1, 1, 12).reshape(3, 4)
    run = Execution(dtype="float64")
    y = run.call(net, run.constant(x)).array
    goal = np.zeros((3, 1))
    backward(net, x, "mse", {"output": goal})
    assert net["2.bias"].grad == pytest.approx([2 * (y - goal).mean()])


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ({}, "mse needs a target"),
        ({"outputs": np.ones((1, 1))}, "--target: no float output is named 'outputs'"),
        ({"output": np.ones(3)}, "--target: the output 'output' is [1, 1], its target [3]"),
    ],
)
def test_a_target_that_does_not_fit_is_refused(net, target, problem):
    with pytest.raises(UsageError) as refused:
        backward(net, np.ones((1, 4)), "mse", target)
    assert str(refused.value) == problem
