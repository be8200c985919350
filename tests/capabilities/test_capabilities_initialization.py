"""How parameters get their first values, and how they are set by hand."""

import math

import numpy as np
import pytest
from capabilities.book import drawn, filled, names, saved, shown, spec, tensors, values
from command import expect

X20 = ("--input", "x=2x20")
WIDE = math.sqrt(6 / 276)


@pytest.fixture
def mlp(tmp_path):
    """A checkpoint of the 20-256-10 perceptron, drawn by default."""
    return drawn(tmp_path, spec("mlp256"), *X20, name="old")


def init(model, folder, *words):
    """What `init` makes of a checkpoint."""
    out = folder / "new.safetensors"
    expect(0, "init", model, *words, "-o", out, "--force")
    return tensors(out)


@pytest.mark.parametrize(
    ("scheme", "bound", "std"),
    [
        ("default", 1 / math.sqrt(20), 1 / math.sqrt(60)),
        ("mxnet.uniform", 0.07, 0.07 / math.sqrt(3)),
        ("keras.glorot_uniform", WIDE, WIDE / math.sqrt(3)),
        ("jax.lecun_normal", 2 / 0.87962566 / math.sqrt(20), 1 / math.sqrt(20)),
        ("xavier_uniform", WIDE, WIDE / math.sqrt(3)),
    ],
    ids=["torch", "mxnet", "keras", "flax", "paddle"],
)
def test_each_framework_has_its_default(mlp, tmp_path, scheme, bound, std):
    """IP1: bounds and spreads; torch draws its biases too, all others have zeros."""
    new = init(mlp, tmp_path, "--scheme", scheme)
    largest = np.abs(new["0.weight"]).max()
    assert 0.98 * bound < largest <= np.float32(bound)
    assert new["0.weight"].std() == pytest.approx(std, rel=0.03)
    if scheme == "default":
        assert 0.9 * bound < np.abs(new["0.bias"]).max() <= np.float32(bound)
    else:
        assert not new["0.bias"].any()


def test_normal_weights_come_with_zero_biases(mlp, tmp_path):
    """IP2: N(0, 0.01²)."""
    new = init(mlp, tmp_path, "--scheme", "normal(std=0.01)")
    assert not new["0.bias"].any()
    assert not new["2.bias"].any()
    assert new["0.weight"].std() == pytest.approx(0.01, rel=0.03)
    assert new["0.weight"].mean() == pytest.approx(0, abs=5e-4)


def test_nothing_is_replaced_without_asking(mlp, tmp_path):
    """IP3: neither the input without a word about it, nor an output that is there."""
    before, other = mlp.read_bytes(), saved(tmp_path, {"x": np.ones(1, np.float32)}, "there")
    kept = other.read_bytes()
    expect(2, "init", mlp, "--scheme", "normal")
    expect(2, "init", mlp, "--scheme", "normal", "-o", other)
    assert (mlp.read_bytes(), other.read_bytes()) == (before, kept)
    expect(0, "init", mlp, "--scheme", "normal", "-o", other, "--force")
    assert names(other) == names(mlp)


@pytest.mark.parametrize(
    ("program", "inputs", "answer"), [("mlp8", "x=ones:2x4", 32), ("mlp256", "x=ones:2x20", 5120)]
)
def test_a_constant_is_for_weights_and_biases_stay_zero(program, inputs, answer, tmp_path):
    """IP4: 4·8 and 20·256."""
    path = filled(tmp_path, spec(program), 1, "--input", inputs.replace("ones:", ""))
    assert not tensors(path)["2.bias"].any()
    assert np.unique(values(spec(program), path, "--input", inputs)).tolist() == [answer]


def test_one_parameter_is_drawn_anew_and_no_other(mlp, tmp_path):
    """IP5: within ±0.1474420, as the printed row with its -0.13846186 is."""
    new = init(mlp, tmp_path, "0.weight", "--scheme", "xavier")
    largest = np.abs(new["0.weight"]).max()
    assert 0.13846186 < largest <= np.float32(0.1474420)
    changed = expect(1, "diff", mlp, tmp_path / "new.safetensors", "-f", "names").out
    assert changed == "0.weight\n"


def test_layers_may_have_schemes_of_their_own(tmp_path):
    """IP6: Xavier here, 42 there, biases untouched; with ones in front the answer is 1344."""
    old = drawn(tmp_path, spec("mlp8"), name="old")
    rules = ("--scheme", "0.weight=xavier_uniform", "--scheme", "2.weight=constant(42)")
    new = init(old, tmp_path, "weight", *rules)
    assert new["2.weight"].tolist() == [[42.0] * 8]
    assert np.abs(new["0.weight"]).max() <= math.sqrt(6 / 12)
    for name in ("0.bias", "2.bias"):
        np.testing.assert_array_equal(new[name], tensors(old)[name])
    rules = ("--scheme", "0.weight=ones", "--scheme", "2.weight=constant(42)")
    path = drawn(tmp_path, spec("mlp8"), *rules, "--scheme", "bias=zeros", name="ones")
    assert values(spec("mlp8"), path, "--input", "x=ones:1x4") == [[1344.0]]


def test_a_rule_by_type_visits_a_shared_layer_once(tmp_path):
    """IP7: three linear layers are drawn for four uses."""
    result = expect(
        0, "init", spec("tied-mlp"), "-v", "--scheme", "type:Linear & weight=xavier", "--scheme",
        "bias=zeros", "-o", tmp_path / "m.safetensors",
    )  # fmt: skip
    lines = [line for line in result.err.splitlines() if "weight" in line]
    assert lines == ["Init 0.weight (8, 4)", "Init 2.weight (8, 8)", "Init 6.weight (1, 8)"]


def test_an_expression_is_a_scheme(mlp, tmp_path):
    """IP8: U(-10, 10) without its middle; half are zeros, half of these negative."""
    out = tmp_path / "new.safetensors"
    scheme = "expr: u = uniform(-10, 10); u * (abs(u) >= 5)"
    result = expect(0, "init", mlp, "--scheme", scheme, "-v", "-o", out)
    assert result.err.splitlines()[:2] == ["Init 0.weight (256, 20)", "Init 2.weight (10, 256)"]
    weight = tensors(out)["0.weight"]
    nonzero = np.abs(weight[weight != 0])
    assert 5 <= nonzero.min() < nonzero.max() < 10
    assert (weight == 0).mean() == pytest.approx(0.5, abs=0.03)
    assert np.signbit(weight[weight == 0]).mean() == pytest.approx(0.5, abs=0.04)
    assert weight.std() == pytest.approx(math.sqrt(0.5 * 875 / 15), rel=0.03)
    assert not tensors(out)["0.bias"].any()


# The two rows that the book prints, before and after adding one.
BEFORE = """-5.3659673 7.5773945 8.986376 -0. 8.827555 0. 5.9840508 -0. 0. 0. 7.4857597 -0.
-0. 6.8910007 6.9788704 -6.1131554 0. 5.4665203 -9.735263 9.485172"""
AFTER = """-4.3659673 8.5773945 9.986376 1. 9.827555 1. 6.9840508 1. 1. 1. 8.48576 1.
1. 7.8910007 7.9788704 -5.1131554 1. 6.4665203 -8.735263 10.485172"""


def test_adding_one_gives_the_printed_row(tmp_path):
    """IP9: exactly, in float32; four of its eight zeros were negative."""
    before, after = (np.array(text.split(), np.float32) for text in (BEFORE, AFTER))
    zeros = before[before == 0]
    assert (len(zeros), np.signbit(zeros).sum()) == (8, 4)
    path, out = saved(tmp_path, {"0.weight": before[None]}), tmp_path / "new.safetensors"
    assert np.signbit(np.array(shown(path, "0.weight"))).sum() == 4 + 3
    expect(0, "set", path, "0.weight", "x + 1", "-o", out)
    assert tensors(out)["0.weight"].tobytes() == after.tobytes()


def test_values_are_set_directly(tmp_path):
    """IP10: ones plus one, then 42 in the corner."""
    path = saved(tmp_path, {"0.weight": np.ones((8, 4), np.float32)})
    expect(0, "set", path, "0.weight", "x + 1", "--in-place")
    expect(0, "set", path, "0.weight[0,0]", "42", "--in-place")
    assert shown(path, "0.weight[0]") == [42, 2, 2, 2]
    assert shown(path, "0.weight[1:]") == [[2] * 4] * 7


def test_an_array_of_another_shape_is_refused(mlp, tmp_path):
    """IP11: both shapes in the message, nothing written."""
    np.save(tmp_path / "w.npy", np.ones((256, 21), np.float32))
    result = expect(
        2, "set", mlp, "0.weight", "--npy", tmp_path / "w.npy", "-o", tmp_path / "n.safetensors"
    )
    assert result.err == "paramctl: 0.weight: an array of shape [256, 21] for [256, 20]\n"
    assert not (tmp_path / "n.safetensors").exists()


def test_an_edit_says_where_it_writes(mlp):
    """IP12: to a new file, or to the old one explicitly."""
    before = mlp.read_bytes()
    result = expect(2, "set", mlp, "0.weight", "x + 1")
    assert "an edit needs either -o OUT or --in-place" in result.err
    assert mlp.read_bytes() == before


def test_a_rule_for_a_name_wins_over_a_rule_for_all(tmp_path):
    """IP13: 42 for a layer leaves its bias 0; 42 for the bias itself sets it."""
    old = drawn(tmp_path, spec("mlp8"), name="old")
    layer = init(old, tmp_path, "2", "--scheme", "constant(42)")
    assert (layer["2.weight"].max(), layer["2.bias"].tolist()) == (42, [0])
    rules = ("--scheme", "constant(42)", "--scheme", "2.bias=constant(7)")
    exact = init(old, tmp_path, "2", *rules)
    assert (exact["2.weight"].max(), exact["2.bias"].tolist()) == (42, [7])
    told = expect(0, "init", old, "2", *rules, "--explain", "-n")
    assert "2.bias\tconstant(7)\t--scheme 2.bias\n" in told.out + told.err


def test_a_scheme_with_fans_refuses_a_vector(mlp, tmp_path):
    """IP14: an error that names it, never a silent skip; a constant fills it."""
    result = expect(2, "init", mlp, "0.bias", "--scheme", "xavier", "-n")
    assert result.err.startswith("paramctl: 0.bias: ")
    assert init(mlp, tmp_path, "0.bias", "--scheme", "constant(1)")["0.bias"].min() == 1
