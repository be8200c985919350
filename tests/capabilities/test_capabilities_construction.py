"""How models are put together: blocks, sequences, shared layers, constants, loops."""

import numpy as np
import pytest
from capabilities.book import (
    counts,
    drawn,
    filled,
    gradients,
    names,
    output,
    run,
    saved,
    shapes,
    spec,
    tensors,
    values,
    written,
)
from command import expect

X = ("--input", "x=2x20")
ONES = ("--input", "x=ones:2x20")


def test_a_perceptron_of_two_layers_has_7946_parameters_and_ten_outputs():
    """MC1: 20 to 256 to 10."""
    assert shapes(spec("mlp256"), *X) == {
        "0.bias": [256], "0.weight": [256, 20], "2.bias": [10], "2.weight": [10, 256]
    }  # fmt: skip
    assert counts(spec("mlp256"), *X) == (7946, 7946)
    assert output(spec("mlp256"), *X)["shape"] == [2, 10]


def test_blocks_nest_and_may_own_nothing():
    """MC2: a block is a layer, several layers or the model; one may have no parameters."""
    assert names(spec("centered")) == []
    assert counts(spec("centered")) == (0, 0)
    deepest = max(names(spec("chimera"), *X), key=lambda name: name.count("."))
    assert deepest.split(".")[:-1] == ["0", "net", "0"]


@pytest.mark.parametrize("width", [20, 7])
def test_a_layer_takes_gives_learns_and_initializes_whatever_the_width(width, tmp_path):
    """MC3: the five duties of a module."""
    layer = written(tmp_path, "  - Linear(out_features=256)\n")
    given = ("--input", f"x=2x{width}")
    assert output(layer, *given)["shape"] == [2, 256]
    assert shapes(layer, *given)["0.weight"] == [256, width]
    path = drawn(tmp_path, layer, *given)
    assert tensors(path)["0.weight"].std() > 0
    assert gradients(tmp_path, layer, path, *given)["0.weight"].shape == (256, width)


def test_a_block_names_its_children_itself():
    """MC4: hidden and output instead of numbers."""
    assert names(spec("mlp-named"), *X) == [
        "hidden.bias", "hidden.weight", "output.bias", "output.weight"
    ]  # fmt: skip


def test_two_instances_of_one_class_are_two_models(tmp_path):
    """MC5: other seeds, other weights; the zero biases are the same."""
    a, b = (
        drawn(tmp_path, spec("mlp-named"), *X, "--scheme", "xavier", "--seed", seed, name=seed)
        for seed in ("1", "2")
    )
    changed = expect(1, "diff", a, b, "--json").json["tensors"]
    assert [row["name"] for row in changed] == ["hidden.weight", "output.weight"]
    assert all(row["share"] == 1 for row in changed)


def test_a_sequence_runs_its_children_in_order_and_numbers_them():
    """MC6: "0", "1", "2"; the activation at "1" owns nothing."""
    trace = run(spec("mlp256"), *X, "--trace").json["trace"]
    assert [row["module"] for row in trace] == ["", "0", "1", "2"]
    assert not [name for name in names(spec("mlp256"), *X) if name.startswith("1.")]


def identity(folder):
    """The identity in every square matrix, zero in the bias."""
    eye = np.eye(20, dtype=np.float32)
    zero = np.zeros(20, np.float32)
    return saved(folder, {"linear.weight": eye, "linear.bias": zero, "rand_weight": eye})


def test_a_loop_on_the_l1_norm_halves_seven_times(tmp_path):
    """MC8: ones through identities end as the scalar 0.625; other inputs end within 1."""
    found = output(spec("fixed-hidden"), identity(tmp_path), *ONES)
    assert (found["shape"], found["values"]) == ([], 0.625)
    assert abs(values(spec("fixed-hidden"), *X, "--seed", "3")) <= 1


def test_a_loop_on_the_l2_norm_scales_up_to_50(tmp_path):
    """MC9: four halvings to 0.790569, then times ten."""
    text = spec("fancy").read_text().replace(", persistent=False", "")
    fancy = tmp_path / "fancy.yaml"
    fancy.write_text(text)
    assert values(fancy, identity(tmp_path), *ONES) == pytest.approx(50.0, rel=1e-6)


def test_a_constant_is_no_parameter(tmp_path):
    """MC10: counted apart, drawn by its own rule whatever the scheme, stored where it persists."""
    found = expect(0, "inspect", spec("fixed-hidden"), "--json").json
    assert (found["parameters"]["unique"], found["buffers"]) == (420, 400)
    kinds = expect(0, "ls", spec("fixed-hidden"), "kind:constant", "-f", "names").out
    assert kinds == "rand_weight\n"
    stored = tensors(filled(tmp_path, spec("fixed-hidden"), 1))
    assert stored["linear.weight"].min() == 1
    assert 0 <= stored["rand_weight"].min() < stored["rand_weight"].max() < 1
    assert names(drawn(tmp_path, spec("fancy"), name="fancy")) == ["linear.bias", "linear.weight"]


def test_a_layer_called_twice_is_one_parameter_with_both_gradients(tmp_path):
    """MC11: the gradient of the shared layer is the sum of those of two copies."""
    body = "  modules:\n{}\n  forward: return {}\n"
    once = written(tmp_path, body.format("    a: Linear(3, 3)", "a(a(x))"), "once")
    twice = written(
        tmp_path, body.format("    a: Linear(3, 3)\n    b: Linear(3, 3)", "b(a(x))"), "twice"
    )
    weight = np.array([[0.5, 0.1, 0], [0, 0.7, 0.2], [0.3, 0, 0.9]], np.float32)
    layer = {"a.weight": weight, "a.bias": np.ones(3, np.float32)}
    copies = layer | {"b.weight": weight, "b.bias": np.ones(3, np.float32)}
    given = ("--input", "x=[[1,2,3]]")
    assert names(once) == ["a.bias", "a.weight"]
    shared = gradients(tmp_path, once, saved(tmp_path, layer, "a"), *given)
    apart = gradients(tmp_path, twice, saved(tmp_path, copies, "b"), *given)
    np.testing.assert_allclose(shared["a.weight"], apart["a.weight"] + apart["b.weight"], rtol=1e-6)
    np.testing.assert_allclose(shared["a.bias"], apart["a.bias"] + apart["b.bias"], rtol=1e-6)


def test_a_block_in_a_block_extends_the_names():
    """MC12: net.0, net.2 and linear below the nested block."""
    found = shapes(spec("chimera"), "^0", *X)
    weights = {name: shape for name, shape in found.items() if name.endswith("weight")}
    assert weights == {
        "0.linear.weight": [16, 32], "0.net.0.weight": [64, 20], "0.net.2.weight": [32, 64]
    }  # fmt: skip


def test_blocks_of_three_kinds_in_a_row_have_4712_parameters():
    """MC13: ten trained tensors and a scalar."""
    trained = shapes(spec("chimera"), "kind:parameter", *X)
    assert len(trained) == 10
    assert trained["1.weight"] == [20, 16]
    assert trained["2.linear.weight"] == [20, 20]
    assert counts(spec("chimera"), *X) == (4712, 4712)
    assert output(spec("chimera"), *X)["shape"] == []


def test_a_child_that_nobody_registered_is_an_error(tmp_path):
    """MC-EX1: no layer can hide in a plain list; an unknown child is named with its place."""
    hidden = written(tmp_path, "  modules:\n    a: Linear(4, 3)\n  forward: return aa(x)\n")
    result = expect(3, "forward", hidden, "--input", "x=2x4")
    assert "net.yaml:6:19: no function named 'aa'" in result.err
    assert "hint: did you mean a?" in result.err
    idle = written(
        tmp_path, "  modules:\n    a: Linear(4, 3)\n    b: Linear(4, 3)\n  forward: return a(x)\n"
    )
    model = drawn(tmp_path, idle, "--input", "x=2x4")
    [found] = expect(0, "check", model, "--spec", idle, "--json").json["findings"]
    assert (found["rule"], found["severity"], found["name"]) == ("unused-child", "warning", "b")


def test_a_parallel_block_joins_the_outputs_of_its_branches(tmp_path):
    """MC-EX2: heads of 3 and 5 give 8."""
    heads = written(tmp_path, "  Parallel(Linear(None, 3), Linear(None, 5))\n")
    assert output(heads, "--input", "x=2x4")["shape"] == [2, 8]


def test_copies_own_parameters_and_uses_share_them(tmp_path):
    """MC-EX3: three copies count three times, one layer called three times counts once."""
    copies = written(tmp_path, "  Repeat(3, Linear(4, 4))\n", "copies")
    uses = written(
        tmp_path, "  modules: {a: 'Linear(4, 4)'}\n  forward: return a(a(a(x)))\n", "uses"
    )
    assert counts(copies) == (60, 60)
    assert counts(uses) == (20, 20)


def test_a_malformed_block_is_an_error_with_its_line(tmp_path):
    """MC-EX4: file, line, column, the underlined place, and the nearest name."""
    wrong = written(tmp_path, "  - Linear(4, 3)\n  - Linaer(3, 1)\n")
    result = expect(3, "inspect", wrong)
    assert result.err == (
        f"paramctl: {wrong}:5:5: no layer named 'Linaer'\n"
        "     5 |   - Linaer(3, 1)\n"
        "       |     ^^^^^^\n"
        "hint: did you mean Linear?\n"
    )


def test_a_loop_needs_one_value_for_its_condition(tmp_path):
    """MC-EX5: control flow reads a single value back from the device, never an array."""
    loop = written(
        tmp_path, "  forward: |\n    while x > 1:\n      x = x / 2\n    return x\n", "loop"
    )
    result = expect(2, "forward", loop, "--input", "x=ones:2x4")
    assert "a condition is one value, not [2, 4]" in result.err


def test_a_list_of_layers_is_refused_where_a_child_is_named(tmp_path):
    """MC-EX6: a list below ``modules`` would hide layers; it is an error, never silence."""
    listed = written(tmp_path, "  modules:\n    net:\n      - Linear(4, 3)\n")
    result = expect(3, "inspect", listed)
    assert f"{listed}:6:7: " in result.err
    assert "not a list" in result.err
