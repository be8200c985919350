"""The operations table on a real GPU: values and gradients as on the host."""

import numpy as np
import pytest
from engine.table import CALLS

from paramctl.compute.devices import choose_device, devices
from paramctl.engine.execution import Execution

pytestmark = pytest.mark.gpu
if len(devices()[0]) == 1:
    pytest.skip(devices()[1], allow_module_level=True)


def run(call, backend):
    execution = Execution(backend, dtype="float64", mode="tape")
    operands = [
        execution.variable(x) if isinstance(x, np.ndarray) else x for x in call.operands(seed=5)
    ]
    result = execution.apply(call.operation.name, *operands, **call.example.options)
    results = result if isinstance(result, tuple) else (result,)
    for each in results:
        if each.slot is not None and call.example.smooth:
            each.slot.add(backend.xp, backend.xp.ones_like(each.array))
    execution.tape.backward(backend.xp)
    slots = [getattr(operand, "slot", None) for operand in operands]
    found = [each.array for each in results]
    found += [s.gradient for s in slots if s is not None and s.gradient is not None]
    return [backend.to_numpy(array) for array in found]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.label)
def test_the_card_agrees_with_the_host(call):
    card, host = choose_device("cuda").backends[0], choose_device("cpu").backends[0]
    for one, other in zip(run(call, card), run(call, host), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9)
