"""Specs from text or fixtures, built, inferred and run in one line each."""

from pathlib import Path

import numpy as np

from paramctl.engine.execution import Execution
from paramctl.spec.build import build
from paramctl.spec.load import load_spec
from paramctl.spec.shapes import call_model, infer_shapes, with_defaults

SPECS = Path(__file__).parents[2] / "fixtures" / "specs"


def fixture(name):
    """The path of a spec in the fixtures."""
    return SPECS / f"{name}.yaml"


def write(folder, text, name="net.yaml"):
    """The path of a spec with this text."""
    path = folder / name
    path.write_text(text)
    return path


def built(path, config=None, overrides=None, present=None, **shapes):
    """Spec and module, sizes inferred from float inputs of these shapes."""
    spec = load_spec(path, config, overrides)
    module = build(spec, present)
    if shapes:
        infer_shapes(spec, module, {name: (shape, "float32") for name, shape in shapes.items()})
    return spec, module


def shapes_of(module):
    """Name to shape of every parameter, aliases included."""
    return {name: parameter.shape for name, parameter in module.named_parameters()}


def count(module, names="unique"):
    """Elements of trained parameters, once per parameter or once per name."""
    pairs = module.unique_parameters() if names == "unique" else module.named_parameters()
    return sum(parameter.numel for _, parameter in pairs if parameter.kind == "parameter")


def fill(module, value):
    """Give every parameter an array: ``value(name, shape)``, or one number for all."""
    for name, parameter in module.unique_parameters():
        given = value(name, parameter.shape) if callable(value) else np.full(parameter.shape, value)
        parameter.value = np.asarray(given, np.float32)


def run(spec, module, mode="arrays", dtype="float32", **inputs):
    """What the model makes of arrays; the tensor, or a tuple of them."""
    execution = Execution(mode=mode, dtype=dtype)
    tensors = {name: execution.constant(np.asarray(x), name) for name, x in inputs.items()}
    return call_model(execution, spec, module, with_defaults(execution, spec, tensors))
