"""Orthogonal draws: orthonormal over the right axes, and leaning to no side."""

import numpy as np
import pytest

from paramctl.errors import UsageError
from paramctl.init.base import INITIALIZERS
from paramctl.init.draw import draw
from paramctl.init.orthogonal import Orthogonal

OUT_IN = ("out", "in", "spatial", "spatial")


def tolerance(size: int) -> float:
    """What the docstring promises for a longer side of ``size``."""
    return 8 * size * 2.0**-52


def off_identity(matrix: np.ndarray, gain: float) -> float:
    """How far the shorter side is from orthogonal vectors of length ``gain``."""
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    return float(np.abs(wide @ wide.T / gain**2 - np.eye(len(wide))).max())


@pytest.mark.parametrize("gain", [1.0, 1.7])
@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 4), (200, 64), (1, 7)])
def test_rows_or_columns_are_orthonormal(shape, gain):
    values = draw(Orthogonal(gain), 0, "w", shape, "F64")
    assert off_identity(values, gain) < tolerance(max(shape))


def test_a_convolution_is_flattened_to_first_axis_against_the_rest():
    values = draw(Orthogonal(), 0, "w", (4, 2, 3, 3), "F64", OUT_IN)
    assert off_identity(values.reshape(4, 18), 1) < tolerance(18)


@pytest.mark.parametrize("name", ["keras.orthogonal", "jax.orthogonal"])
def test_keras_and_jax_flatten_to_the_rest_against_the_output_axis(name):
    initializer = INITIALIZERS[name]()
    last = draw(initializer, 0, "w", (3, 3, 2, 4), "F64")
    assert off_identity(last.reshape(18, 4), 1) < tolerance(18)
    ours = draw(initializer, 0, "w", (4, 2, 3, 3), "F64", OUT_IN)
    assert off_identity(ours.reshape(4, 18), 1) < tolerance(18)


def test_the_default_of_mxnet_is_scaled_by_about_the_root_of_two():
    values = draw(INITIALIZERS["mxnet.orthogonal"](), 0, "w", (8, 3, 2), "F64")
    assert off_identity(values.reshape(8, 6), 1.414) < tolerance(8)


def test_experts_are_matrices_of_their_own():
    values = draw(Orthogonal(), 0, "w", (3, 6, 4), "F64", ("expert", "out", "in"))
    assert all(off_identity(expert, 1) < tolerance(6) for expert in values)
    assert not np.allclose(values[0], values[1])


def test_no_corner_is_favoured():
    """E[Q00] = 0; without the sign correction it is about -0.5 for n = 3. std is 1/√3."""
    corners = [draw(Orthogonal(), seed, "w", (3, 3), "F64")[0, 0] for seed in range(4000)]
    assert abs(np.mean(corners)) < 5 / np.sqrt(3 * 4000)


def test_a_delta_orthogonal_convolution_is_orthogonal_at_its_centre_only():
    values = draw(INITIALIZERS["delta_orthogonal"](), 0, "w", (8, 5, 4, 3), "F64", OUT_IN)
    assert off_identity(values[:, :, 1, 1], 1) < tolerance(8)
    values[:, :, 1, 1] = 0
    assert not values.any()


@pytest.mark.parametrize(
    ("name", "shape", "text"),
    [
        ("orthogonal", (5,), "w: it needs two axes or more to be orthogonal in"),
        ("mxnet.orthogonal", (5,), "w: it needs two axes or more to be orthogonal in"),
        (
            "delta_orthogonal",
            (5, 4),
            "w: a delta-orthogonal kernel has three to five axes",
        ),
        ("delta_orthogonal", (3, 5, 4), "w: more inputs (5) than outputs (4)"),
    ],
)
def test_shapes_that_have_no_such_matrix_are_an_error(name, shape, text):
    with pytest.raises(UsageError) as error:
        draw(INITIALIZERS[name](), 0, "w", shape)
    assert str(error.value) == text


def test_half_precision_is_the_rounded_double():
    full = draw(Orthogonal(), 0, "w", (6, 6), "F64")
    single = draw(Orthogonal(), 0, "w", (6, 6), "F16")
    assert np.array_equal(single, full.astype(np.float16))


@pytest.mark.parametrize("name", ["orthogonal", "keras.orthogonal"])
@pytest.mark.parametrize(
    ("shape", "axes"), [((12, 30), ("in", "out/3")), ((30, 12), ("out/3", "in"))]
)
def test_fused_layers_are_orthogonal_one_by_one(name, shape, axes):
    scheme = INITIALIZERS[name]()
    whole = draw(scheme, 0, "w", shape, "F64", axes)
    for part in np.split(whole, 3, axis=axes.index("out/3")):
        short = part if part.shape[0] < part.shape[1] else part.T
        assert np.abs(short @ short.T - np.eye(len(short))).max() < 1e-13
    assert scheme.moments(shape, axes).std == pytest.approx(1 / np.sqrt(12))
