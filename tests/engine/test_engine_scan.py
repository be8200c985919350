"""The selective scan against its formula, written out over time, and against differences."""

import numpy as np
import pytest

from paramctl.engine.execution import Execution
from paramctl.engine.parameter import Parameter
from paramctl.engine.unknown import Unknown
from paramctl.expression.errors import LanguageError

SHAPES = {"x": (2, 5, 3), "steps": (2, 5, 3), "rates": (3, 4), "b": (2, 5, 4), "c": (2, 5, 4)}


def drawn():
    rng = np.random.default_rng(3)
    return {name: rng.standard_normal(shape) * 0.5 for name, shape in SHAPES.items()}


def written_out(x, steps, rates, b, c):
    state = np.zeros((x.shape[0], *rates.shape))
    outputs = []
    for t in range(x.shape[1]):
        step = steps[:, t, :, None]
        state = np.exp(step * rates) * state + step * b[:, t, None, :] * x[:, t, :, None]
        outputs.append((state * c[:, t, None, :]).sum(-1))
    return np.stack(outputs, 1)


def scanned(execution, values):
    return execution.function("selective_scan", *values)


def test_a_scan_is_the_recurrence():
    values = drawn()
    execution = Execution(dtype="float64")
    found = scanned(execution, [execution.constant(v) for v in values.values()])
    np.testing.assert_allclose(found.array, written_out(**values), rtol=1e-12)


def test_its_gradients_are_those_of_differences():
    values = drawn()
    parameters = [Parameter(name, v.shape, value=v) for name, v in values.items()]
    execution = Execution(dtype="float64", mode="tape")
    y = scanned(execution, [execution.parameter(p) for p in parameters])
    seed = np.random.default_rng(4).standard_normal(y.shape)
    execution.backward(y, seed)
    for parameter in parameters:
        place = tuple(size // 2 for size in parameter.shape)
        up, down = drawn(), drawn()
        up[parameter.name][place] += 1e-6
        down[parameter.name][place] -= 1e-6
        slope = ((written_out(**up) - written_out(**down)) * seed).sum() / 2e-6
        assert parameter.grad[place] == pytest.approx(slope, abs=1e-7)


def test_unknown_batch_and_length_stay_unknown():
    execution = Execution(mode="shapes")
    free = Unknown("batch"), Unknown("t")
    given = [(*free, 3), (*free, 3), (3, 4), (*free, 4), (*free, 4)]
    found = scanned(execution, [execution.placeholder(shape) for shape in given])
    assert found.shape == (*free, 3)


def test_shapes_that_do_not_fit_are_refused():
    execution = Execution(mode="shapes")
    given = [execution.placeholder(shape) for shape in {**SHAPES, "rates": (4, 3)}.values()]
    with pytest.raises(LanguageError) as caught:
        scanned(execution, given)
    assert caught.value.message == (
        "selective_scan takes (batch, t, channels) twice, (channels, states) and "
        "(batch, t, states) twice, not [2, 5, 3], [2, 5, 3], [4, 3], [2, 5, 4], [2, 5, 4]"
    )
