"""The built-in layers against torch: names, shapes, default bounds, numbers."""

import math

import numpy as np
import pytest
from spec.spec_runs import built, run, write

from paramctl.init.scheme import parse_scheme
from paramctl.spec.catalog import builtin_layers
from paramctl.spec.constructors import usage
from paramctl.spec.describe import describe_layers

pytestmark = pytest.mark.client

# Ours, torch's, and a shape to run both on.
PAIRS = {
    "Linear(None, 5)": ("Linear(4, 5)", (2, 3, 4)),
    "Linear(4, 5, bias=False)": ("Linear(4, 5, bias=False)", (2, 4)),
    "Conv1d(None, 6, 3)": ("Conv1d(4, 6, 3)", (2, 4, 9)),
    "Conv2d(None, 6, 3, padding=1, groups=2)": (
        "Conv2d(4, 6, 3, padding=1, groups=2)",
        (2, 4, 5, 5),
    ),
    "Conv2d(4, 6, (3, 2), stride=(2, 1), dilation=2)": (
        "Conv2d(4, 6, (3, 2), stride=(2, 1), dilation=2)",
        (1, 4, 9, 7),
    ),
    "Conv3d(None, 2, 2)": ("Conv3d(3, 2, 2)", (1, 3, 4, 4, 4)),
    "ConvTranspose1d(None, 2, 4, stride=2)": ("ConvTranspose1d(3, 2, 4, stride=2)", (1, 3, 5)),
    "ConvTranspose2d(None, 2, 4, stride=2, padding=1)": (
        "ConvTranspose2d(3, 2, 4, stride=2, padding=1)",
        (1, 3, 4, 4),
    ),
    "ConvTranspose2d(4, 6, 3, groups=2)": ("ConvTranspose2d(4, 6, 3, groups=2)", (1, 4, 4, 4)),
    "LayerNorm()": ("LayerNorm(4)", (2, 3, 4)),
    "LayerNorm(4, bias=False)": ("LayerNorm(4, bias=False)", (2, 4)),
    "RMSNorm(eps=1e-5)": ("RMSNorm(4, eps=1e-5)", (2, 3, 4)),
    "BatchNorm1d()": ("BatchNorm1d(4)", (3, 4)),
    "BatchNorm2d()": ("BatchNorm2d(4)", (3, 4, 2, 2)),
    "GroupNorm(2)": ("GroupNorm(2, 4)", (3, 4, 5)),
    "RNN(None, 3)": ("RNN(4, 3)", (5, 2, 4)),
    "RNN(4, 3, 2, nonlinearity='relu', bidirectional=True)": (
        "RNN(4, 3, 2, nonlinearity='relu', bidirectional=True)",
        (5, 2, 4),
    ),
    "LSTM(4, 3, num_layers=2, batch_first=True, bidirectional=True)": (
        "LSTM(4, 3, 2, batch_first=True, bidirectional=True)",
        (2, 5, 4),
    ),
    "LSTM(None, 6, proj_size=2, num_layers=2)": ("LSTM(4, 6, 2, proj_size=2)", (5, 2, 4)),
    "LSTM(4, 3, bias=False)": ("LSTM(4, 3, bias=False)", (5, 2, 4)),
    "GRU(None, 3, batch_first=True)": ("GRU(4, 3, batch_first=True)", (2, 5, 4)),
    "GRU(4, 3, num_layers=2, bidirectional=True)": ("GRU(4, 3, 2, bidirectional=True)", (5, 2, 4)),
    "MultiheadAttention(num_heads=2)": ("MultiheadAttention(4, 2)", (5, 2, 4)),
    "MultiheadAttention(4, 2, batch_first=True)": (
        "MultiheadAttention(4, 2, batch_first=True)",
        (2, 5, 4),
    ),
    "PReLU()": ("PReLU()", (2, 4)),
    "PReLU(3)": ("PReLU(3)", (2, 3, 4)),
    "ReLU()": ("ReLU()", (2, 4)),
    "LeakyReLU(0.2)": ("LeakyReLU(0.2)", (2, 4)),
    "ELU(0.5)": ("ELU(0.5)", (2, 4)),
    "SELU()": ("SELU()", (2, 4)),
    "GELU()": ("GELU()", (2, 4)),
    "GELU('tanh')": ("GELU('tanh')", (2, 4)),
    "SiLU()": ("SiLU()", (2, 4)),
    "Sigmoid()": ("Sigmoid()", (2, 4)),
    "Tanh()": ("Tanh()", (2, 4)),
    "Softplus()": ("Softplus()", (2, 4)),
    "Softmax(1)": ("Softmax(1)", (2, 4, 3)),
    "LogSoftmax()": ("LogSoftmax(-1)", (2, 4)),
    "Flatten()": ("Flatten()", (2, 3, 4)),
    "Identity()": ("Identity()", (2, 4)),
    "Dropout(0.5)": ("Dropout(0.5)", (2, 4)),
    "MaxPool1d(2)": ("MaxPool1d(2)", (2, 3, 7)),
    "MaxPool2d(3, stride=2, padding=1)": ("MaxPool2d(3, stride=2, padding=1)", (1, 2, 8, 7)),
    "AvgPool1d(3, 1)": ("AvgPool1d(3, 1)", (2, 3, 7)),
    "AvgPool2d(2)": ("AvgPool2d(2)", (1, 2, 6, 6)),
    "AdaptiveAvgPool1d(3)": ("AdaptiveAvgPool1d(3)", (1, 2, 7)),
    "AdaptiveAvgPool2d((2, 3))": ("AdaptiveAvgPool2d((2, 3))", (1, 2, 7, 8)),
}


def counterpart(ours, theirs, shape, folder):
    """Our spec and module with torch's values, and torch's module."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    module = eval(f"nn.{theirs}", {"nn": nn}).eval()
    spec, net = built(write(folder, f"paramctl: 1\nmodel: {ours}"), x=shape)
    with torch.no_grad():
        for tensor in module.state_dict().values():
            if tensor.is_floating_point():
                tensor.copy_(torch.rand_like(tensor) + 0.1)
    for name, tensor in module.state_dict().items():
        net[name].value = tensor.numpy().copy()
    return spec, net, module


@pytest.mark.filterwarnings("ignore:LSTM with projections:UserWarning")
@pytest.mark.parametrize("ours", PAIRS)
def test_a_layer_is_torchs_in_names_shapes_and_numbers(ours, tmp_path):
    import torch

    theirs, shape = PAIRS[ours]
    spec, net, module = counterpart(ours, theirs, shape, tmp_path)
    assert {n: p.shape for n, p in net.named_parameters()} == {
        name: tuple(tensor.shape) for name, tensor in module.state_dict().items()
    }
    x = np.sin(np.arange(math.prod(shape), dtype=np.float64)).reshape(shape).astype(np.float32)
    given = torch.tensor(x)
    with torch.no_grad():
        expected = module(given, given, given) if "Multihead" in ours else module(given)
    mine = run(spec, net, x=x)
    for one, other in zip(_flat(mine), _flat(expected), strict=False):
        np.testing.assert_allclose(one.array, other.numpy(), atol=2e-6, rtol=2e-5)


def _flat(value):
    if isinstance(value, tuple | list):
        return [part for each in value for part in _flat(each)]
    return [value]


@pytest.mark.parametrize("ours", [name for name in PAIRS if "Norm" not in name])
def test_default_schemes_have_torchs_bounds(ours, tmp_path):
    """Ten draws of torch stay within our bound and come near it, or are constant as ours."""
    import torch
    from torch import nn

    theirs, shape = PAIRS[ours]
    _, net = built(write(tmp_path, f"paramctl: 1\nmodel: {ours}"), x=shape)
    torch.manual_seed(0)
    draws = [eval(f"nn.{theirs}", {"nn": nn}).state_dict() for _ in range(10)]
    for name, parameter in net.named_parameters():
        values = torch.cat([draw[name].flatten() for draw in draws]).numpy()
        moments = parse_scheme(parameter.init).moments(parameter.shape, parameter.axes)
        assert values.max() <= moments.high + 1e-6
        assert values.min() >= moments.low - 1e-6
        assert abs(values).max() >= 0.8 * max(abs(moments.low), abs(moments.high))


def test_an_embedding_draws_from_the_standard_normal(tmp_path):
    spec, net = built(write(tmp_path, "paramctl: 1\nmodel: Embedding(7, 3, padding_idx=0)"))
    assert (net["weight"].shape, net["weight"].init) == ((7, 3), "normal(std=1.0)")
    assert net.arguments["padding_idx"] == 0
    net["weight"].value = np.arange(21, dtype="f4").reshape(7, 3)
    assert run(spec, net, x=[[6, 0]]).array.tolist() == [[[18, 19, 20], [0, 1, 2]]]


def test_the_padding_row_of_an_embedding_learns_nothing(tmp_path):
    spec, net = built(write(tmp_path, "paramctl: 1\nmodel: Embedding(4, 2, padding_idx=-1)"))
    net["weight"].value = np.ones((4, 2), "f4")
    y = run(spec, net, mode="tape", x=[[1, 3, 1, 3]])
    y.execution.backward(y)
    assert net["weight"].grad.tolist() == [[0, 0], [2, 2], [0, 0], [0, 0]]


def test_gpt2s_linear_has_its_weight_in_out(tmp_path):
    spec, net = built(write(tmp_path, "paramctl: 1\nmodel: Conv1D(6)"), x=(2, 4))
    assert (net["weight"].shape, net["weight"].axes) == ((4, 6), ("in", "out"))
    net["weight"].value, net["bias"].value = np.ones((4, 6), "f4"), np.ones(6, "f4")
    assert run(spec, net, x=np.ones((1, 4), "f4")).array.tolist() == [[5.0] * 6]


def test_bilinear_is_torchs(tmp_path):
    import torch

    text = (
        "paramctl: 1\ninputs: {a: [2, 3], b: [2, 4]}\nmodel:\n  inputs: [a, b]\n"
        "  modules: {bilinear: 'Bilinear(None, None, 5)'}\n  forward: return bilinear(a, b)\n"
    )
    spec, net = built(write(tmp_path, text), a=(2, 3), b=(2, 4))
    module = torch.nn.Bilinear(3, 4, 5)
    for name, tensor in module.state_dict().items():
        net[f"bilinear.{name}"].value = tensor.numpy()
    a, b = np.ones((2, 3), "f4"), np.arange(8, dtype="f4").reshape(2, 4)
    with torch.no_grad():
        expected = module(torch.tensor(a), torch.tensor(b)).numpy()
    np.testing.assert_allclose(run(spec, net, a=a, b=b).array, expected, rtol=1e-5)


def test_recurrent_layers_take_a_first_state(tmp_path):
    import torch

    text = (
        "paramctl: 1\ninputs: {x: [5, 2, 4], h: [1, 2, 3], c: [1, 2, 3]}\n"
        "model:\n  inputs: [x, h, c]\n  modules: {lstm: 'LSTM(4, 3)'}\n"
        "  forward: return lstm(x, (h, c))[0]\n"
    )
    spec, net = built(write(tmp_path, text), x=(5, 2, 4), h=(1, 2, 3), c=(1, 2, 3))
    torch.manual_seed(1)
    module = torch.nn.LSTM(4, 3)
    for name, tensor in module.state_dict().items():
        net[f"lstm.{name}"].value = tensor.numpy()
    x, h, c = (torch.rand(*shape) for shape in ((5, 2, 4), (1, 2, 3), (1, 2, 3)))
    with torch.no_grad():
        expected = module(x, (h, c))[0].numpy()
    mine = run(spec, net, x=x.numpy(), h=h.numpy(), c=c.numpy())
    np.testing.assert_allclose(mine.array, expected, atol=1e-6)


def test_every_layer_says_what_it_does_and_how_it_is_called():
    for layer in describe_layers():
        assert layer.about, layer.name
        assert layer.usage.startswith(f"{layer.name}(")


def test_required_arguments_are_shown_without_a_default():
    assert (
        usage(builtin_layers()["Linear"])
        == "Linear(in_features=None, out_features, bias=True, fused=1, turns=1)"
    )
