"""Operations beside torch: values and gradients of the same call, in float64."""

from typing import Any

import numpy as np
import pytest

from paramctl.engine.execution import Execution

pytestmark = pytest.mark.client


def arrays(seed: int, *shapes: tuple[int, ...]) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape) for shape in shapes]


def compare(ours: Any, theirs: Any, inputs: list[np.ndarray], tolerance: float = 1e-10) -> None:
    """Both functions give the same value, and the same gradients of its weighted sum."""
    import torch

    execution = Execution(dtype="float64", mode="tape")
    tensors = [execution.variable(x) for x in inputs]
    result = ours(execution, *tensors)
    leaves = [torch.tensor(x, requires_grad=True) for x in inputs]
    expected = theirs(*leaves)
    np.testing.assert_allclose(result.array, expected.detach().numpy(), atol=tolerance)
    weights = np.random.default_rng(9).standard_normal(result.shape)
    result.slot.add(np, weights)
    execution.tape.backward(np)
    expected.backward(torch.tensor(weights))
    for tensor, leaf in zip(tensors, leaves, strict=True):
        np.testing.assert_allclose(tensor.slot.gradient, leaf.grad.numpy(), atol=tolerance)


def call(name: str, **options: Any) -> Any:
    return lambda execution, *tensors: execution.function(name, *tensors, **options)


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


ATTENTIONS = [
    ((2, 4, 6, 8), (2, 4, 6, 8), {}),
    ((2, 4, 6, 8), (2, 4, 6, 8), {"causal": True}),
    ((2, 6, 5, 8), (2, 2, 5, 8), {"causal": True, "scale": 0.2}),
    ((1, 2, 3, 4), (1, 2, 7, 4), {}),
]


@pytest.mark.parametrize(("q", "k", "options"), ATTENTIONS)
def test_attention(q, k, options):
    from torch.nn import functional

    theirs = {"is_causal": options.get("causal", False), "scale": options.get("scale")}
    compare(
        call("attention", **options),
        lambda q, k, v: functional.scaled_dot_product_attention(q, k, v, enable_gqa=True, **theirs),
        arrays(8, q, k, k),
    )


def test_attention_with_a_bias():
    from torch.nn import functional

    compare(
        call("attention"),
        lambda q, k, v, bias: functional.scaled_dot_product_attention(q, k, v, bias),
        arrays(9, (2, 3, 4, 5), (2, 3, 6, 5), (2, 3, 6, 5), (1, 3, 4, 6)),
    )


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


def recurrent(kind: str, torch_layer: Any, bidirectional: bool) -> Any:
    """Our function over the weights of a torch layer, both directions concatenated."""

    def run(execution, x, *weights):
        sides = [weights[:4], weights[4:]] if bidirectional else [weights]
        outputs = [
            execution.function(kind, x, *side, reverse=bool(place))[0]
            for place, side in enumerate(sides)
        ]
        return execution.function("concat", outputs, axis=-1)

    return run


@pytest.mark.parametrize("kind", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_recurrent_layers(kind, bidirectional):
    import torch

    layer = getattr(torch.nn, kind.upper())(
        4, 3, batch_first=True, bidirectional=bidirectional, dtype=torch.float64
    )
    names = [name for name, _ in layer.named_parameters()]
    values = [value.detach().numpy() for value in layer.parameters()]

    def theirs(x, *weights):
        return torch.func.functional_call(layer, dict(zip(names, weights, strict=True)), (x,))[0]

    compare(recurrent(kind, layer, bidirectional), theirs, [*arrays(11, (2, 5, 4)), *values])


def test_an_lstm_with_a_projection():
    import torch

    layer = torch.nn.LSTM(4, 5, proj_size=3, batch_first=True, dtype=torch.float64)
    names = [name for name, _ in layer.named_parameters()]
    values = [value.detach().numpy() for value in layer.parameters()]

    def theirs(x, *weights):
        return torch.func.functional_call(layer, dict(zip(names, weights, strict=True)), (x,))[0]

    def ours(execution, x, w_ih, w_hh, b_ih, b_hh, w_hr):
        return execution.function("lstm", x, w_ih, w_hh, b_ih, b_hh, w_hr)[0]

    compare(ours, theirs, [*arrays(12, (2, 5, 4)), *values])


@pytest.mark.parametrize("bidirectional", [True, False])
def test_relative_buckets_are_those_of_t5(bidirectional):
    import torch
    from transformers.models.t5.modeling_t5 import T5Attention

    distance = torch.arange(1500)[None, :] - torch.arange(1500)[:, None]
    expected = T5Attention._relative_position_bucket(distance, bidirectional, 32, 128)
    ours = Execution().apply(
        "relative_buckets", queries=1500, keys=1500, bidirectional=bidirectional
    )
    np.testing.assert_array_equal(ours.array, expected.numpy())


@pytest.mark.parametrize("kind", ["default", "linear", "llama3", "yarn"])
def test_rope_is_that_of_llama(kind):
    import torch
    from transformers import LlamaConfig
    from transformers.models.llama.modeling_llama import (
        LlamaRotaryEmbedding,
        apply_rotary_pos_emb,
    )

    scaling = {
        "rope_type": kind, "rope_theta": 10000.0, "factor": 4.0, "low_freq_factor": 1.0,
        "high_freq_factor": 4.0, "original_max_position_embeddings": 64,
    }  # fmt: skip
    config = LlamaConfig(
        hidden_size=64, num_attention_heads=4, rope_parameters=scaling, max_position_embeddings=256
    )
    (x,) = arrays(13, (2, 4, 40, 16))
    rotary = LlamaRotaryEmbedding(config)
    cos, sin = rotary(torch.tensor(x), torch.arange(40)[None])
    expected = apply_rotary_pos_emb(torch.tensor(x), torch.tensor(x), cos, sin)[0].numpy()
    execution = Execution(dtype="float64")
    ours = execution.apply("rope", execution.constant(x), scaling=scaling)
    np.testing.assert_allclose(ours.array, expected, atol=2e-5)  # theirs are float32 angles
