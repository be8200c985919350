"""`paramctl init` as a user types it."""

import math
from pathlib import Path

import numpy as np
import pytest
from command import expect
from safetensors.numpy import load_file, save_file

POOLER = {"pooler.dense.weight", "pooler.dense.bias"}


def model(folder: Path, **more: np.ndarray) -> Path:
    """A model of two linear layers of threes."""
    shapes = {"0.weight": (256, 20), "0.bias": (256,), "2.weight": (10, 256), "2.bias": (10,)}
    tensors = {name: np.full(shape, 3, np.float32) for name, shape in shapes.items()}
    save_file({**tensors, **more}, folder / "m.safetensors")
    return folder / "m.safetensors"


XAVIER = ("--scheme", "xavier", "--seed", "7")


def test_the_pooler_of_a_real_model_is_drawn_anew_and_nothing_else(minilm, tmp_path):
    once = expect(0, "init", minilm, "pooler", *XAVIER, "-o", tmp_path / "a")
    assert once.err == f"selected 2 of 104 tensors\nwrote {tmp_path / 'a'}: 2 changes\n"
    before = load_file(minilm / "model.safetensors")
    after = load_file(tmp_path / "a" / "model.safetensors")
    assert before.keys() == after.keys()
    for name in before.keys() - POOLER:
        assert before[name].tobytes() == after[name].tobytes()
    bound = math.sqrt(6 / 768)
    weight = after["pooler.dense.weight"]
    assert 0.99 * bound < np.abs(weight).max() <= bound
    assert not after["pooler.dense.bias"].any()
    assert not np.array_equal(weight, before["pooler.dense.weight"])


def test_the_same_command_twice_gives_the_same_bytes(minilm, tmp_path):
    for name in "ab":
        expect(0, "init", minilm, "pooler", *XAVIER, "-o", tmp_path / name)
    a, b = ((tmp_path / name / "model.safetensors").read_bytes() for name in "ab")
    assert a == b


def test_another_seed_gives_other_values(tmp_path):
    path = model(tmp_path)
    for seed in ("1", "2"):
        expect(
            0,
            "init",
            path,
            "--scheme",
            "normal",
            "--seed",
            seed,
            "-o",
            tmp_path / f"{seed}.safetensors",
        )
    one, two = (load_file(tmp_path / f"{seed}.safetensors")["0.weight"] for seed in "12")
    assert abs(np.corrcoef(one.ravel(), two.ravel())[0, 1]) < 5 / math.sqrt(5120)


def test_constant_one_leaves_biases_zero(tmp_path):
    """Forward of ones through 20-256-10 would be 5120 everywhere."""
    expect(0, "init", model(tmp_path), "--scheme", "constant(1)", "-o", tmp_path / "o.safetensors")
    made = load_file(tmp_path / "o.safetensors")
    hidden = np.ones((2, 20)) @ made["0.weight"].T + made["0.bias"]
    assert (hidden @ made["2.weight"].T + made["2.bias"]).tolist() == [[5120.0] * 10] * 2


def test_verbose_names_the_weights_that_a_scheme_draws(tmp_path):
    result = expect(
        0, "init", model(tmp_path), "-v", "-o", tmp_path / "o.safetensors",
        "--scheme", "expr: u = uniform(-10, 10); u * (abs(u) >= 5)",
    )  # fmt: skip
    assert result.err.splitlines()[:2] == ["Init 0.weight (256, 20)", "Init 2.weight (10, 256)"]


def test_explain_says_which_rule_chose_what(tmp_path):
    result = expect(
        0, "init", model(tmp_path), "--explain", "-o", tmp_path / "o.safetensors",
        "--scheme", "normal(std=0.01)", "--scheme", "2.weight=constant(42)",
    )  # fmt: skip
    assert sorted(result.rows) == [
        ["0.bias", "zeros", "biases are zeros unless --bias says"],
        ["0.weight", "normal(std=0.01)", "--scheme"],
        ["2.bias", "zeros", "biases are zeros unless --bias says"],
        ["2.weight", "constant(42)", "--scheme 2.weight"],
    ]


def test_json_lists_the_changes(tmp_path):
    path, out = model(tmp_path), tmp_path / "o.safetensors"
    result = expect(0, "init", path, "0.weight", "--scheme", "xavier", "-o", out, "--json")
    side = {"name": "0.weight", "dtype": "F32", "shape": [256, 20]}
    assert result.json == {
        "schema": "paramctl/init/1",
        "changes": [{"name": "0.weight", "action": "changed", "from": side, "to": side}],
        "output": str(out),
        "dry_run": False,
    }


def test_a_dry_run_needs_no_output_and_writes_none(tmp_path):
    path = model(tmp_path)
    expect(0, "init", path, "--scheme", "xavier", "-n")
    assert [file.name for file in tmp_path.iterdir()] == ["m.safetensors"]


def test_in_place_replaces_the_file_itself(tmp_path):
    path = model(tmp_path)
    expect(0, "init", path, "0.weight", "--scheme", "zeros", "--in-place")
    made = load_file(path)
    assert not made["0.weight"].any()
    assert (made["2.weight"] == 3).all()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            ["--scheme", "xavier_unifrom"],
            "paramctl: no initializer named 'xavier_unifrom'\nhint: did you mean xavier_uniform?\n",
        ),
        (
            ["--seed", "-1"],
            "paramctl: a seed is a whole number from 0 to 18446744073709551615, not -1\n",
        ),
        (
            ["0.bias", "--scheme", "xavier"],
            "paramctl: 0.bias: fans need two axes or more, and it has 1 (xavier)\n"
            "hint: give it a scheme without fans, such as zeros or normal(std=0.02)\n",
        ),
        (
            ["--bias", "nothing"],
            "paramctl: no initializer named 'nothing'\n",
        ),
    ],
)
def test_wrong_usage_is_exit_2_and_writes_nothing(tmp_path, arguments, text):
    out = tmp_path / "o.safetensors"
    result = expect(2, "init", model(tmp_path), *arguments, "-o", out)
    assert result.err == text
    assert not out.exists()


def test_a_value_beyond_the_dtype_is_exit_1_and_writes_nothing(tmp_path):
    path = model(tmp_path, h=np.zeros((2, 2), np.float16))
    out = tmp_path / "o.safetensors"
    result = expect(1, "init", path, "h", "--scheme", "constant(1e6)", "-o", out)
    assert result.err == "paramctl: h: 1000000.0 is beyond the range of F16\n"
    assert not out.exists()


def test_provenance_records_the_seed_and_the_definition_of_the_numbers(tmp_path):
    path, out = model(tmp_path), tmp_path / "o.safetensors"
    expect(0, "init", path, "0", *XAVIER, "--provenance", "-o", out)
    metadata = dict(expect(0, "meta", out).rows)
    assert metadata["paramctl.seed"] == "7"
    assert metadata["paramctl.stream"] == "paramctl-2"
    assert metadata["paramctl.recipe"].startswith('[{"init":{"rules":[[null,"xavier"]],"seed":7}')


SPECS = Path(__file__).parent.parent.parent / "fixtures" / "specs"


def test_a_spec_becomes_a_checkpoint_once_its_sizes_are_known(tmp_path):
    out = tmp_path / "o.safetensors"
    result = expect(0, "init", SPECS / "mlp256.yaml", "--input", "x=2x20", "-v", "-o", out)
    assert result.err.splitlines() == [
        "Init 0.weight (256, 20)",
        "Init 2.weight (10, 256)",
        "selected 4 of 4 tensors",
        f"wrote {out}: 4 changes",
    ]
    assert sum(x.size for x in load_file(out).values()) == 7946


def test_a_spec_with_open_sizes_says_how_to_give_them(tmp_path):
    result = expect(2, "init", SPECS / "mlp256.yaml", "-o", tmp_path / "o.safetensors")
    assert result.err == (
        "paramctl: the shape of the input 'x' is not known\nhint: give its shape: --input x=2x20\n"
    )
    assert not list(tmp_path.iterdir())


def test_a_tied_spec_stores_its_tie_once(tmp_path):
    out = tmp_path / "o.safetensors"
    given = ("--input", "x=2x4")
    expect(0, "init", SPECS / "tied-mlp.yaml", *given, "--scheme", "normal", "-o", out)
    rows = expect(0, "ls", out, "--json").json["tensors"]
    assert sum(row["numel"] for row in rows if row["tied_to"] is None) == 121
    assert {row["name"]: row["tied_to"] for row in rows if row["tied_to"]} == {
        "4.weight": "2.weight", "4.bias": "2.bias",
    }  # fmt: skip


def test_one_seed_gives_a_spec_and_its_checkpoint_the_same_values(tmp_path):
    """Drawn from the spec, or into a checkpoint of it: the name decides."""
    first, second = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    given = ("--input", "x=2x20")
    expect(0, "init", SPECS / "mlp256.yaml", *given, *XAVIER, "-o", first)
    expect(0, "init", first, *XAVIER, "--in-place")
    expect(0, "init", SPECS / "mlp256.yaml", *given, *XAVIER, "-o", second)
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            [SPECS / "mlp256.yaml", "--in-place"],
            "paramctl: a spec is not written in place\nhint: -o OUT writes a new checkpoint\n",
        ),
        (
            [SPECS / "mlp256.yaml", "-n", "--input", "y=2x20"],
            "paramctl: the model has no input 'y'\nhint: it takes x\n",
        ),
        (
            [SPECS / "mlp256.yaml", "-n", "--set", "width"],
            "paramctl: 'width' is no NAME=VALUE\n",
        ),
    ],
)
def test_what_a_spec_cant_do_is_said(arguments, text):
    assert expect(2, "init", *arguments).err == text


def test_inputs_are_for_specs(tmp_path):
    result = expect(2, "init", model(tmp_path), "--input", "x=2x20", "-n")
    assert result.err == "paramctl: --input and --set are for a SPEC; MODEL has its shapes\n"


def test_rules_without_a_selection_of_tensors_say_that_the_rest_takes_its_defaults(tmp_path):
    path, out = model(tmp_path), tmp_path / "o.safetensors"
    rest = len(expect(0, "ls", path).rows) - 1
    told = expect(0, "init", path, "--scheme", "0.weight=constant(42)", "-o", out).err
    assert told.splitlines()[:2] == [
        f"warning: the other {rest} tensors take their defaults",
        "hint: a SELECT leaves them as they are: paramctl init MODEL '0.weight' --scheme …",
    ]
    chosen = ["0.weight", "--scheme", "0.weight=constant(42)"]
    told = expect(0, "init", path, *chosen, "-o", out, "--force").err
    assert told.startswith("selected 1 of ")
