"""Numbers that torch gave once, for weights and inputs that a formula fills."""

import numpy as np

from paramctl.engine.execution import Execution


def wave(shape, step, start=0.0):
    return np.sin(step * np.arange(np.prod(shape)) + start).reshape(shape)


def filled(shapes):
    """The k-th tensor in the order of the names holds ``0.1 sin(0.37 i + 0.11 k)``."""
    return {
        name: 0.1 * wave(shapes[name], 0.37, 0.11 * place)
        for place, name in enumerate(sorted(shapes))
    }


def recurrent_shapes(gates, width, hidden, layers, sides):
    shapes = {}
    for layer in range(layers):
        taken = width if layer == 0 else hidden * len(sides)
        for side in sides:
            shapes[f"weight_ih_l{layer}{side}"] = (gates * hidden, taken)
            shapes[f"weight_hh_l{layer}{side}"] = (gates * hidden, hidden)
            shapes[f"bias_ih_l{layer}{side}"] = (gates * hidden,)
            shapes[f"bias_hh_l{layer}{side}"] = (gates * hidden,)
    return shapes


def run_recurrent(kind, values, layers, sides):
    execution = Execution(dtype="float64")
    x = execution.constant(wave((2, 5, 4), 0.3))
    for layer in range(layers):
        outputs = []
        for side in sides:
            names = (f"weight_ih_l{layer}", f"weight_hh_l{layer}", f"bias_ih_l{layer}",
                     f"bias_hh_l{layer}")  # fmt: skip
            weights = [execution.constant(values[name + side]) for name in names]
            outputs.append(execution.function(kind, x, *weights, reverse=bool(side))[0])
        x = execution.function("concat", outputs, axis=-1)
    return x.array


def test_two_bidirectional_lstm_layers():
    sides = ("", "_reverse")
    y = run_recurrent("lstm", filled(recurrent_shapes(4, 4, 3, 2, sides)), 2, sides)
    expected = [0.053178, 0.006376, -0.023152, 0.020643, -0.003594, -0.015950]
    np.testing.assert_allclose(y[0, -1], expected, atol=1e-6)
    np.testing.assert_allclose(y.sum(), 0.302622, atol=1e-6)


def test_a_gru():
    y = run_recurrent("gru", filled(recurrent_shapes(3, 4, 3, 1, ("",))), 1, ("",))
    np.testing.assert_allclose(y[0, -1], [0.151864, 0.230607, -0.009395], atol=1e-6)
    np.testing.assert_allclose(y.sum(), 1.086366, atol=1e-6)


def test_a_transposed_convolution():
    values = filled({"weight": (3, 2, 4, 4), "bias": (2,)})
    execution = Execution(dtype="float64")
    x, w, b = map(execution.constant, (wave((1, 3, 4, 4), 0.1), values["weight"], values["bias"]))
    y = execution.apply("conv_transpose", x, w, b, stride=2, padding=1).array
    assert y.shape == (1, 2, 8, 8)
    np.testing.assert_allclose(y.ravel()[:3], [0.091494, 0.178625, 0.181578], atol=1e-6)
    np.testing.assert_allclose(y.sum(), 5.009063, atol=1e-6)


def test_a_convolution_in_two_groups():
    values = filled({"weight": (6, 2, 3, 3), "bias": (6,)})
    execution = Execution(dtype="float64")
    x, w, b = map(execution.constant, (wave((1, 4, 5, 5), 0.1), values["weight"], values["bias"]))
    y = execution.apply("conv", x, w, b, padding=1, groups=2).array
    np.testing.assert_allclose(y.ravel()[:3], [-0.071034, -0.063386, 0.006643], atol=1e-6)
    np.testing.assert_allclose(y.sum(), 29.978118, atol=1e-6)


def test_a_tensor_reduction():
    """``y_k = Σ W_ijk x_i x_j``."""
    execution = Execution(dtype="float64")
    x = execution.constant([1.0, 2.0])
    i, j, k = np.indices((2, 2, 3))
    for w, expected in [(np.ones((2, 2, 3)), [9, 9, 9]), (i + 2 * j + 4.0 * k, [18, 54, 90])]:
        y = execution.function("einsum", "ijk,i,j->k", execution.constant(w), x, x)
        np.testing.assert_array_equal(y.array, expected)


def test_the_leading_half_of_fourier_coefficients():
    execution = Execution()
    x = execution.constant([1.0, 2.0, 3.0, 4.0])
    y = execution.function("fft", x)[:2]
    assert y.dtype == "complex64"
    np.testing.assert_array_equal(y.array, [10, -2 + 2j])
    np.testing.assert_array_equal(execution.function("rfft", x).array, [10, -2 + 2j, -2])
