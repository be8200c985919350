"""The verb spec: families, layers, shapes with their origins, the schema."""

import json
from pathlib import Path

import numpy as np
import pytest
from command import call, expect
from safetensors.numpy import save_file

from paramctl.spec.block import KEYS, MODEL_KEYS
from paramctl.spec.document import KEYS as DOCUMENT_KEYS
from paramctl.spec.load import families

SPECS = Path(__file__).parents[2] / "fixtures" / "specs"


def test_list_has_a_row_for_every_family():
    result = expect(0, "spec", "list", "--json").json
    assert result["schema"] == "paramctl/spec/1"
    assert [row["name"] for row in result["families"]] == families()
    assert {"bert", "gpt2", "llama", "mistral", "qwen2", "qwen3"} <= set(families())
    assert all(row["about"] for row in result["families"])
    assert all(row["architectures"] or row["model_type"] for row in result["families"])


def test_list_names_one_family_a_line():
    assert expect(0, "spec", "list", "-f", "names").out.split() == families()


def test_show_prints_the_text_of_a_family():
    out = expect(0, "spec", "show", "qwen3").out
    assert out.startswith("paramctl: 1\n")
    assert "extends: llama\n" in out


def test_show_prints_a_file_as_it_is():
    path = SPECS / "mlp8.yaml"
    assert expect(0, "spec", "show", path).out == path.read_text()


def test_show_prints_one_layer():
    out = expect(0, "spec", "show", "Linear").out
    assert out.startswith("Linear:\n  about:")
    assert out.rstrip().endswith("forward: return linear(x, weight, bias)")


def test_layers_tell_arguments_tensors_and_schemes():
    [row] = expect(0, "spec", "layers", "Linear", "--json").json["layers"]
    assert row["usage"] == "Linear(in_features=None, out_features, bias=True, fused=1, turns=1)"
    weight, bias = row["tensors"]
    assert weight == {
        "name": "weight", "kind": "parameter", "shape": "[out_features, in_features]",
        "axes": "out in", "init": "kaiming_uniform(a=sqrt(5))", "when": "",
    }  # fmt: skip
    assert (bias["shape"], bias["when"]) == ("[out_features]", "if bias")


def test_layers_list_all_of_them():
    names = expect(0, "spec", "layers", "-f", "names").out.split()
    assert {"Linear", "Conv2d", "LSTM", "Sequential", "Repeat", "MultiheadAttention"} <= set(names)


def test_one_layer_reads_well():
    assert expect(0, "spec", "layers", "RMSNorm", "-f", "table").out == (
        "RMSNorm(normalized_shape=None, eps=1e-06, elementwise_affine=True)\n"
        "    x / sqrt(mean(x²) + eps) * weight over the last axis\n"
        "  parameter weight [normalized_shape] = ones if elementwise_affine\n"
    )


def test_shapes_tell_where_each_size_came_from(tmp_path):
    text = (SPECS / "mlp256.yaml").read_text()
    (tmp_path / "net.yaml").write_text(text)
    result = expect(0, "spec", "shapes", "net.yaml", "--input", "x=2x20", "--json", cwd=tmp_path)
    assert result.json["shapes"][0] == {
        "name": "0.weight",
        "shape": [256, 20],
        "sizes": [
            {"value": 256, "from": "the spec (net.yaml:5)"},
            {"value": 20, "from": "the input x"},
        ],
    }


def test_a_checkpoint_decides_open_sizes(tmp_path):
    """And one whose config.json names a family needs no spec."""
    (tmp_path / "net.yaml").write_text("paramctl: 1\nmodel: Linear(None, 3)\n")
    save_file({"weight": np.ones((3, 2)), "bias": np.ones(3)}, tmp_path / "m.safetensors")
    words = ("spec", "shapes", "net.yaml", "m.safetensors")
    assert expect(0, *words, cwd=tmp_path).rows == [
        ["weight", "[3,2]", "3 the spec (net.yaml:2); 2 the checkpoint"],
        ["bias", "[3]", "3 the spec (net.yaml:2)"],
    ]
    refused = expect(2, *words, "--input", "x=5x4", cwd=tmp_path)
    assert "in_features is 2 by the checkpoint, 4 by the input x" in refused.err
    tied = expect(0, "spec", "shapes", SPECS.parent / "checkpoints" / "tied-but-both-stored").rows
    assert "hidden_size (config.json:" in tied[0][2]
    unknown = expect(2, "spec", "shapes", "llam", cwd=tmp_path)
    assert unknown.err.endswith("hint: did you mean llama?\n")


def test_open_sizes_are_null_and_said_on_stderr(tmp_path):
    result = expect(0, "spec", "shapes", SPECS / "mlp256.yaml", "--json")
    first = result.json["shapes"][0]
    assert (first["shape"], first["sizes"][1]) == ([256, None], {"value": None, "from": None})
    assert result.json["shapes"][2]["shape"] == [10, 256]
    assert result.err == (
        "1 tensor has a size not known yet; give the shape of the input: --input x=2x20\n"
    )


def test_shapes_of_a_family_follow_set():
    result = expect(
        0, "spec", "shapes", "llama", "--set", "num_hidden_layers=1", "--set", "hidden_size=64",
        "--json",
    )  # fmt: skip
    shapes = {row["name"]: row for row in result.json["shapes"]}
    assert len(shapes) == 12
    assert shapes["model.norm.weight"]["sizes"] == [{"value": 64, "from": "hidden_size (--set)"}]


def test_a_text_of_several_sizes_reads_well():
    path = SPECS / "mlp8.yaml"
    out = expect(0, "spec", "shapes", path, "-f", "table").out
    assert out.startswith(
        f"0.weight [8, 4]\n    8 the spec ({path}:7)\n    4 the spec ({path}:7)\n"
    )


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            ["shapes", "lama"],
            2,
            "paramctl: no built-in family named 'lama'\nhint: did you mean llama?\n",
        ),
        (
            ["show", "no.yaml"],
            3,
            "paramctl: no.yaml: can't read the spec: no such file or directory\n",
        ),
        (
            ["layers", "Linaer"],
            2,
            "paramctl: no built-in layer named 'Linaer'\nhint: did you mean Linear?\n",
        ),
        (
            ["shapes", "llama", "--set", "hiden_size=3"],
            2,
            "paramctl: the spec has no config name 'hiden_size'\nhint: did you mean hidden_size?\n",
        ),
        (
            ["shapes", "llama", "--set", "hidden_size"],
            2,
            "paramctl: 'hidden_size' is no NAME=VALUE\n",
        ),
        (
            ["shapes", "llama", "--input", "ids=1x4"],
            2,
            "paramctl: the model has no input 'ids'\nhint: did you mean input_ids?\n",
        ),
    ],
)
def test_mistakes_are_said_with_their_exit_code(arguments, code, message):
    result = call("spec", *arguments)
    assert (result.code, result.err) == (code, message)


def test_infer_prints_a_spec_that_fits_the_checkpoint(tmp_path):
    expect(0, "init", SPECS / "tied-mlp.yaml", "-o", tmp_path / "m.safetensors")
    result = expect(0, "spec", "infer", tmp_path / "m.safetensors")
    (tmp_path / "own.yaml").write_text(result.out)
    assert result.out.startswith("paramctl: 1\nname: m\n")
    assert result.err == "names and shapes are the checkpoint's; every forward is left to write\n"
    expect(0, "check", tmp_path / "m.safetensors", "--spec", tmp_path / "own.yaml")


def test_a_misspelled_sub_verb_is_wrong_usage():
    assert call("spec", "shape", "llama").code == 2


def test_the_schema_knows_every_key_of_the_language():
    schema = json.loads(expect(0, "spec", "schema").out)
    definitions = schema["$defs"]
    assert set(definitions["Spec"]["properties"]) == set(DOCUMENT_KEYS)
    assert set(definitions["Block"]["properties"]) == set(KEYS)
    assert set(definitions["Model"]["properties"]) == set(MODEL_KEYS)
    assert definitions["Spec"]["required"] == ["paramctl"]
    assert all(part["additionalProperties"] is False for part in definitions.values())


def test_the_schema_accepts_every_spec_of_ours():
    import msgspec

    from paramctl.spec.document import FAMILIES
    from paramctl.spec.nodes import Map, Scalar
    from paramctl.spec.schema import Spec
    from paramctl.spec.yaml import read_yaml

    def plain(node):
        if isinstance(node, Map):
            return {name: plain(part) for name, part in node.items()}
        return node.value if isinstance(node, Scalar) else [plain(part) for part in node]

    for path in [*SPECS.glob("*.yaml"), *FAMILIES.glob("*.yaml")]:
        msgspec.convert(plain(read_yaml(path)), Spec, strict=False)
