"""Schemes without randomness, and the exact part of sparse ones, by hand."""

import numpy as np
import pytest

from paramctl.errors import UsageError
from paramctl.init.base import INITIALIZERS
from paramctl.init.draw import draw
from paramctl.init.gain import calculate_gain
from paramctl.init.scheme import parse_scheme
from paramctl.init.stream import Stream


def made(name: str, shape: tuple[int, ...], **options) -> np.ndarray:
    return draw(INITIALIZERS[name](**options), 0, "w", shape)


def test_constants():
    assert made("constant", (2, 2), value=-0.25).tolist() == [[-0.25, -0.25]] * 2
    assert made("ones", (3,)).tolist() == [1, 1, 1]
    assert not np.signbit(made("zeros", (3,))).any()


@pytest.mark.parametrize("shape", [(2, 3), (3, 2), (3, 3), (0, 3), (300, 280)])
def test_eye_is_a_rectangular_identity(shape):
    assert np.array_equal(made("eye", shape), np.eye(*shape))
    assert np.array_equal(made("keras.identity", shape, gain=0.5), np.eye(*shape) / 2)


def test_dirac_repeats_the_identity_per_group():
    values = made("dirac", (4, 2, 3), groups=2)
    assert np.argwhere(values).tolist() == [[0, 0, 1], [1, 1, 1], [2, 0, 1], [3, 1, 1]]


def test_dirac_puts_the_centre_of_an_even_kernel_at_its_upper_half():
    assert np.argwhere(made("dirac", (1, 1, 4, 4))).tolist() == [[0, 0, 2, 2]]


def test_a_bilinear_kernel_is_symmetric_and_keeps_channels_apart():
    values = made("bilinear", (2, 2, 4, 4))
    assert values[0, 0, 0].tolist() == [0.0625, 0.1875, 0.1875, 0.0625]
    assert not values[0, 1].any()
    odd = made("bilinear", (1, 1, 3, 3))[0, 0]
    assert odd.tolist() == [[0.25, 0.5, 0.25], [0.5, 1.0, 0.5], [0.25, 0.5, 0.25]]


def test_mxnets_bilinear_fills_every_pair_and_is_lopsided_for_odd_kernels():
    values = made("mxnet.bilinear", (2, 2, 4, 4))
    assert values[0, 1, 0].tolist() == [0.0625, 0.1875, 0.1875, 0.0625]
    side = np.array([0.25, 0.75, 0.75])
    assert made("mxnet.bilinear", (1, 1, 3, 3))[0, 0].tolist() == np.outer(side, side).tolist()
    assert made("mxnet.bilinear", (1, 1, 2, 2))[0, 0].tolist() == [[1, 0], [0, 0]]


def test_an_lstm_bias_opens_the_second_gate():
    assert made("lstm_bias", (8,)).tolist() == [0, 0, 1, 1, 0, 0, 0, 0]


@pytest.mark.parametrize(("rows", "zeros"), [(10, 3), (8, 2), (1, 1)])
def test_each_column_of_a_sparse_matrix_has_as_many_zeros(rows, zeros):
    values = made("sparse", (rows, 40), sparsity=0.25)
    assert (values == 0).sum(axis=0).tolist() == [zeros] * 40


def test_sparse_zeros_fall_on_every_row():
    values = made("sparse", (10, 2000), sparsity=0.25)
    share = (values == 0).mean(axis=1)
    assert np.abs(share - 0.3).max() < 5 * np.sqrt(0.3 * 0.7 / 2000)


@pytest.mark.parametrize(
    ("nonlinearity", "gain"),
    [
        ("linear", 1), ("conv2d", 1), ("conv_transpose3d", 1), ("sigmoid", 1),
        ("tanh", 5 / 3), ("relu", 2**0.5), ("leaky_relu", 1.4141428), ("selu", 0.75),
    ],
)  # fmt: skip
def test_gains(nonlinearity, gain):
    assert calculate_gain(nonlinearity) == pytest.approx(gain)


@pytest.mark.parametrize("nonlinearity", ["gelu", "silu", "swish"])
def test_some_nonlinearities_have_no_gain(nonlinearity):
    with pytest.raises(UsageError) as error:
        calculate_gain(nonlinearity)
    assert str(error.value) == f"no gain is known for the nonlinearity '{nonlinearity}'"
    assert error.value.hint == "known are linear, sigmoid, tanh, relu, leaky_relu, selu"


@pytest.mark.parametrize(
    ("name", "options", "shape", "text"),
    [
        ("eye", {}, (3,), "w: it needs exactly two axes, and the tensor has 1"),
        ("sparse", {"sparsity": 0.1}, (3,), "w: it needs exactly two axes, and the tensor has 1"),
        ("dirac", {}, (3, 3), "w: it needs three to five axes, and the tensor has 2"),
        ("dirac", {"groups": 2}, (3, 3, 3), "w: 3 output channels don't split into 2 groups"),
        ("bilinear", {}, (3, 3), "w: a bilinear kernel has 4 axes, not 2"),
        ("lstm_bias", {}, (6,), "w: an LSTM bias has one axis of 4·H elements, not [6]"),
    ],
)
def test_shapes_that_a_scheme_does_not_fit_are_an_error(name, options, shape, text):
    with pytest.raises(UsageError) as error:
        made(name, shape, **options)
    assert str(error.value) == text


@pytest.mark.parametrize(
    ("name", "options", "text"),
    [
        ("uniform", {"low": 1.0, "high": 0.0}, "uniform needs finite low <= high, not 1.0 and 0.0"),
        ("normal", {"std": -1.0}, "std is 0 or more, not -1.0"),
        ("normal", {"mean": float("nan")}, "mean is a finite number, not nan"),
        ("sparse", {"sparsity": 1.5}, "sparsity is a share from 0 to 1, not 1.5"),
        ("dirac", {"groups": 0}, "groups is 1 or more, not 0"),
        ("keras.variance_scaling", {"scale": 0.0}, "scale is above 0, not 0.0"),
        ("xavier_uniform", {"gain": -1.0}, "gain is 0 or more, not -1.0"),
        ("mxnet.xavier", {"magnitude": -1.0}, "magnitude is 0 or more, not -1.0"),
        ("mxnet.uniform", {"scale": -1.0}, "scale is 0 or more, not -1.0"),
        ("jax.uniform", {"scale": -1.0}, "scale is 0 or more, not -1.0"),
    ],
)
def test_options_out_of_range_are_an_error(name, options, text):
    with pytest.raises(UsageError) as error:
        INITIALIZERS[name](**options)
    assert str(error.value) == text


def test_a_log_ramp_is_the_same_in_every_row():
    wanted = np.tile(np.log([1, 2, 3, 4]), (3, 1))
    np.testing.assert_allclose(made("log_ramp", (3, 4)), wanted, rtol=1e-7)


@pytest.mark.parametrize("paired", [False, True])
def test_sinusoids_are_the_sines_and_cosines_of_the_formula(paired):
    text = f"sinusoids(longest=100, paired={str(paired).lower()})"
    found = draw(parse_scheme(text), 0, "w", (40, 6), "F64")
    speeds = 100.0 ** -(np.arange(3) / (3 if paired else 2))
    angles = np.arange(40)[:, None] * speeds
    parts = np.sin(angles), np.cos(angles)
    wanted = np.stack(parts, -1).reshape(40, 6) if paired else np.concatenate(parts, 1)
    assert np.abs(found - wanted).max() < 1e-13


def test_steps_are_those_whose_softplus_is_log_uniform():
    shares = Stream(3, "w").uniform(0, 50).astype("f8")
    wanted = np.maximum(np.exp(np.log(0.001) + np.log(100) * shares), 0.004)
    found = draw(parse_scheme("softplus_steps(floor=0.004)"), 3, "w", (50,), "F32")
    assert np.log1p(np.exp(found.astype("f8"))) == pytest.approx(wanted, rel=1e-4)
    assert found.min() == found[wanted == 0.004].max()


def test_the_default_constant_of_keras_is_zero():
    assert made("keras.constant", (2,)).tolist() == [0, 0]


@pytest.mark.parametrize("side", ["real", "imag"])
@pytest.mark.parametrize("scaling", ["density", "spectrum", "none"])
@pytest.mark.parametrize(("window", "offset"), [("hann", 0.5), ("hamming", 0.54), ("none", 1.0)])
@pytest.mark.parametrize("periodic", [False, True])
def test_kernels_of_a_fourier_transform_are_those_of_the_formula(
    side, scaling, window, offset, periodic
):
    frame, bins = 10, 7
    scheme = INITIALIZERS["keras.stft"](side, window, scaling, periodic)
    found = draw(scheme, 0, "w", (frame, 1, bins), "F64")[:, 0]
    time = np.arange(frame)
    angles = -2 * np.pi * np.outer(time, np.arange(bins)) / (2 * (bins - 1))
    v = offset - (1 - offset) * np.cos(2 * np.pi * time / (frame - 1 + periodic))
    norm = {"density": np.sqrt((v**2).sum()), "spectrum": abs(v).sum(), "none": 1}[scaling]
    wanted = (np.cos if side == "real" else np.sin)(angles)
    wanted = wanted if window == "none" else wanted * v[:, None] / norm
    assert np.abs(found - wanted).max() < 1e-14


def test_a_fourier_transform_of_another_shape_is_an_error():
    with pytest.raises(UsageError) as error:
        made("keras.stft", (10, 2, 7), side="real")
    assert str(error.value) == "w: it needs axes (frame, 1, 2 or more), not [10, 2, 7]"


def test_sinusoids_are_sines_and_cosines_of_many_wavelengths():
    """To the rounding of float32; Whisper's table has 1,500 rows."""
    found = np.asarray(made("sinusoids", (1500, 12)))
    angles = np.arange(1500)[:, None] * 10000.0 ** (-np.arange(6) / 5)
    wanted = np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
    assert np.abs(found - wanted).max() < 1e-7


def test_softplus_makes_steps_of_the_biases():
    """Between the bounds, evenly over the logarithm."""
    steps = np.log1p(np.exp(np.asarray(made("softplus_steps", (4096,)), np.float64)))
    assert (0.000999 < steps.min(), steps.max() < 0.1001) == (True, True)
    middle = np.log(steps).mean()
    assert abs(middle - np.log(0.01)) < 5 * np.log(100) / np.sqrt(12 * 4096)
