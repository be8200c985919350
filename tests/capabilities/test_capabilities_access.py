"""How parameters are reached: by place, by name, by pattern."""

import numpy as np
import pytest
from capabilities.book import (
    counts,
    drawn,
    names,
    output,
    run,
    saved,
    shapes,
    shown,
    spec,
    tensors,
    values,
    written,
)
from command import expect

X4 = ("--input", "x=2x4")


@pytest.fixture
def mlp(tmp_path):
    """A drawn 4-8-1 perceptron."""
    return drawn(tmp_path, spec("mlp8"))


def test_the_small_perceptron_has_49_parameters():
    """PA1: 4 to 8 to 1."""
    assert counts(spec("mlp8")) == (49, 49)
    assert output(spec("mlp8"), *X4)["shape"] == [2, 1]


def test_layers_are_selected_by_place_from_either_end():
    """PA2: the activation counts; outside is an error."""
    assert names(spec("mlp8"), "layer:2") == ["2.bias", "2.weight"]
    assert names(spec("mlp8"), "layer:-1") == ["2.bias", "2.weight"]
    assert names(spec("mlp8"), "layer:0..1") == ["0.bias", "0.weight"]
    result = expect(2, "ls", spec("mlp8"), "layer:3")
    assert result.err.startswith("paramctl: 'layer:3' selects none of 4 tensors\n")


def test_a_layer_tells_its_type_and_sizes():
    """PA3: two Linear layers, (4 to 8) and (8 to 1)."""
    assert shapes(spec("mlp8"), "type:Linear & weight") == {
        "0.weight": [8, 4], "2.weight": [1, 8]
    }  # fmt: skip


def test_an_activation_owns_nothing():
    """PA4: the module at 1 has no rows, which is an error unless it is allowed."""
    assert names(spec("mlp8"), "1", "--allow-empty") == []
    expect(2, "ls", spec("mlp8"), "1")


def test_all_parameters_of_one_layer_are_its_weight_and_its_bias(mlp):
    """PA5: of a spec or of a checkpoint alike."""
    assert shapes(spec("mlp8"), "2") == shapes(mlp, "2") == {"2.bias": [1], "2.weight": [1, 8]}


def test_a_name_and_a_place_reach_the_same_tensor(mlp):
    """PA6: by its name, by layer and field, by a floating pattern."""
    by_name, by_place, by_end = (
        expect(0, "ls", mlp, select).out
        for select in ("0.weight", "layer:0 & ndim:2", "^0.*eight$")
    )
    assert by_name == by_place == by_end == "0.weight\tF32\t[8,4]\t32\t128\n"


def test_a_parameter_is_value_gradient_and_facts(mlp):
    """PA7: each is asked for on its own."""
    [row] = expect(0, "ls", mlp, "2.bias", "--json").json["tensors"]
    assert (row["dtype"], row["shape"], row["kind"]) == ("F32", [1], "parameter")
    assert shown(mlp, "2.bias") == [float(tensors(mlp)["2.bias"][0])]
    answer = run(spec("mlp8"), mlp, *X4, "--backward", "sum").json
    assert answer["gradients"]["2.bias"] == {"l2": 2.0, "absmax": 2.0}


def test_a_row_of_a_weight_is_read_by_its_index(tmp_path):
    """PA8: 20 values within the bound of the scheme, the narrow uniform one."""
    path = drawn(tmp_path, spec("mlp256"), "--input", "x=2x20", "--scheme", "mxnet.uniform")
    row = shown(path, "0.weight[0,:]")
    assert len(row) == 20
    assert row == tensors(path)["0.weight"][0].tolist()
    assert np.abs(tensors(path)["0.weight"]).max() <= np.float32(0.07)
    assert np.abs(tensors(path)["0.weight"]).max() > 0.0699


def test_without_a_backward_pass_there_are_no_gradients(tmp_path):
    """PA9: none at all before it, null for a parameter that never took part in it."""
    spare = written(
        tmp_path,
        "  modules:\n    used: Linear(4, 1)\n    spare: Linear(4, 1)\n  forward: return used(x)\n",
    )
    assert "gradients" not in run(spare, *X4).json
    found = run(spare, *X4, "--backward", "sum").json["gradients"]
    assert found["spare.weight"] is None
    assert found["used.weight"]["l2"] > 0


def test_biases_begin_as_zeros(tmp_path):
    """PA10: ten of them in the output layer."""
    path = drawn(tmp_path, spec("mlp256"), "--input", "x=2x20", "--scheme", "xavier")
    assert shown(path, "2.bias") == [0.0] * 10


def test_names_skip_a_layer_without_parameters():
    """PA11: 0 and 2, never 1; of one layer or of the whole."""
    assert shapes(spec("mlp8"), "0") == {"0.bias": [8], "0.weight": [8, 4]}
    assert names(spec("mlp8")) == ["0.bias", "0.weight", "2.bias", "2.weight"]


def test_a_full_name_reaches_through_the_whole_model(mlp):
    """PA12: no counting in a list, where another tensor may stand."""
    assert shown(mlp, "2.bias") == tensors(mlp)["2.bias"].tolist()


def test_all_parameters_at_once():
    """PA13: four, with their shapes."""
    assert len(shapes(spec("mlp256"), "--input", "x=2x20")) == 4


def test_a_regular_expression_matches_whole_names():
    """PA14: `.*weight` finds both weights; `weight` alone finds nothing, and that is an error."""
    mlp = spec("mlp256")
    assert names(mlp, r"re:.*weight") == ["0.weight", "2.weight"]
    assert names(mlp, r"re:0\..*") == ["0.bias", "0.weight"]
    assert names(mlp, r"re:0\.weight|2\.bias") == ["0.weight", "2.bias"]
    expect(2, "ls", mlp, "re:weight")


@pytest.mark.parametrize(
    ("widths", "count"), [((8, 4, 1), 309), ((32, 16, 10), 4074)], ids=["torch", "gluon"]
)
def test_nested_blocks_have_names_with_blanks(widths, count, tmp_path):
    """PA15: 18 tensors, named `0.block 0.0.weight` and so on."""
    text = spec("rgnet").read_text()
    for old, new in zip((8, 4, 1), widths, strict=True):
        text = text.replace(f"out_features={old})", f"out_features=<{new}>)")
    path = tmp_path / "rgnet.yaml"
    path.write_text(text.replace("<", "").replace(">", ""))
    found = names(path, *X4)
    assert len(found) == 18
    assert found[:2] == ["0.block 0.0.bias", "0.block 0.0.weight"]
    assert counts(path, *X4) == (count, count)
    assert output(path, *X4)["shape"] == [2, widths[-1]]


def test_blocks_of_single_layers_have_85_parameters(tmp_path):
    """PA15: one layer of 4 per block, four blocks, and one layer of 1."""
    nested = written(
        tmp_path,
        '  - Repeat(4, Sequential(Linear(out_features=4), relu), name="block-{i}")\n'
        "  - Linear(out_features=1)\n",
    )
    assert counts(nested, *X4) == (85, 85)


def test_the_tree_shows_the_blocks_in_their_blocks():
    """PA16: three levels."""
    tree = expect(0, "inspect", spec("rgnet"), *X4, "-f", "tree").out.splitlines()
    assert any(line.startswith("├ block 0") for line in tree)
    assert any("0.{bias,weight}" in line and line.startswith("│ ├ ") for line in tree)
    assert tree[-1].startswith("1.{bias,weight}")


def test_a_nested_index_and_a_name_with_blanks_reach_the_same_bias(tmp_path):
    """PA17: `[0][1][0].bias` is `0.block 1.0.bias`, of shape (8,)."""
    path = drawn(tmp_path, spec("rgnet"), *X4)
    assert shapes(path, "0.block 1.0.bias") == {"0.block 1.0.bias": [8]}
    assert names(path, '"0.block 1.0" & ndim:1') == ["0.block 1.0.bias"]
    assert shown(path, "0.block 1.0.bias") == tensors(path)["0.block 1.0.bias"].tolist()


def test_the_tree_is_nested_in_json():
    """PA18: children below children, each with its shape."""
    tree = expect(0, "inspect", spec("mlp8"), "--json").json["tree"]
    found = {
        (layer["name"], child["name"]): child["shape"]
        for layer in tree
        for child in layer["children"]
    }
    assert found == {
        ("0", "bias"): [8], ("0", "weight"): [8, 4], ("2", "bias"): [1], ("2", "weight"): [1, 8]
    }  # fmt: skip


def test_the_layers_of_a_nested_block_are_reached_by_path():
    """PA-EX1: below `0.net`, four tensors."""
    given = ("--input", "x=2x20")
    assert names(spec("chimera"), "0.net", *given) == [
        "0.net.0.bias", "0.net.0.weight", "0.net.2.bias", "0.net.2.weight"
    ]  # fmt: skip


def test_a_block_with_a_constant_trains_only_its_layer():
    """PA-EX1b: linear.* are the parameters; the constant is listed as what it is."""
    rows = expect(0, "ls", spec("fixed-hidden"), "--json").json["tensors"]
    assert {row["name"]: row["kind"] for row in rows} == {
        "linear.bias": "parameter", "linear.weight": "parameter", "rand_weight": "constant"
    }  # fmt: skip


def test_shapes_are_open_before_the_first_input():
    """PA-EX4: the input size is a null, the rest is known."""
    assert shapes(spec("mlp256"))["0.weight"] == [256, None]


def test_every_initializer_can_be_looked_up():
    """PA-EX5, IP-EX1: name, formula, options and source of each."""
    schemes = expect(0, "schemes", "--json").json["schemes"]
    assert {"xavier_uniform", "kaiming_normal", "orthogonal"} < {row["name"] for row in schemes}
    for row in schemes:
        assert row["formula"]
        assert row["source"]
        assert isinstance(row["options"], dict)


def test_the_output_for_the_books_input_is_what_a_hand_computes(tmp_path):
    """PA1: with its printed X, an identity above and -0.1 below: 0.05 - 0.1·(row sums)."""
    layers = {
        "0.weight": np.eye(8, 4, dtype=np.float32),
        "0.bias": np.zeros(8, np.float32),
        "2.weight": np.full((1, 8), -0.1, np.float32),
        "2.bias": np.full(1, 0.05, np.float32),
    }
    x = "x=[[0.2432,0.4543,0.8625,0.7993],[0.5532,0.1438,0.1615,0.7403]]"
    found = values(spec("mlp8"), saved(tmp_path, layers), "--input", x)
    np.testing.assert_allclose(found, [[-0.18593], [-0.10988]], rtol=1e-5)
