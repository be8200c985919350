"""One row per initializer: options, a shape and its axis roles, for the tests that go over all."""

from paramctl.init.base import INITIALIZERS, Axes, Initializer, Shape

LINEAR = (("out", "in"), (48, 64))
CONV = (("out", "in", "spatial", "spatial"), (12, 8, 3, 3))

OPTIONS = {
    "constant": {"value": 0.5},
    "sparse": {"sparsity": 0.25},
    "keras.stft": {"side": "imag"},
    "dirac": {"groups": 2},
    "keras.identity": {"gain": 2.0},
    "trunc_normal": {"std": 1.5},
    "kaiming_uniform": {"mode": "fan_out", "nonlinearity": "relu"},
    "xavier_normal": {"gain": 2.0},
    "mxnet.fused_rnn": {
        "init": "xavier",
        "num_hidden": 6,
        "num_layers": 2,
        "mode": "lstm",
        "bidirectional": True,
    },
}
SHAPES: dict[str, tuple[Axes, Shape]] = {
    "dirac": (("out", "in", "spatial"), (6, 3, 4)),
    "bilinear": (("in", "out", "spatial", "spatial"), (3, 3, 4, 4)),
    "mxnet.bilinear": (("in", "out", "spatial", "spatial"), (3, 3, 4, 4)),
    "delta_orthogonal": (("out", "in", "spatial", "spatial"), (8, 5, 3, 3)),
    "lstm_bias": (("out",), (24,)),
    "keras.stft": (("spatial", "in", "out"), (12, 1, 9)),
    "mxnet.fused_rnn": (("out",), (1776,)),
    "keras.he_normal": CONV,
    "lecun_uniform": CONV,
}


def example(name: str) -> tuple[Initializer, Shape, Axes]:
    """An initializer with options, and a tensor that it can fill."""
    axes, shape = SHAPES.get(name, LINEAR)
    return INITIALIZERS[name].make(name, [], OPTIONS.get(name, {})), shape, axes


EXAMPLES = {name: example(name) for name in INITIALIZERS.names()}
"""Every initializer: an instance, a shape, its axes."""
