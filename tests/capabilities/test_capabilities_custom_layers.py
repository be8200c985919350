"""Layers of one's own: without parameters, with them, with three axes, with complex numbers."""

import numpy as np
import pytest
from capabilities.book import (
    counts,
    drawn,
    gradients,
    names,
    output,
    saved,
    shapes,
    spec,
    tensors,
    values,
    written,
)
from command import expect

X64 = ("--input", "x=2x64")


def test_a_layer_without_parameters_takes_the_mean_away():
    """CL1: [1..5] becomes [-2..2]."""
    assert values(spec("centered"), "--input", "x=[1,2,3,4,5]") == [-2, -1, 0, 1, 2]


def test_behind_other_layers_it_gives_mean_zero():
    """CL2: only the layer before it has tensors."""
    found = output(spec("centered-net"), "--input", "x=4x8")
    assert found["shape"] == [4, 128]
    assert abs(found["mean"]) < 1e-6
    assert names(spec("centered-net"), "--input", "x=4x8") == ["0.bias", "0.weight"]


def test_a_parameter_is_declared_by_name_and_shape(tmp_path):
    """CL3: param2 of shape (2, 3)."""
    own = written(tmp_path, "  params: {param2: 'Param(2, 3)'}\n  forward: return x @ param2\n")
    assert shapes(own) == {"param2": [2, 3]}


def test_a_layer_may_keep_its_weight_in_out(tmp_path):
    """CL4, CL-EX4: (5, 3) for 5 in and 3 out, 18 parameters, ReLU inside."""
    dense = tmp_path / "dense.yaml"
    dense.write_text(spec("my-dense").read_text().split("inputs:\n")[0] + "model: MyDense(5, 3)\n")
    assert shapes(dense) == {"bias": [3], "weight": [5, 3]}
    assert counts(dense) == (18, 18)
    found = output(dense, "--input", "x=2x5")
    assert found["shape"] == [2, 3]
    assert found["min"] >= 0


def test_a_model_of_own_layers_has_529_parameters():
    """CL5: 64 to 8 to 1."""
    assert shapes(spec("my-dense")) == {
        "0.bias": [8], "0.weight": [64, 8], "1.bias": [1], "1.weight": [8, 1]
    }  # fmt: skip
    assert counts(spec("my-dense")) == (529, 529)
    assert output(spec("my-dense"), *X64)["shape"] == [2, 1]


def test_an_own_layer_has_gradients(tmp_path):
    """CL6: of every parameter."""
    ones = {
        "0.weight": np.ones((64, 8), np.float32), "0.bias": np.ones(8, np.float32),
        "1.weight": np.ones((8, 1), np.float32), "1.bias": np.ones(1, np.float32),
    }  # fmt: skip
    path = saved(tmp_path, ones)
    found = gradients(tmp_path, spec("my-dense"), path, "--input", "x=ones:2x64")
    assert found["0.weight"].tolist() == np.full((64, 8), 2).tolist()
    assert found["1.weight"].tolist() == np.full((8, 1), 2 * 65).tolist()
    assert found["1.bias"].tolist() == [2]


def test_the_input_size_of_an_own_layer_is_found_out():
    """CL7: 8 features from the layer before."""
    assert shapes(spec("my-dense"), "1.weight") == {"1.weight": [8, 1]}


def test_an_own_layer_is_saved_and_loaded_like_any_other(tmp_path):
    """CL8: drawn, stored, run, edited, compared, with no code for it."""
    path = drawn(tmp_path, spec("my-dense"))
    assert {name: list(array.shape) for name, array in tensors(path).items()} == shapes(
        spec("my-dense")
    )
    expect(0, "check", path, "--spec", spec("my-dense"))
    y = tmp_path / "y.safetensors"
    expect(0, "forward", spec("my-dense"), path, *X64, "--save", y)
    expect(0, "forward", spec("my-dense"), path, *X64, "--expect", y)


@pytest.mark.parametrize(
    ("weight", "answer"),
    [(lambda i, j, k: i * 0 + 1, [9, 9, 9]), (lambda i, j, k: i + 2 * j + 4 * k, [18, 54, 90])],
    ids=["ones", "counted"],
)
def test_a_parameter_may_have_three_axes(weight, answer, tmp_path):
    """CL-EX1: y_k = sum of W_ijk x_i x_j."""
    path = saved(tmp_path, {"weight": np.fromfunction(weight, (2, 2, 3)).astype(np.float32)})
    assert values(spec("tensor-reduction"), path, "--input", "x=[1,2]") == answer


@pytest.mark.parametrize(
    ("words", "answer"),
    [((), [10, -2 + 2j]), (("--set", "inclusive=true"), [10, -2 + 2j, -2])],
    ids=["half", "inclusive"],
)
def test_outputs_may_be_complex(words, answer):
    """CL-EX2: the leading half of the Fourier coefficients, as pairs in JSON."""
    found = output(spec("half-fft"), "--input", "x=[1,2,3,4]", *words)
    assert found["dtype"] == "C64"
    numbers = [complex(*pair) for pair in found["values"]]
    np.testing.assert_allclose(numbers, answer, atol=1e-6)


def test_a_layer_learns_what_it_adds(tmp_path):
    """CL-EX3: x minus its mean plus b, and b has a gradient."""
    path = saved(tmp_path, {"bias": np.full(5, 3, np.float32)})
    given = (spec("affine"), path, "--input", "x=[1,2,3,4,5]")
    assert values(*given) == [1, 2, 3, 4, 5]
    assert gradients(tmp_path, *given)["bias"].tolist() == [1] * 5
