"""Operations beside torch: values and gradients of the same call, in float64."""

import numpy as np
import pytest
from engine.beside_torch import arrays, call, compare

from paramctl.engine.execution import Execution

pytestmark = pytest.mark.client


CONVOLUTIONS = [
    ((2, 3, 9), (4, 3, 3), {"stride": 2, "padding": 1}),
    ((2, 4, 6, 7), (6, 2, 3, 2), {"padding": (1, 0), "groups": 2, "dilation": (1, 2)}),
    ((1, 2, 4, 5, 4), (3, 2, 2, 3, 2), {"stride": (1, 2, 1)}),
    ((1, 4, 8), (4, 1, 3), {"groups": 4, "padding": "same"}),
    ((2, 3, 4, 4), (5, 3, 1, 1), {}),
]


@pytest.mark.parametrize(("x", "w", "options"), CONVOLUTIONS)
def test_convolutions(x, w, options):
    from torch.nn import functional

    theirs = getattr(functional, f"conv{len(x) - 2}d")
    compare(call("conv", **options), lambda *a: theirs(*a, **options), arrays(1, x, w, (w[0],)))


TRANSPOSED = [
    ((1, 3, 4, 4), (3, 2, 4, 4), {"stride": 2, "padding": 1}),
    ((2, 4, 5), (4, 3, 3), {"groups": 2, "dilation": 2, "stride": 3, "output_padding": 2}),
    ((1, 2, 3, 2, 3), (2, 1, 2, 2, 2), {"stride": 2}),
]


@pytest.mark.parametrize(("x", "w", "options"), TRANSPOSED)
def test_transposed_convolutions(x, w, options):
    from torch.nn import functional

    theirs = {
        3: functional.conv_transpose1d,
        4: functional.conv_transpose2d,
        5: functional.conv_transpose3d,
    }[len(x)]
    made = w[1] * options.get("groups", 1)
    compare(
        call("conv_transpose", **options),
        lambda *a: theirs(*a, **options),
        arrays(2, x, w, (made,)),
    )


POOLINGS = [
    ({"kernel": 2}, {"kernel_size": 2}),
    (
        {"kernel": (3, 2), "stride": 2, "padding": 1},
        {"kernel_size": (3, 2), "stride": 2, "padding": 1},
    ),
    ({"kernel": 3, "stride": 2, "ceil": True}, {"kernel_size": 3, "stride": 2, "ceil_mode": True}),
    (
        {"kernel": 2, "stride": 3, "padding": 1, "ceil": True},
        {"kernel_size": 2, "stride": 3, "padding": 1, "ceil_mode": True},
    ),
]


@pytest.mark.parametrize(("ours", "theirs"), POOLINGS)
def test_max_and_average_pooling(ours, theirs):
    from torch.nn import functional

    x = arrays(3, (2, 3, 8, 6))
    compare(call("max_pool", **ours), lambda a: functional.max_pool2d(a, **theirs), x)
    compare(call("avg_pool", **ours), lambda a: functional.avg_pool2d(a, **theirs), x)
    compare(
        call("avg_pool", count_padding=False, **ours),
        lambda a: functional.avg_pool2d(a, count_include_pad=False, **theirs),
        x,
    )


@pytest.mark.parametrize("output", [1, (2, 3), (5, 4), (8, 7)])
def test_adaptive_pooling(output):
    from torch.nn import functional

    compare(
        call("adaptive_avg_pool", output=output),
        lambda a: functional.adaptive_avg_pool2d(a, output),
        arrays(4, (2, 3, 5, 7)),
    )


def test_norms():
    from torch.nn import functional

    x, w, b = arrays(5, (2, 6, 5), (5,), (5,))
    compare(
        call("layer_norm", eps=1e-3),
        lambda x, w, b: functional.layer_norm(x, (5,), w, b, 1e-3),
        [x, w, b],
    )
    compare(call("rms_norm", eps=1e-3), lambda x, w: functional.rms_norm(x, (5,), w, 1e-3), [x, w])
    x, w, b = arrays(6, (2, 6, 5), (6,), (6,))
    compare(
        call("group_norm", groups=3),
        lambda x, w, b: functional.group_norm(x, 3, w, b, 1e-5),
        [x, w, b],
    )


def test_batch_norm_in_evaluation_mode():
    from torch.nn import functional

    x, mean, w, b = arrays(7, (2, 6, 5, 4), (6,), (6,), (6,))
    var = np.abs(mean) + 0.5
    compare(
        lambda e, x, w, b: e.apply("batch_norm", x, e.constant(mean), e.constant(var), w, b),
        lambda x, w, b: functional.batch_norm(x, _torch(mean), _torch(var), w, b, False, 0.1, 1e-5),
        [x, w, b],
    )


def _torch(array):
    import torch

    return torch.tensor(array)


ACTIVATIONS = {
    "relu": "relu", "gelu": "gelu", "silu": "silu", "sigmoid": "sigmoid", "tanh": "tanh",
    "softplus": "softplus", "leaky_relu": "leaky_relu", "elu": "elu", "selu": "selu",
}  # fmt: skip


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name):
    from torch.nn import functional

    x = [np.linspace(-9, 9, 101)]
    theirs = getattr(functional, ACTIVATIONS[name])
    compare(call(name), theirs, x, tolerance=1e-8 if name == "softplus" else 1e-12)


def test_gelu_by_tanh_and_quick_gelu():
    import torch
    from torch.nn import functional

    x = [np.linspace(-9, 9, 101)]
    compare(call("gelu_tanh"), lambda a: functional.gelu(a, approximate="tanh"), x)
    compare(call("quick_gelu"), lambda a: a * torch.sigmoid(1.702 * a), x)


def test_float32_gelu_is_as_close_as_torch_is():
    import torch

    x = np.linspace(-12, 12, 4001, dtype=np.float32)
    exact = torch.nn.functional.gelu(torch.tensor(x, dtype=torch.float64)).numpy()
    execution = Execution()
    ours = execution.apply("gelu", execution.constant(x)).array
    assert np.abs(ours - exact).max() < 1.2e-6


@pytest.mark.parametrize("equation", ["bij,bjk->bik", "ijk,i,j->k", "...ij,...jk->...ik", "ij,ij"])
def test_einsum(equation):
    import torch

    shapes = {
        "bij,bjk->bik": ((2, 3, 4), (2, 4, 5)),
        "ijk,i,j->k": ((2, 3, 4), (2,), (3,)),
        "...ij,...jk->...ik": ((2, 3, 4, 5), (2, 3, 5, 2)),
        "ij,ij": ((3, 4), (3, 4)),
    }[equation]
    compare(
        lambda e, *a: e.function("einsum", equation, *a),
        lambda *a: torch.einsum(equation, *a),
        arrays(10, *shapes),
    )
