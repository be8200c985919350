"""The programs of the parameter chapters of Dive into Deep Learning, as specs of the fixtures."""

import numpy as np
import pytest
from spec.spec_runs import built, count, fill, fixture, run, shapes_of

from paramctl.errors import UsageError
from paramctl.spec.shapes import infer_shapes


def identity(name, shape):
    """Every square matrix the identity, every other tensor zero."""
    return np.eye(*shape) if len(shape) == 2 and shape[0] == shape[1] else np.zeros(shape)


def test_mlp256_has_7946_parameters_after_inference():
    _, net = built(fixture("mlp256"), x=(2, 20))
    assert shapes_of(net) == {
        "0.weight": (256, 20), "0.bias": (256,), "2.weight": (10, 256), "2.bias": (10,)
    }  # fmt: skip
    assert count(net) == 7946


def test_sizes_stay_open_without_an_input():
    _, net = built(fixture("mlp256"))
    assert [str(size) for size in shapes_of(net)["0.weight"]] == ["256", "?"]
    assert shapes_of(net)["0.bias"] == (256,)


def test_mlp8_has_49_parameters():
    _, net = built(fixture("mlp8"), x=(2, 4))
    assert count(net) == 49
    assert list(shapes_of(net)) == ["0.weight", "0.bias", "2.weight", "2.bias"]


def test_constant_weights_and_zero_biases_give_32():
    spec, net = built(fixture("mlp8"), x=(1, 4))
    fill(net, lambda name, shape: np.ones(shape) if name.endswith("weight") else np.zeros(shape))
    assert run(spec, net, x=np.ones((1, 4), "f4")).array.tolist() == [[32.0]]


def test_mlp_named_takes_its_names_from_the_spec():
    _, net = built(fixture("mlp-named"), x=(2, 20))
    assert list(shapes_of(net)) == ["hidden.weight", "hidden.bias", "output.weight", "output.bias"]
    assert count(net) == 7946


def test_rgnet_has_18_tensors_with_blanks_in_their_names():
    _, net = built(fixture("rgnet"), x=(2, 4))
    names = list(shapes_of(net))
    assert len(names) == 18
    assert count(net) == 309
    assert names[0] == "0.block 0.0.weight"
    assert net[0][1][0].bias is net["0.block 1.0.bias"]


def test_tied_mlp_counts_121_once_and_193_by_name():
    _, net = built(fixture("tied-mlp"), x=(2, 4))
    assert (count(net), count(net, "all")) == (121, 193)
    assert net.ties() == [["2.weight", "4.weight"], ["2.bias", "4.bias"]]


def test_gradients_of_tied_uses_add_up():
    spec, net = built(fixture("tied-mlp"), x=(2, 4))
    fill(net, lambda name, shape: np.full(shape, 0.1 if name.endswith("weight") else 0.0))
    y = run(spec, net, mode="tape", x=np.ones((2, 4), "f4"))
    y.execution.backward(y.execution.function("sum", y))
    np.testing.assert_allclose(net["2.weight"].grad, np.full((8, 8), 0.128), rtol=1e-5)
    np.testing.assert_allclose(net["4.bias"].grad, np.full(8, 0.36), rtol=1e-5)


def test_fixed_hidden_halves_seven_times_to_0_625():
    spec, net = built(fixture("fixed-hidden"), x=(2, 20))
    fill(net, identity)
    y = run(spec, net, x=np.ones((2, 20), "f4"))
    assert (y.shape, float(y.array)) == ((), 0.625)


def test_fixed_hidden_keeps_its_constant_apart():
    _, net = built(fixture("fixed-hidden"))
    kinds = {name: (p.kind, p.persistent) for name, p in net.named_parameters()}
    assert kinds["rand_weight"] == ("constant", True)
    assert list(kinds) == ["rand_weight", "linear.weight", "linear.bias"]
    assert net["rand_weight"].init == "uniform(0, 1)"


def test_fancy_scales_up_to_50():
    spec, net = built(fixture("fancy"), x=(2, 20))
    fill(net, identity)
    assert float(run(spec, net, x=np.ones((2, 20), "f4")).array) == pytest.approx(50.0)


def test_chimera_has_4712_trained_parameters_in_ten_tensors():
    _, net = built(fixture("chimera"), x=(2, 20))
    shapes = {n: p.shape for n, p in net.named_parameters() if p.kind == "parameter"}
    assert len(shapes) == 10
    assert count(net) == 4712
    assert shapes["0.net.0.weight"] == (64, 20)
    assert shapes["0.linear.weight"] == (16, 32)
    assert shapes["1.weight"] == (20, 16)
    assert shapes["2.linear.weight"] == (20, 20)


def test_centered_takes_the_mean_away():
    spec, net = built(fixture("centered"))
    assert shapes_of(net) == {}
    y = run(spec, net, x=np.arange(1, 6, dtype="f4"))
    assert y.array.tolist() == [-2, -1, 0, 1, 2]


def test_a_centered_net_has_mean_zero():
    spec, net = built(fixture("centered-net"), x=(4, 8))
    rng = np.random.default_rng(0)
    fill(net, lambda name, shape: rng.standard_normal(shape))
    y = run(spec, net, x=rng.standard_normal((4, 8)).astype("f4"))
    assert list(shapes_of(net)) == ["0.weight", "0.bias"]
    assert abs(float(y.array.mean())) < 1e-6


def test_my_dense_has_its_weight_the_other_way_round():
    spec, net = built(fixture("my-dense"), x=(2, 64))
    assert shapes_of(net) == {
        "0.weight": (64, 8), "0.bias": (8,), "1.weight": (8, 1), "1.bias": (1,)
    }  # fmt: skip
    assert count(net) == 529
    assert net["0.weight"].axes == ("in", "out")
    fill(net, 1.0)
    assert run(spec, net, x=np.ones((2, 64), "f4")).array.tolist() == [[521.0], [521.0]]


def test_parallel_joins_the_outputs_of_its_branches():
    spec, net = built(fixture("parallel"), x=(2, 4))
    fill(net, 1.0)
    assert run(spec, net, x=np.ones((2, 4), "f4")).shape == (2, 14)
    assert count(net) == 15 + 25 + 3 * 10


@pytest.mark.parametrize(
    ("weight", "expected"),
    [(lambda i, j, k: 1, [9, 9, 9]), (lambda i, j, k: i + 2 * j + 4 * k, [18, 54, 90])],
)
def test_tensor_reduction_sums_over_two_axes(weight, expected):
    spec, net = built(fixture("tensor-reduction"), x=(2,))
    fill(net, lambda name, shape: np.fromfunction(np.vectorize(weight), shape))
    assert run(spec, net, x=np.array([1, 2], "f4")).array.tolist() == expected


@pytest.mark.parametrize(
    ("inclusive", "expected"), [(False, [10, -2 + 2j]), (True, [10, -2 + 2j, -2])]
)
def test_half_fft_gives_complex_coefficients(inclusive, expected):
    spec, net = built(fixture("half-fft"), overrides={"inclusive": inclusive})
    y = run(spec, net, x=np.array([1, 2, 3, 4], "f4"))
    assert y.dtype == "complex64"
    np.testing.assert_allclose(y.array, expected, atol=1e-6)


def test_affine_learns_what_it_adds():
    spec, net = built(fixture("affine"))
    fill(net, 3.0)
    assert run(spec, net, x=np.arange(1, 6, dtype="f4")).array.tolist() == [1, 2, 3, 4, 5]


def test_two_heads_share_their_trunk():
    spec, net = built(fixture("two-heads"), a=(2, 20), b=(4, 30))
    fill(net, 0.5)
    left, right = run(spec, net, a=np.ones((2, 20), "f4"), b=np.ones((4, 30), "f4"))
    assert (left.shape, right.shape) == ((2, 3), (4, 5))
    assert spec.outputs == ("left", "right")
    assert count(net) == 336 + 496 + 272 + 51 + 85


def test_lenet_finds_its_channels_and_its_last_sizes():
    _, net = built(fixture("lenet"), x=(1, 1, 28, 28))
    assert shapes_of(net)["7.weight"] == (120, 400)
    assert count(net) == 61706


def test_lenet_knows_its_sizes_from_the_declared_input():
    spec, net = built(fixture("lenet"))
    infer_shapes(spec, net)
    assert count(net) == 61706


def test_another_batch_is_fine_and_another_width_is_not():
    spec, net = built(fixture("mlp256"), x=(2, 20))
    fill(net, 1.0)
    assert run(spec, net, x=np.ones((5, 20), "f4")).shape == (5, 10)
    with pytest.raises(UsageError) as caught:
        infer_shapes(spec, net, {"x": ((2, 21), "float32")})
    assert caught.value.problem.split("\n")[0] == (
        "0.weight: in_features is 20 by the input x, 21 by the input x"
    )


def test_a_forward_gives_what_a_hand_computes():
    spec, net = built(fixture("mlp8"), x=(2, 4))
    net["0.weight"].value = np.eye(8, 4, dtype="f4")
    net["0.bias"].value = np.zeros(8, "f4")
    net["2.weight"].value = np.full((1, 8), -0.1, "f4")
    net["2.bias"].value = np.full(1, 0.05, "f4")
    x = np.array([[0.2432, 0.4543, 0.8625, 0.7993], [0.5532, 0.1438, 0.1615, 0.7403]], "f4")
    expected = 0.05 - 0.1 * x.sum(1)
    np.testing.assert_allclose(run(spec, net, x=x).array[:, 0], expected, rtol=1e-6)
