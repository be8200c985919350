"""Normal values: layers lie below the curve, the rest is what they leave, and both are drawn."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paramctl.init.between import between
from paramctl.init.gaussian import normals
from paramctl.init.layers import COUNT, rest, widths
from paramctl.init.series import exp_minus, logarithm
from paramctl.init.words import Words, unit

MANY = 1 << 22
AREA = math.sqrt(math.pi / 2) / COUNT


@pytest.fixture(scope="module")
def drawn():
    return normals(Words(b"drawn"), MANY, "float32").astype("f8")


def below(x: float) -> float:
    return math.erfc(-x / math.sqrt(2)) / 2


def test_every_layer_has_its_share_and_lies_below_the_curve():
    tops = np.cumsum(AREA / widths())
    gaps = np.array([math.exp(-x * x / 2) for x in widths()]) - tops
    assert 0 < gaps.min()
    assert gaps.max() < 2e-6


def test_widths_are_exact_in_float32_and_no_last_bit_decides_them():
    assert np.array_equal(widths(), widths().astype("f4"))
    assert np.array_equal(widths() % 2.0**-20, np.zeros(len(widths())))


def test_the_boxes_of_the_rest_cover_what_the_layers_leave():
    """The curve leaves each box through its lower edge, at most at its right end."""
    boxes = rest()
    right = boxes.left + boxes.width
    assert all(math.exp(-x * x / 2) <= low for x, low in zip(right[1:], boxes.low[1:], strict=True))
    assert math.exp(-(right[0] ** 2) / 2) < 2.0**-53 * boxes.height[0]
    assert boxes.ends[-1] > (COUNT - len(widths())) * AREA


@given(count=st.integers(0, 5000), dtype=st.sampled_from(["float32", "float64"]))
@settings(max_examples=20, deadline=None)
def test_drawing_fewer_leaves_the_first_as_they_are(count, dtype):
    words = Words(b"w")
    assert np.array_equal(normals(words, count, dtype), normals(words, 5000, dtype)[:count])


def test_steps_of_a_long_draw_join(monkeypatch):
    whole = normals(Words(b"w"), 10_000, "float32")
    monkeypatch.setattr("paramctl.init.gaussian._STEP", 1 << 10)
    assert np.array_equal(normals(Words(b"w"), 10_000, "float32"), whole)


def test_two_thousand_bins_hold_what_the_normal_law_says(drawn):
    """Chi-squared of n - 1 degrees: mean n - 1, deviation √(2(n - 1))."""
    edges = np.concatenate([[-np.inf], np.linspace(-4.5, 4.5, 2001), [np.inf]])
    found, _ = np.histogram(drawn, edges)
    wanted = MANY * np.diff([below(x) for x in edges])
    free = len(found) - 1
    assert abs(((found - wanted) ** 2 / wanted).sum() - free) < 5 * math.sqrt(2 * free)


@pytest.mark.parametrize(
    ("power", "moment", "spread"), [(1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96), (6, 15, 10170)]
)
def test_moments_are_those_of_the_normal_law(drawn, power, moment, spread):
    """Within five standard errors; ``spread`` is the variance of the power."""
    assert abs((drawn**power).mean() - moment) < 5 * math.sqrt(spread / MANY)


@pytest.mark.parametrize("edge", [3.5, 4.0, 4.5])
def test_the_tails_have_their_share(drawn, edge):
    for beyond in (drawn > edge, drawn < -edge):
        wanted = MANY * below(-edge)
        assert abs(beyond.sum() - wanted) < 5 * math.sqrt(wanted)


def test_float64_draws_have_more_than_float32_bits():
    values = normals(Words(b"fine"), 4096, "float64")
    assert (values != values.astype("f4")).mean() > 0.99
    assert abs(values.mean()) < 5 / 64


def test_the_deviation_is_rounded_with_the_value_once():
    one, small = (normals(Words(b"w"), 4096, "float64", std) for std in (1.0, 0.02))
    assert np.allclose(small, 0.02 * one, rtol=1e-15, atol=0)


@pytest.mark.parametrize(("left", "right"), [(-1.0, 2.0), (3.0, math.inf), (-0.01, 0.01)])
def test_a_slice_stays_inside_and_drawing_fewer_leaves_the_first(left, right):
    whole = between(Words(b"s"), 3000, left, right)
    assert left <= whole.min() <= whole.max() <= right
    assert np.array_equal(between(Words(b"s"), 700, left, right), whole[:700])


@pytest.mark.parametrize(("most", "error"), [(16.0, 1e-12), (64.0, 1e-8)])
def test_the_portable_exponential_is_close(most, error):
    t = np.linspace(0, most, 1001)
    assert np.abs(exp_minus(t) / [math.exp(-x) for x in t] - 1).max() < error
    assert exp_minus(np.array([1e9])).tolist() == exp_minus(np.array([64.0])).tolist()


def test_the_portable_logarithm_is_close():
    x = np.concatenate([np.geomspace(1e-300, 1e300, 999), np.linspace(0.5, 2, 999)])
    wanted = np.array([math.log(value) for value in x])
    assert (np.abs(logarithm(x) - wanted) <= 1e-15 * np.maximum(np.abs(wanted), 0.1)).all()


def test_words_follow_from_their_path_alone():
    words = Words(b"path")
    assert words.raw(3).tolist() == words.raw(5).tolist()[:3]
    assert words.raw(3).tolist() != words.branch("rest").raw(3).tolist()
    assert words.raw(2).tolist() == [3631673894852040724, 11513440628574406007]


def test_a_unit_is_the_top_bits_of_a_word():
    assert unit(np.array([0, 2**64 - 1], "u8")).tolist() == [0.0, 1 - 2.0**-53]
