"""Fans come from the roles of axes, never from a guess about the shape."""

import pytest

from paramctl.errors import UsageError
from paramctl.init.axes import Fans, fans, parse_axes
from paramctl.init.kaiming import KaimingUniform

CASES = [
    ("linear", "out in", (8, 4), (4, 8)),
    ("embedding", "out in", (1000, 64), (64, 1000)),
    ("convolution", "out in spatial spatial", (64, 3, 7, 7), (147, 3136)),
    ("grouped convolution", "out in spatial spatial", (32, 4, 3, 3), (36, 288)),
    ("depthwise convolution", "out in spatial spatial", (16, 1, 3, 3), (9, 144)),
    ("transposed convolution", "in out spatial spatial", (16, 32, 3, 3), (144, 288)),
    ("gpt-2's Conv1D", "in out", (768, 2304), (768, 2304)),
    ("experts", "expert out in", (8, 48, 16), (16, 48)),
    ("experts the other way", "expert in out", (8, 48, 16), (48, 16)),
    ("keras convolution", "spatial spatial in out", (3, 3, 16, 8), (144, 72)),
    ("heads", "in out out", (64, 4, 16), (64, 64)),
    ("recurrent gates", "out in", (32, 8), (8, 32)),
]


@pytest.mark.parametrize(("layer", "axes", "shape", "wanted"), CASES)
def test_fans_of_a_layer(layer, axes, shape, wanted):
    assert fans(shape, parse_axes(axes)) == Fans(*wanted)


def test_gpt2_conv1d_is_bounded_by_its_true_inputs():
    moments = KaimingUniform().moments((768, 2304), ("in", "out"))
    assert moments.high == pytest.approx(0.0883883, abs=1e-7)


@pytest.mark.parametrize(
    ("shape", "axes", "text", "hint"),
    [
        (
            (8,),
            ("out",),
            "fans need two axes or more, and it has 1",
            "",
        ),
        (
            (8, 4),
            (),
            "which axis is in and which is out is not known",
            'say it: --axes "NAME=out in", or use a spec',
        ),
        ((8, 4, 2), ("out", "in"), "3 axes, but roles for 2: out in", ""),
        (
            (8, 4),
            ("out", "spatial"),
            "fans need an axis of role in and one of role out, not: out spatial",
            "",
        ),
    ],
)
def test_unknown_fans_are_an_error(shape, axes, text, hint):
    with pytest.raises(UsageError) as error:
        fans(shape, axes)
    assert (str(error.value), error.value.hint) == (text, hint)


@pytest.mark.parametrize(
    ("text", "problem", "hint"),
    [
        ("out inn", "no axis role named 'inn'", "did you mean in?"),
        (
            "rows",
            "no axis role named 'rows'",
            "roles are in, out, spatial, expert; out/3 for three layers in one, "
            "out/4+1+1 for unequal ones, out/3x12 for turns",
        ),
    ],
)
def test_unknown_roles_are_an_error(text, problem, hint):
    with pytest.raises(UsageError) as error:
        parse_axes(text)
    assert (str(error.value), error.value.hint) == (problem, hint)


def test_roles_may_be_separated_by_commas():
    assert parse_axes("out, in,spatial") == ("out", "in", "spatial")


def test_fused_layers_have_the_fans_of_one():
    """Xavier on GPT-2's c_attn is bounded by 768 outputs, not by the 2,304 of all three."""
    assert fans((768, 2304), ("in", "out/3")) == (768, 768)
    with pytest.raises(UsageError) as error:
        fans((768, 2305), parse_axes("in out/3"))
    assert str(error.value) == "2305 does not split into 3 for the role out/3"
