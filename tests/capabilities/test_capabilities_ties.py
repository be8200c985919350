"""Parameters under several names: one value, one gradient, one place in the file."""

import numpy as np
import pytest
from capabilities.book import (
    CHECKPOINTS,
    counts,
    drawn,
    gradients,
    names,
    run,
    shown,
    spec,
    values,
    written,
)
from command import expect
from safetensors.numpy import load_file, save_file

X4 = ("--input", "x=2x4")


@pytest.fixture
def tied(tmp_path):
    """A drawn perceptron whose layer 4 is its layer 2."""
    return drawn(tmp_path, spec("tied-mlp"))


@pytest.mark.parametrize("name", ["2.weight", "4.weight"])
def test_a_tied_layer_changes_under_all_its_names(tied, tmp_path, name):
    """PA19: set by either name, read by both; 121 parameters, 193 by name, 8 names, 6 tensors."""
    assert shown(tied, "2.weight") == shown(tied, "4.weight")
    out = tmp_path / "set.safetensors"
    expect(0, "set", tied, f"{name}[0,0]", "100", "-o", out)
    assert shown(out, "2.weight[0,0]") == shown(out, "4.weight[0,0]") == 100.0
    assert shown(out, "2.weight") == shown(out, "4.weight")
    assert counts(out) == counts(spec("tied-mlp")) == (121, 193)
    assert len(names(out)) == 8
    assert len(load_file(out)) == 6


def test_parameters_may_be_tied_without_their_layers_being_one(tmp_path):
    """PA20: two layers, one parameter each for weight and bias: 330 once, 402 by name."""
    layers = "".join(f"  - Linear({n}, 8)\n  - relu\n" for n in (20, 8, 8))
    ties = "ties: {4.weight: 2.weight, 4.bias: 2.bias}\n"
    assert counts(written(tmp_path, f"{layers}  - Linear(8, 10)\n{ties}")) == (330, 402)


def test_gradients_of_tied_uses_are_added(tmp_path):
    """PA21: 0.064 and 0.064 apart, 0.128 tied; w·(w·x) has the slope 2·w·x."""
    ones = ("--input", "x=ones:2x4")
    tied = gradients(tmp_path, spec("tied-mlp"), "--scheme", "constant(0.1)", *ones)
    np.testing.assert_allclose(tied["2.weight"], np.full((8, 8), 0.128), rtol=1e-5)
    np.testing.assert_allclose(tied["2.bias"], np.full(8, 0.36), rtol=1e-5)
    untied = tmp_path / "untied.yaml"
    untied.write_text(spec("tied-mlp").read_text().split("ties:")[0])
    apart = gradients(tmp_path, untied, "--scheme", "constant(0.1)", *ones)
    for name in ("2.weight", "4.weight"):
        np.testing.assert_allclose(apart[name], np.full((8, 8), 0.064), rtol=1e-5)
    np.testing.assert_allclose(apart["2.bias"], np.full(8, 0.16), rtol=1e-5)
    np.testing.assert_allclose(apart["4.bias"], np.full(8, 0.20), rtol=1e-5)


def test_a_product_with_itself_has_twice_the_slope(tmp_path):
    """PA21: y = w·(w·x) with w = 3 and x = 2 is 18, and dy/dw is 12."""
    square = written(
        tmp_path, "  modules: {w: 'Linear(1, 1, bias=False)'}\n  forward: return w(w(x))\n"
    )
    given = (square, "--input", "x=[2]", "--scheme", "constant(3)")
    assert values(*given) == [18.0]
    assert gradients(tmp_path, *given)["w.weight"].tolist() == [[12.0]]


def test_layers_called_are_counted_apart_from_layers_stored():
    """PA22: four calls of a linear layer, three stored."""
    trace = run(spec("tied-mlp"), *X4, "--trace").json["trace"]
    assert [row["module"] for row in trace[1::2]] == ["0", "2", "4", "6"]
    assert expect(0, "inspect", spec("tied-mlp"), "--json").json["tensors"] == 6


def test_the_first_use_gives_a_tied_group_its_name(tied):
    """PA23: layer 2, not layer 4."""
    for model in (spec("tied-mlp"), tied):
        ties = expect(0, "inspect", model, "--json").json["ties"]
        assert sorted(ties) == [["2.bias", "4.bias"], ["2.weight", "4.weight"]]
    assert {"2.weight", "2.bias"} < set(load_file(tied)) >= {"0.weight", "6.bias"}
    assert "4.weight" not in load_file(tied)


def test_a_language_model_ties_its_head_to_its_embedding():
    """PA24: as the family says where the config asks for it."""
    ties = expect(0, "inspect", CHECKPOINTS / "tied-by-config", "--json").json["ties"]
    assert ties == [["model.embed_tokens.weight", "lm_head.weight"]]


def test_a_copied_selection_keeps_the_ties_inside_it(tied, tmp_path):
    """PA26: both names stay one tensor; one name alone is a tensor of its own."""
    both, alone = tmp_path / "both.safetensors", tmp_path / "alone.safetensors"
    expect(0, "keep", tied, "2", "4", "-o", both)
    expect(0, "keep", tied, "4", "-o", alone)
    assert counts(both) == (72, 144)
    assert counts(alone) == (72, 72)
    np.testing.assert_array_equal(load_file(alone)["4.weight"], load_file(tied)["2.weight"])
    expect(0, "set", both, "2.weight", "0", "--in-place")
    assert shown(both, "4.weight") == np.zeros((8, 8)).tolist()
    assert shown(tied, "4.weight") != np.zeros((8, 8)).tolist()


def test_training_keeps_tied_parameters_one(tied, tmp_path):
    """PA-EX2: three steps down the gradient; both names stay the same bits, the loss falls."""
    inputs, target = tmp_path / "x.npy", tmp_path / "y.safetensors"
    np.save(inputs, np.random.default_rng(0).random((16, 4), np.float32))
    save_file({"output": np.full((16, 1), 2, np.float32)}, target)
    given = (spec("tied-mlp"), tied, "--input", f"x={inputs}")
    losses = []
    for _ in range(3):
        losses.append(float(np.mean((np.array(values(*given)) - 2) ** 2)))
        step(tied, tmp_path, given, target)
        assert shown(tied, "2.weight") == shown(tied, "4.weight")
        assert counts(tied) == (121, 193)
    assert losses[0] > losses[1] > losses[2]


def step(path, folder, given, target):
    """One step of gradient descent, by `forward` and `set`."""
    found = folder / "gradients.safetensors"
    expect(
        0, "forward", *given, "--backward", "mse", "--target", target, "--save-grads", found,
        "--force",
    )  # fmt: skip
    old, slopes = load_file(path), load_file(found)
    assert slopes.keys() == old.keys()
    for name, slope in slopes.items():
        np.save(folder / "new.npy", old[name] - np.float32(0.05) * slope)
        expect(0, "set", path, name, "--npy", folder / "new.npy", "--in-place")


def test_sharing_saves_memory(tmp_path):
    """PA-EX3: 484 bytes instead of 772."""
    sizes = [
        expect(0, "inspect", CHECKPOINTS / f"{name}.safetensors", "--json").json["nbytes"]
        for name in ("tied", "untied")
    ]
    assert sizes == [121 * 4, 193 * 4]
