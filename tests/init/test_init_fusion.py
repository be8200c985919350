"""Layers that share a tensor: equal, unequal, in turns; each with its own fans and matrix."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paramctl.errors import UsageError
from paramctl.init.axes import Fans, fans, fans_of_layers, parse_axes
from paramctl.init.base import INITIALIZERS
from paramctl.init.draw import draw
from paramctl.init.fusion import fused_role, layer_numbers, layers, places
from paramctl.init.scheme import parse_scheme
from paramctl.init.stream import Stream

GROUPED = ("out/4+1+1", "in")


@pytest.mark.parametrize(
    ("shares", "turns", "role"),
    [
        ((3072, 1024, 1024), 1, "out/3+1+1"),
        ((64, 64, 64), 1, "out/3"),
        ((1, 1, 1), 12, "out/3x12"),
        ((16, 1, 1), 8, "out/16+1+1x8"),
    ],
)
def test_sizes_and_turns_are_told_by_a_role(shares, turns, role):
    assert fused_role("out", shares, turns) == role
    assert parse_axes(f"{role} in") == (role, "in")


@pytest.mark.parametrize("role", ["out/0", "out/3x0", "out/3+", "out/x3", "spatial/2", "out/2x"])
def test_what_is_no_such_role_is_refused(role):
    with pytest.raises(UsageError, match=r"no axis role named"):
        parse_axes(role)


def test_each_layer_has_the_fans_of_its_own():
    assert fans_of_layers((48, 8), GROUPED) == [Fans(8, 32), Fans(8, 8), Fans(8, 8)]
    assert fans((48, 8), ("out/3x4", "in")) == Fans(8, 16)
    with pytest.raises(UsageError) as error:
        fans((48, 8), GROUPED)
    assert str(error.value) == "its layers have different fans (in, out): (8, 32), (8, 8)"


@pytest.mark.parametrize(
    ("axes", "text"),
    [
        (GROUPED, "50 does not split into 6 for the role out/4+1+1"),
        (("out/2x4", "in"), "50 does not split into 8 for the role out/2x4"),
        (("out/5000", "in/8"), "more than 10000 layers in one tensor: out/5000 in/8"),
    ],
)
def test_an_axis_that_does_not_split_is_an_error(axes, text):
    with pytest.raises(UsageError) as error:
        fans((50, 8), axes)
    assert str(error.value) == text


@settings(max_examples=40, deadline=None)
@given(
    shares=st.lists(st.integers(1, 4), min_size=2, max_size=3),
    turns=st.integers(1, 3),
    unit=st.integers(1, 2),
    place=st.integers(0, 1),
    data=st.data(),
)
def test_places_and_numbers_agree_and_cover_the_tensor_once(shares, turns, unit, place, data):
    size = sum(shares) * turns * unit
    shape, axes = ((size, 3), ["out", "in"]) if place == 0 else ((3, size), ["in", "out"])
    axes[place] = fused_role("out", shares, turns)
    if np.gcd.reduce(shares) > 1:
        return
    whole = np.full(shape, -1)
    for number, (layer, index) in enumerate(
        zip(layers(shape, axes), places(shape, axes), strict=True)
    ):
        assert whole[index].shape == layer.shape
        assert (whole[index] == -1).all()
        whole[index] = number
    start = data.draw(st.integers(0, whole.size))
    stop = data.draw(st.integers(start, whole.size))
    assert np.array_equal(layer_numbers(shape, axes, start, stop), whole.ravel()[start:stop])


def test_heads_side_by_side_take_turns():
    """GPT-NeoX lays out (heads, 3, width): row 2·3·4 is the third head's first query."""
    index = list(places((36, 2), ("out/3x3", "in")))
    assert index[0][0].ravel().tolist() == [0, 1, 2, 3, 12, 13, 14, 15, 24, 25, 26, 27]
    assert index[1][0].ravel()[0] == 4


@pytest.mark.parametrize("scheme", ["xavier", "keras.glorot_normal", "expr: normal(std=1/fan_out)"])
@pytest.mark.parametrize("axes", [GROUPED, ("in", "out/4+1+1")])
def test_an_element_is_that_of_a_tensor_of_its_own_fans(scheme, axes):
    """What a layer of 32 or of 8 outputs draws at the same place of the same stream."""
    shape = (48, 8) if axes == GROUPED else (8, 48)
    scheme, stream = parse_scheme(scheme), Stream(3, "w")
    whole = scheme.values(stream, shape, axes, 0, 384).reshape(shape)
    plain = tuple(role.partition("/")[0] for role in axes)
    for layer, index in zip(layers(shape, axes), places(shape, axes), strict=True):
        alone = scheme.values(stream, layer.shape, plain, 0, 384).reshape(shape)
        assert np.array_equal(whole[index], alone[index])
    parts = [scheme.values(stream, shape, axes, *cut) for cut in ((0, 5), (5, 301), (301, 384))]
    assert np.array_equal(np.concatenate(parts), whole.ravel())


def test_bounds_and_std_of_unequal_layers_are_kept():
    shape, scheme = (1200, 400), INITIALIZERS["xavier_uniform"]()
    values = draw(scheme, 0, "w", shape, "F64", GROUPED)
    for part, outputs in zip(np.split(values, [800, 1000]), (800, 200, 200), strict=True):
        bound = np.sqrt(6 / (400 + outputs))
        assert 0.999 * bound < np.abs(part).max() <= bound
    moments = scheme.moments(shape, GROUPED)
    assert values.std() == pytest.approx(moments.std, rel=0.005)
    assert moments.high == np.sqrt(6 / 600)


@pytest.mark.parametrize("name", ["orthogonal", "keras.orthogonal"])
@pytest.mark.parametrize("role", ["out/4+1+1", "out/3x4", "out/2+1x2"])
@pytest.mark.parametrize("is_first", [True, False])
def test_layers_are_orthogonal_one_by_one(name, role, is_first):
    shape, axes = ((24, 10), (role, "in")) if is_first else ((10, 24), ("in", role))
    scheme = INITIALIZERS[name]()
    values = draw(scheme, 0, "w", shape, "F64", axes)
    for index in places(shape, axes):
        part = values[index]
        short = part if part.shape[0] < part.shape[1] else part.T
        assert np.abs(short @ short.T - np.eye(len(short))).max() < 1e-13
    assert scheme.moments(shape, axes).std == pytest.approx(values.std(), rel=0.1)
