"""torch.nn.init is the oracle for gains, bounds, moments and the deterministic schemes."""

import math

import numpy as np
import pytest

from paramctl.errors import UsageError
from paramctl.init.base import INITIALIZERS
from paramctl.init.draw import draw
from paramctl.init.gain import calculate_gain

pytestmark = pytest.mark.client

GAINS = ["linear", "conv1d", "conv_transpose2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"]


@pytest.mark.parametrize("nonlinearity", GAINS)
def test_gains_are_those_of_torch(nonlinearity):
    from torch.nn import init

    assert calculate_gain(nonlinearity) == init.calculate_gain(nonlinearity)


@pytest.mark.parametrize(
    ("name", "shape", "options"),
    [
        ("eye", (4, 6), {}),
        ("eye", (6, 4), {}),
        ("dirac", (6, 3, 4), {"groups": 2}),
        ("dirac", (2, 5, 3, 4), {}),
        ("dirac", (4, 2, 3, 2, 5), {}),
        ("ones", (3, 2), {}),
        ("zeros", (3, 2), {}),
    ],
)
def test_deterministic_schemes_are_those_of_torch(name, shape, options):
    import torch
    from torch.nn import init

    theirs = getattr(init, f"{name}_")(torch.empty(shape), **options).numpy()
    assert np.array_equal(draw(INITIALIZERS[name](**options), 0, "w", shape), theirs)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("uniform", {"a": -0.3, "b": 0.2}),
        ("normal", {"mean": 1.0, "std": 0.3}),
        ("trunc_normal", {"std": 1.5}),
        ("trunc_normal", {"std": 1.0, "a": 1.0, "b": 3.0}),
        ("xavier_uniform", {"gain": 2.0}),
        ("xavier_normal", {}),
        ("kaiming_uniform", {"a": math.sqrt(5)}),
        ("kaiming_normal", {"mode": "fan_out", "nonlinearity": "relu"}),
        ("sparse", {"sparsity": 0.3}),
    ],
)
@pytest.mark.parametrize("shape", [(300, 500), (60, 50, 5, 10)])
def test_moments_are_those_of_torch(name, options, shape):
    """150,000 values on each side: means and stds within five standard errors of a difference."""
    import torch
    from torch.nn import init

    if name == "sparse" and len(shape) != 2:
        return
    torch.manual_seed(0)
    theirs = getattr(init, f"{name}_")(torch.empty(shape), **options).numpy()
    axes = ("out", "in", "spatial", "spatial")[: len(shape)]
    ours = draw(INITIALIZERS[name].make(name, [], options), 0, "w", shape, "F32", axes)
    std, error = theirs.std(), math.sqrt(2 / theirs.size)
    assert abs(ours.mean() - theirs.mean()) < 5 * std * error
    assert abs(ours.std() - std) < 5 * std * math.sqrt(2) * error


def test_bounds_of_uniform_schemes_are_those_of_torch():
    import torch
    from torch.nn import Conv2d, Linear

    torch.manual_seed(0)
    for layer, axes in ((Linear(400, 300), ("out", "in")), (Conv2d(40, 30, 5), None)):
        axes = axes or ("out", "in", "spatial", "spatial")
        shape = tuple(layer.weight.shape)
        scheme = INITIALIZERS["kaiming_uniform"](negative_slope=math.sqrt(5))
        bound = scheme.moments(shape, axes).high
        assert 0.999 * bound < layer.weight.abs().max().item() <= bound * (1 + 1e-7)


@pytest.mark.parametrize(
    ("name", "shape"),
    [("eye", (3,)), ("dirac", (3, 3)), ("orthogonal", (3,)), ("xavier_normal", (3,))],
)
def test_what_torch_refuses_is_refused(name, shape):
    import torch
    from torch.nn import init

    with pytest.raises(ValueError, match=r"dimensions"):
        getattr(init, f"{name}_")(torch.empty(shape))
    with pytest.raises(UsageError, match="axes"):
        draw(INITIALIZERS[name](), 0, "w", shape)
