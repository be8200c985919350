"""Sizes that are found out: from an input, from the layer before, from a checkpoint."""

import numpy as np
import pytest
from capabilities.book import counts, drawn, names, output, saved, shapes, spec, tensors, written
from command import expect

X20 = ("--input", "x=2x20")
INIT = ["Init 0.weight (256, 20)", "Init 2.weight (10, 256)"]


def announced(result):
    return [line for line in result.err.splitlines() if line.startswith("Init ")]


@pytest.fixture
def mlp(tmp_path):
    return drawn(tmp_path, spec("mlp256"), *X20)


def test_unknown_sizes_are_shown_as_unknown():
    """LI1, LI2: a spec of output sizes alone: (256, ?); the biases and later sizes are known."""
    found = shapes(spec("mlp256"))
    assert found["0.weight"] == [256, None]
    assert (found["0.bias"], found["2.bias"]) == ([256], [10])
    assert found["2.weight"] == [10, 256], "it follows from the layer before"
    assert "0.weight\tF32\t[256,?]" in expect(0, "ls", spec("mlp256")).out


def test_a_net_without_sizes_can_be_looked_at():
    """LI3: what it is made of, before anything is known of its input."""
    out = expect(0, "inspect", spec("mlp256"), "-f", "tree").out
    assert "[256,?]" in out
    assert "[10,256]" in out


def test_values_that_do_not_exist_yet_are_asked_for_in_vain(tmp_path):
    """LI4: the message says that there are none and how to make them."""
    mlp = spec("mlp256")
    assert expect(2, "show", mlp, "0.weight").err == (
        f"paramctl: {mlp}: this is a spec, which has no values: 0.weight will be F32[256,?], and "
        "the size ? is not known\n"
        f"hint: draw them: `paramctl init {mlp} --input NAME=SHAPE -o OUT.safetensors`\n"
    )


def test_drawing_without_an_input_says_what_is_missing(tmp_path):
    """LI5: nothing is written."""
    out = tmp_path / "m.safetensors"
    result = expect(2, "init", spec("mlp256"), "-o", out)
    assert result.err == (
        "paramctl: the shape of the input 'x' is not known\nhint: give its shape: --input x=2x20\n"
    )
    assert not out.exists()


def test_an_input_decides_every_size():
    """LI6: (256, 20), then (10, 256)."""
    found = shapes(spec("mlp256"), *X20)
    assert (found["0.weight"], found["2.weight"]) == ([256, 20], [10, 256])


def test_drawing_announces_each_weight_once(tmp_path):
    """LI7: in the order of the layers; a second time there is nothing to draw."""
    out = tmp_path / "m.safetensors"
    assert announced(expect(0, "init", spec("mlp256"), *X20, "-v", "-o", out)) == INIT
    before = out.read_bytes()
    again = expect(2, "init", spec("mlp256"), *X20, "-o", out)
    assert announced(again) == []
    assert out.read_bytes() == before


def test_a_checkpoint_is_drawn_anew_at_once(mlp, tmp_path):
    """LI8: its sizes are known."""
    again = expect(0, "init", mlp, "--scheme", "normal", "-v", "-o", tmp_path / "n.safetensors")
    assert announced(again) == INIT


def test_a_given_input_size_needs_no_input(tmp_path):
    """LI9, LI-EX1: given to the first layer, it settles the second one too."""
    known = written(tmp_path, "  - Linear(20, 256)\n  - relu\n  - Linear(out_features=10)\n")
    result = expect(0, "init", known, "-v", "-o", tmp_path / "m.safetensors")
    assert announced(result) == INIT
    first = written(tmp_path, "  - Linear(20, 256)\n  - relu\n  - Linear(256, 10)\n", "first")
    result = expect(0, "init", first, "-v", "-o", tmp_path / "n.safetensors")
    assert announced(result) == INIT


@pytest.mark.parametrize(("rows", "rules"), [(256, {"missing"}), (255, {"missing", "mismatched"})])
def test_a_value_that_is_written_decides_the_open_size_only(rows, rules, tmp_path):
    """LI10: the features follow the value, 20 here; the units are known and must be 256."""
    np.save(tmp_path / "w.npy", np.ones((rows, 20), np.float32))
    part = tmp_path / "part.safetensors"
    expect(0, "pack", f"0.weight={tmp_path / 'w.npy'}", "-o", part)
    findings = expect(1, "check", part, "--spec", spec("mlp256"), "--json").json["findings"]
    found = {row["rule"]: row["name"] for row in findings if row["severity"] == "error"}
    assert found.keys() == rules
    assert found.get("mismatched", "0.weight") == "0.weight"


def test_each_size_tells_where_it_came_from():
    """LI11: given, found from the input, or found from the layer before."""
    rows = expect(0, "spec", "shapes", spec("mlp256"), *X20, "--json").json["shapes"]
    sizes = {row["name"]: row["sizes"] for row in rows}
    assert [size["value"] for size in sizes["2.weight"]] == [10, 256]
    assert sizes["0.weight"][1] == {"value": 20, "from": "the input x"}
    before = f"the layer before it (1, {spec('mlp256')}:6)"
    assert sizes["2.weight"][1] == {"value": 256, "from": before}
    assert sizes["2.weight"][0]["from"].startswith("the spec (")


def test_a_dry_input_then_an_initializer_of_ones_own(tmp_path):
    """LI12: in one command."""
    rules = ("--scheme", "^0.weight=normal(std=0.01)", "--scheme", "^2.weight=zeros")
    made = tensors(drawn(tmp_path, spec("mlp256"), *X20, *rules))
    assert made["0.weight"].std() == pytest.approx(0.01, rel=0.05)
    assert not made["2.weight"].any()


def test_a_checkpoint_decides_sizes_and_must_fit_the_known_ones(mlp, tmp_path):
    """LI13: open sizes are bound; 255 by the spec and 256 in the file is a mismatch."""
    expect(0, "check", mlp, "--spec", spec("mlp256"))
    assert output(spec("mlp256"), mlp, *X20)["shape"] == [2, 10]
    wrong = written(tmp_path, "  - Linear(out_features=255)\n  - relu\n  - Linear(None, 10)\n")
    findings = expect(1, "check", mlp, "--spec", wrong, "--json").json["findings"]
    rules = {(row["rule"], row["name"]) for row in findings if row["severity"] == "error"}
    assert ("mismatched", "0.weight") in rules
    assert ("mismatched", "0.bias") in rules


def test_the_resolution_of_an_image_decides_later_sizes():
    """LI14: (120, 400) for 28 x 28, 61,706 in all."""
    image = ("--input", "x=1x1x28x28")
    assert shapes(spec("lenet"), *image)["7.weight"] == [120, 400]
    assert counts(spec("lenet"), *image) == (61706, 61706)
    assert output(spec("lenet"), *image)["shape"] == [1, 10]


@pytest.mark.parametrize("verb", [("forward",), ("inspect",), ("spec", "shapes"), ("init", "-n")])
def test_sizes_that_contradict_are_an_error_before_any_number(verb, tmp_path):
    """LI-EX2: the layer, both sizes, and where each came from."""
    clash = written(tmp_path, "  - Linear(20, 256)\n  - relu\n  - Linear(128, 10)\n")
    result = expect(3, *verb, clash, *X20)
    assert result.err.startswith(
        f"paramctl: {clash}:6:5: 2.weight: in_features is 128 by the spec ({clash}:6), "
        f"256 by the layer before it (1, {clash}:5)\n     6 |   - Linear(128, 10)\n"
    )


def test_inputs_of_two_widths_share_a_trunk():
    """LI-EX3: each has its own way in."""
    given = ("--input", "a=2x20", "--input", "b=2x30")
    result = expect(0, "forward", spec("two-heads"), *given, "--json").json
    assert [found["shape"] for found in result["outputs"].values()] == [[2, 3], [2, 5]]
    weights = shapes(spec("two-heads"), "weight", *given)
    assert (weights["in_a.weight"], weights["in_b.weight"]) == ([16, 20], [16, 30])
    assert len(names(spec("two-heads"), "trunk", *given)) == 2


@pytest.mark.parametrize(("given", "shape"), [("5x20", [5, 10]), ("3x7x20", [3, 7, 10])])
def test_more_rows_and_more_axes_are_fine(mlp, given, shape):
    """LI-EX4: the layer works on the last axis."""
    assert output(spec("mlp256"), mlp, "--input", f"x={given}")["shape"] == shape


def test_another_width_is_not_fine(mlp):
    """LI-EX4: 21 features for a layer of 20."""
    result = expect(2, "forward", spec("mlp256"), mlp, "--input", "x=2x21")
    assert "0.weight: in_features is 20 by the checkpoint, 21 by the input x" in result.err


def test_more_axes_may_be_flattened_instead(tmp_path):
    """LI-EX4: (2, 4, 5) is 20 features behind a Flatten."""
    flat = written(tmp_path, "  - Flatten()\n  - Linear(out_features=10)\n")
    weights = {"1.weight": np.ones((10, 20), np.float32), "1.bias": np.zeros(10, np.float32)}
    found = output(flat, saved(tmp_path, weights), "--input", "x=ones:2x4x5")
    assert found["values"] == [[20.0] * 10] * 2
