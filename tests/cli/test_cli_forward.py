"""``paramctl forward`` as a user types it."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from command import call, expect
from safetensors.numpy import load_file, save_file

SPECS = Path(__file__).parents[2] / "fixtures" / "specs"


@pytest.fixture
def folder(tmp_path):
    """The specs of the fixtures, and a checkpoint of two layers from 20 to 10."""
    for path in SPECS.glob("*.yaml"):
        shutil.copy(path, tmp_path)
    save_file(layers(0), tmp_path / "m.safetensors")
    return tmp_path


def layers(seed):
    rng = np.random.default_rng(seed)
    shapes = {"0.weight": (256, 20), "0.bias": (256,), "2.weight": (10, 256), "2.bias": (10,)}
    return {name: rng.normal(size=s).astype(np.float32) * 0.1 for name, s in shapes.items()}


def reference(tensors, x):
    hidden = np.maximum(x @ tensors["0.weight"].T + tensors["0.bias"], 0)
    return hidden @ tensors["2.weight"].T + tensors["2.bias"]


def forward(folder, *words, code=0):
    return expect(code, "forward", *words, cwd=folder)


def values(folder, *words):
    outputs = forward(folder, *words, "--json").json["outputs"]
    return next(iter(outputs.values()))["values"]


NET = ("mlp256.yaml", "m.safetensors")
ONES = ("--input", "x=ones:2x20")


def test_json_has_the_keys_that_scripts_rely_on(folder):
    answer = forward(folder, *NET, *ONES, "--json").json
    assert list(answer) == ["schema", "device", "outputs"]
    assert answer["schema"] == "paramctl/forward/1"
    assert answer["device"] == "cpu"
    [(name, output)] = answer["outputs"].items()
    assert name == "output"
    assert list(output) == [
        "shape", "dtype", "digest", "min", "max", "mean", "std", "nan", "inf", "values"
    ]  # fmt: skip
    wanted = reference(layers(0), np.ones((2, 20), np.float32))
    np.testing.assert_allclose(output["values"], wanted, atol=1e-5)
    assert (output["shape"], output["dtype"]) == ([2, 10], "F32")
    assert output["mean"] == pytest.approx(wanted.mean(), rel=1e-5)
    assert output["std"] == pytest.approx(wanted.std(), rel=1e-5)


def test_values_are_left_out_of_large_outputs(folder):
    output = forward(folder, *NET, "--input", "x=101x20", "--json").json["outputs"]["output"]
    assert output["shape"] == [101, 10]
    assert "values" not in output


def test_a_pipe_gets_a_line_per_output(folder):
    header, row = forward(folder, *NET, *ONES, "--header").rows
    assert header[:3] == ["name", "dtype", "shape"]
    assert row[:3] == ["output", "F32", "[2,10]"]


def test_a_spec_alone_draws_its_tensors_from_the_seed(folder):
    alone = ("mlp256.yaml", *ONES)
    assert values(folder, *alone) == values(folder, *alone, "--seed", "0")
    assert values(folder, *alone) != values(folder, *alone, "--seed", "1")


def test_constant_weights_leave_biases_zero(folder):
    assert values(folder, "mlp8.yaml", "--input", "x=ones:2x4", "--scheme", "constant(1)") == [
        [32.0], [32.0]
    ]  # fmt: skip
    assert values(folder, "mlp256.yaml", *ONES, "--scheme", "constant(1)")[0] == [5120.0] * 10


def test_a_drawn_spec_is_the_checkpoint_that_init_writes(folder):
    expect(0, "init", "mlp256.yaml", "--input", "x=2x20", "--seed", "3", "-o", "d.safetensors",
           cwd=folder)  # fmt: skip
    drawn = values(folder, "mlp256.yaml", *ONES, "--seed", "3")
    assert drawn == values(folder, "mlp256.yaml", "d.safetensors", *ONES)


def identity(folder, name):
    eye = np.eye(20, dtype=np.float32)
    tensors = {"linear.weight": eye, "linear.bias": np.zeros(20, np.float32), "rand_weight": eye}
    save_file(tensors, folder / name)
    return name


def test_a_layer_used_twice_and_a_loop_on_its_norm(folder):
    weights = identity(folder, "eye.safetensors")
    assert values(folder, "fixed-hidden.yaml", weights, *ONES) == 0.625


def test_a_loop_on_the_euclidean_norm_and_a_condition(folder):
    text = (folder / "fancy.yaml").read_text().replace(", persistent=False", "")
    (folder / "fancy.yaml").write_text(text)
    weights = identity(folder, "eye.safetensors")
    assert values(folder, "fancy.yaml", weights, *ONES) == pytest.approx(50.0, rel=1e-6)


def test_complex_outputs_are_pairs(folder):
    assert values(folder, "half-fft.yaml", "--input", "x=[1,2,3,4]") == [[10, 0], [-2, 2]]


def test_an_expression_over_an_input_and_its_mean(folder):
    assert values(folder, "centered.yaml", "--input", "x=[1,2,3,4,5]") == [-2, -1, 0, 1, 2]


def test_a_config_name_can_be_set(folder):
    (folder / "wide.yaml").write_text("paramctl: 1\nconfig: {width: 3}\nmodel: Linear(4, width)\n")
    found = forward(folder, "wide.yaml", "--set", "width=7", "--input", "x=2x4", "--json").json
    assert found["outputs"]["output"]["shape"] == [2, 7]


def test_outputs_are_saved_and_expected(folder):
    forward(folder, *NET, *ONES, "--save", "out.safetensors")
    saved = load_file(folder / "out.safetensors")["output"]
    np.testing.assert_allclose(saved, values(folder, *NET, *ONES))
    forward(folder, *NET, *ONES, "--expect", "out.safetensors")
    save_file({"output": saved + np.float32(0.5)}, folder / "off.safetensors")
    answer = forward(folder, *NET, *ONES, "--expect", "off.safetensors", "--json", code=1).json
    found = answer["first_difference"]
    assert found["module"] == "output"
    assert found["max_abs"] == pytest.approx(0.5, rel=1e-4)
    assert found["b"] - found["a"] == pytest.approx(0.5, rel=1e-4)
    agreed = forward(folder, *NET, *ONES, "--expect", "off.safetensors", "--tol", "0.6")
    assert agreed.err == "the output agrees within 0.6\n"


def test_nothing_is_overwritten_without_force(folder):
    forward(folder, *NET, *ONES, "--save", "out.safetensors")
    refused = forward(folder, *NET, *ONES, "--save", "out.safetensors", code=2)
    assert refused.err == (
        "paramctl: out.safetensors: it exists already\nhint: add --force to replace it\n"
    )
    forward(folder, *NET, *ONES, "--save", "out.safetensors", "--force")
    forward(folder, *NET, *ONES, "--save", "m.safetensors", "--force", code=2)


def test_a_trace_has_a_row_per_module(folder):
    trace = forward(folder, *NET, *ONES, "--trace", "--json").json["trace"]
    assert [row["module"] for row in trace] == ["", "0", "1", "2"]
    assert list(trace[0]) == [
        "module", "shape", "mean", "std", "absmax", "nan", "inf", "seconds"
    ]  # fmt: skip
    assert trace[1]["shape"] == [2, 256]
    rows = forward(folder, *NET, *ONES, "--trace").rows
    assert [row[0] for row in rows] == [".", "0", "1", "2"]


def test_two_checkpoints_part_at_the_module_that_differs(folder):
    tensors = layers(0)
    tensors["2.bias"] = tensors["2.bias"] + np.float32(1)
    save_file(tensors, folder / "other.safetensors")
    compared = forward(folder, *NET, *ONES, "--compare", "other.safetensors", "--json", code=1)
    found = compared.json["first_difference"]
    assert found["module"] == "2"
    assert found["max_abs"] == pytest.approx(1, rel=1e-5)
    assert found["b"] - found["a"] == pytest.approx(1, rel=1e-5)
    assert compared.err.startswith("paramctl: first difference in 2 (Linear): ")
    same = forward(folder, *NET, *ONES, "--compare", "m.safetensors", "--json")
    assert "first_difference" not in same.json
    assert same.err == "the output agrees within 0.0001\n"
    assert forward(folder, *NET, *ONES).err == ""


def test_a_nan_is_laid_to_the_module_that_made_it(folder):
    tensors = layers(0)
    tensors["2.weight"][3, 5] = np.nan
    save_file(tensors, folder / "bad.safetensors")
    answer = forward(folder, "mlp256.yaml", "bad.safetensors", *ONES, "--json", code=1)
    assert answer.json["outputs"]["output"]["nan"] == 2
    assert answer.json["first_nonfinite"]["module"] == "2"
    assert answer.err == (
        "paramctl: NaN first appears in 2 (Linear): 2 NaN, 0 Inf; its weight holds such values\n"
    )


def test_gradients_of_a_tie_are_one_and_the_dead_have_none(folder):
    (folder / "dead.yaml").write_text(
        "paramctl: 1\nmodel:\n  modules:\n    used: Linear(4, 1)\n    dead: Linear(4, 1)\n"
        "  forward: return used(x)\n"
    )
    answer = forward(folder, "dead.yaml", "--input", "x=2x4", "--backward", "sum", "--json").json
    assert answer["gradients"]["dead.weight"] is None
    assert answer["gradients"]["used.bias"] == {"l2": 2.0, "absmax": 2.0}
    tied = forward(
        folder, "tied-mlp.yaml", "--input", "x=ones:2x4", "--scheme", "constant(0.1)",
        "--backward", "sum", "--json",
    ).json["gradients"]  # fmt: skip
    assert "4.weight" not in tied
    assert tied["2.weight"]["absmax"] == pytest.approx(0.128, rel=1e-6)
    assert tied["2.bias"]["absmax"] == pytest.approx(0.36, rel=1e-6)


def test_a_tie_that_only_the_file_knows_adds_its_gradients_too(folder):
    (folder / "untied.yaml").write_text(
        (folder / "tied-mlp.yaml").read_text().partition("ties:")[0]
    )
    expect(0, "init", "tied-mlp.yaml", "--scheme", "constant(0.1)", "-o", "t.safetensors",
           cwd=folder)  # fmt: skip
    assert "4.weight" not in load_file(folder / "t.safetensors")
    found = forward(
        folder, "untied.yaml", "t.safetensors", "--input", "x=ones:2x4", "--backward", "sum",
        "--json",
    ).json["gradients"]  # fmt: skip
    assert found["2.weight"]["absmax"] == pytest.approx(0.128, rel=1e-6)
    assert "4.weight" not in found


def test_gradients_are_saved_under_the_names_of_the_checkpoint(folder):
    forward(folder, *NET, *ONES, "--backward", "mean", "--save-grads", "g.safetensors")
    saved = load_file(folder / "g.safetensors")
    assert saved.keys() == layers(0).keys()
    np.testing.assert_allclose(saved["2.bias"], np.full(10, 0.1), rtol=1e-6)


def test_other_precisions_differ_by_their_rounding(folder):
    plain = np.array(values(folder, *NET, *ONES))
    double = forward(folder, *NET, *ONES, "--dtype", "float64", "--json").json["outputs"]["output"]
    assert double["dtype"] == "F64"
    np.testing.assert_allclose(double["values"], plain, atol=1e-5)
    half = np.array(values(folder, *NET, *ONES, "--dtype", "bfloat16"))
    assert 0 < np.abs(half - plain).max() < 0.1


def test_a_checkpoint_that_does_not_fit_is_told_with_the_rename(folder):
    save_file({f"net.{name}": t for name, t in layers(0).items()}, folder / "n.safetensors")
    refused = forward(folder, "mlp256.yaml", "n.safetensors", *ONES, code=3)
    assert "it does not fit mlp256.yaml: 4 missing, 4 unexpected" in refused.err
    assert refused.err.endswith(
        "hint: `paramctl rename n.safetensors net= -o OUT` would supply 4 of the 4 missing\n"
    )
    expect(0, "rename", "n.safetensors", "net=", "-o", "fixed.safetensors", cwd=folder)
    assert values(folder, "mlp256.yaml", "fixed.safetensors", *ONES) == values(folder, *NET, *ONES)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ((*NET,), 2, "the input 'x' is missing"),
        ((*NET, "--input", "x=2x21"), 2, "in_features is 20 by the checkpoint, 21 by the input x"),
        ((*NET, "--input", "y=2x20"), 2, "the model has no input 'y'"),
        ((*NET, "--input", "x=nothing.npy"), 2, "no such file: nothing.npy"),
        ((*NET, "--input", "x=2,20"), 2, "'2,20' is no shape"),
        ((*NET, "--input", "20"), 2, "--input 20 names no input"),
        ((*NET, *ONES, "--device", "gpu"), 2, "no device named 'gpu'"),
        ((*NET, *ONES, "--dtype", "int8"), 2, "--dtype takes float32, float64, bfloat16"),
        ((*NET, *ONES, "--backward", "max"), 2, "--backward takes sum, mean, mse"),
        ((*NET, *ONES, "--backward", "mse"), 2, "mse needs a target"),
        ((*NET, *ONES, "--save-grads", "g.safetensors"), 2, "--save-grads needs --backward"),
        ((*NET, *ONES, "--scheme", "xavier"), 2, "--scheme draws the tensors of a SPEC"),
        ((*NET, *ONES, "--set", "width=3"), 2, "the spec has no config name 'width'"),
        ((*NET, *ONES, "--tol", "-1"), 2, "--tol is a number from 0, not -1.0"),
        (("m.safetensors", *ONES), 2, "no config.json says what it is"),
        (("nothing.yaml", *ONES), 3, "nothing.yaml"),
        (("mlp256.yaml", "nothing.safetensors", *ONES), 3, "nothing.safetensors"),
        (("llama4", "m.safetensors", *ONES), 2, "no built-in family named 'llama4'"),
    ],
)
def test_mistakes_have_their_exit_code_and_say_what_is_wrong(folder, words, code, message):
    result = call("forward", *words, cwd=folder)
    assert result.code == code, result.err
    assert message in result.err
    assert result.out == ""


def test_a_word_outside_the_vocabulary_is_the_inputs_mistake(folder):
    (folder / "words.yaml").write_text("paramctl: 1\nmodel: Embedding(10, 4)\n")
    refused = forward(folder, "words.yaml", "--input", "x=[1, 10]", code=2)
    assert "index 10 is outside" in refused.err
