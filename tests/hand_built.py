"""Small modules built from the engine's classes, and checkpoints for them."""

from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from paramctl.engine.bound import BoundModule
from paramctl.engine.execution import Execution
from paramctl.engine.module import Module
from paramctl.engine.parameter import Parameter
from paramctl.engine.unknown import Unknown


def linear(path, inputs=None, outputs=1, *, bias=True):
    """A layer ``y = x W^T + b`` whose number of inputs may be open."""
    size = Unknown("in_features") if inputs is None else inputs
    weight = Parameter(f"{path}.weight", (outputs, size), axes=("out", "in"))
    offset = Parameter(f"{path}.bias", (outputs,), axes=("out",)) if bias else None
    module = Module("Linear", path, parameters={"weight": weight, "bias": offset})

    def forward(execution: Execution, x):
        own = module.parameters
        bias = execution.parameter(own["bias"]) if own["bias"] is not None else None
        return execution.apply("linear", x, execution.parameter(own["weight"]), bias)

    module.forward = forward
    return module


def activation(path, operation="relu"):
    """A layer without parameters."""
    return Module(operation, path, forward=lambda execution, x: execution.apply(operation, x))


def sequence(*layers):
    """Layers in a row, named by their place."""
    return Module("Sequential", "", {layer.path: layer for layer in layers})


def mlp(inputs=4, hidden=8, outputs=1):
    """Two layers with a relu between; its tensors are 0.weight, 0.bias, 2.weight, 2.bias."""
    return sequence(linear("0", inputs, hidden), activation("1"), linear("2", hidden, outputs))


def calls(module, *names):
    """A module that calls these children one after the other."""

    def forward(execution, x):
        bound = BoundModule(execution, module)
        for name in names:
            x = bound.language_attribute(name).language_call(x)
        return x

    module.forward = forward
    return module


def checkpoint(path: Path, metadata=None, **arrays):
    """A file with these arrays; ``__`` in a name stands for a dot."""
    contiguous = {
        name.replace("__", "."): np.array(array, order="C") for name, array in arrays.items()
    }
    save_file(contiguous, path, metadata)
    return path


def mlp_arrays(inputs=4, hidden=8, outputs=1, seed=0):
    """Random values for ``mlp``, by name."""
    rng = np.random.default_rng(seed)
    shapes = {
        "0__weight": (hidden, inputs),
        "0__bias": (hidden,),
        "2__weight": (outputs, hidden),
        "2__bias": (outputs,),
    }
    return {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
