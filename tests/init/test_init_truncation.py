"""Where each dialect truncates a normal, and whether its variance is put right."""

import math

import numpy as np
import pytest

from paramctl.errors import UsageError
from paramctl.init.base import INITIALIZERS
from paramctl.init.draw import draw
from paramctl.init.truncated import TWO_SIGMA_STD, TruncNormal

SHAPE, AXES = (1000, 1000), ("out", "in")


def drawn(name: str, **options) -> np.ndarray:
    return draw(INITIALIZERS[name](**options), 3, name, SHAPE, "F32", AXES)


@pytest.mark.parametrize(
    ("name", "options", "std", "most"),
    [
        ("torch.trunc_normal", {"std": 0.02}, 0.02, 2.0),
        ("timm.trunc_normal", {"std": 0.02}, 0.02, 2.0),
        ("timm.trunc_normal_tf", {"std": 0.02}, 0.0175925, 0.04),
        ("keras.truncated_normal", {"std": 0.02}, 0.0175925, 0.04),
        ("jax.truncated_normal", {"std": 0.02}, 0.0175925, 0.04),
        ("keras.lecun_normal", {}, math.sqrt(1e-3), 2 * math.sqrt(1e-3) / TWO_SIGMA_STD),
        ("jax.lecun_normal", {}, math.sqrt(1e-3), 2 * math.sqrt(1e-3) / TWO_SIGMA_STD),
        ("timm.lecun_normal", {}, math.sqrt(1e-3), 2 * math.sqrt(1e-3) / TWO_SIGMA_STD),
        ("keras.he_normal", {}, math.sqrt(2e-3), 2 * math.sqrt(2e-3) / TWO_SIGMA_STD),
    ],
)
def test_standard_deviation_and_bound_of_a_dialect(name, options, std, most):
    """A million samples: the std within half a percent, the bound kept."""
    values = drawn(name, **options)
    assert values.std(dtype="f8") == pytest.approx(std, rel=5e-3)
    assert np.abs(values).max() <= most


def test_a_small_std_in_torch_is_not_truncated_at_two_sigma():
    assert np.abs(drawn("torch.trunc_normal", std=0.02)).max() > 0.08


@pytest.mark.parametrize("name", ["xavier_normal", "kaiming_normal", "lecun_normal"])
def test_the_normals_of_torch_are_not_truncated(name):
    values = drawn(name)
    assert np.abs(values).max() > 3.5 * values.std()


@pytest.mark.parametrize("dialect", ["keras", "jax"])
@pytest.mark.parametrize("name", ["glorot_normal", "he_normal", "lecun_normal"])
def test_the_normals_of_keras_and_jax_end_at_2274_thousandths_sigma(dialect, name):
    initializer = INITIALIZERS[f"{dialect}.{name}"]()
    std = initializer.moments(SHAPE, AXES).std
    values = drawn(f"{dialect}.{name}")
    assert 2.25 * std < np.abs(values).max() <= 2 / TWO_SIGMA_STD * std


def test_the_gaussian_of_mxnet_is_wider_by_the_root_of_three():
    wide = INITIALIZERS["mxnet.xavier"](rnd_type="gaussian").moments((1000, 500), AXES).std
    right = INITIALIZERS["xavier_normal"]().moments((1000, 500), AXES).std
    assert wide == pytest.approx(math.sqrt(3) * right)
    assert (wide, right) == (pytest.approx(0.0632, abs=5e-5), pytest.approx(0.0365, abs=5e-5))


@pytest.mark.parametrize(
    ("low", "high"), [(3.0, 4.0), (-0.1, 0.1), (-9.0, -2.0), (8.0, math.inf), (2.0, math.inf)]
)
def test_a_thin_slice_of_the_normal_has_its_own_moments(low, high):
    """Uniform proposals; the closed form is the oracle where it does not cancel."""
    scheme = TruncNormal(mean=0.5, std=0.7, low=low, high=high)
    values = draw(scheme, 5, "w", (20_000,), "F64")
    moments = scheme.moments((20_000,), ())
    assert low <= values.min()
    assert values.max() <= high
    if moments.std is not None:
        assert values.mean() == pytest.approx(moments.mean, abs=5 * moments.std / math.sqrt(2e4))
        assert values.std() == pytest.approx(moments.std, rel=5 * math.sqrt(2 / 2e4))


def test_an_interval_of_one_point_is_that_point():
    assert set(draw(TruncNormal(low=1, high=1), 0, "w", (5,)).tolist()) == {1.0}


def test_bounds_in_the_wrong_order_are_an_error():
    with pytest.raises(UsageError) as error:
        TruncNormal(low=2.0, high=1.0)
    assert str(error.value) == "a truncated normal needs low <= high: 2.0, 1.0"
