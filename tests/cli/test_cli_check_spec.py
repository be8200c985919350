"""``check --spec``: whether a checkpoint fits, all that doesn't, and the rename that helps."""

import json
from pathlib import Path

import numpy as np
import pytest
from command import expect
from safetensors.numpy import save_file

SPEC = """\
paramctl: 1
model:
  - Linear(out_features=256)
  - relu
  - Linear(out_features=10)
ignore: [attn.bias]
"""
SHAPES = {"0.weight": (256, 20), "0.bias": (256,), "2.weight": (10, 256), "2.bias": (10,)}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "net.yaml").write_text(SPEC)
    return tmp_path


def findings(folder, tensors, code, *more):
    save_file(tensors, folder / "m.safetensors")
    report = expect(
        code, "check", "m.safetensors", "--spec", "net.yaml", "--json", *more, cwd=folder
    ).json
    assert report["ok"] is (code == 0)
    return [found for found in report["findings"] if found["rule"] != "tie-undeclared"]


def tensors(shapes=SHAPES, prefix=""):
    rng = np.random.default_rng(0)
    return {prefix + n: rng.normal(size=s).astype(np.float32) for n, s in shapes.items()}


def test_a_checkpoint_that_fits_has_no_findings(folder):
    assert findings(folder, tensors(), 0) == []


def test_everything_that_does_not_fit_is_found_at_once(folder):
    shapes = {"0.weight": (256, 20), "0.bias": (255,), "2.weight": (10, 256), "3.bias": (10,)}
    found = findings(folder, tensors(shapes), 1)
    assert [(one["rule"], one["severity"], one["name"]) for one in found] == [
        ("mismatched", "error", "0.bias"),
        ("missing", "error", "2.bias"),
        ("unexpected", "error", "3.bias"),
    ]
    assert found[0]["message"] == (
        "expected shape [256], the checkpoint has [255]: "
        "size of 'out' is 256 by the spec (net.yaml:3), 255 by the checkpoint"
    )
    assert found[1]["message"] == "the model needs it: parameter [10]"
    assert found[2]["message"] == "no parameter of the model takes it: [10]"


def test_the_rename_that_would_fix_it_is_the_hint_and_does(folder):
    found = findings(folder, tensors(prefix="module."), 1)
    assert {one["rule"] for one in found} == {"missing", "unexpected"}
    assert {one["hint"] for one in found} == {
        "`paramctl rename m.safetensors module= -o OUT` would supply 4 of the 4 missing"
    }
    expect(0, "rename", "m.safetensors", "module=", "-o", "r.safetensors", cwd=folder)
    expect(0, "check", "r.safetensors", "--spec", "net.yaml", cwd=folder)


def test_a_known_size_must_match_although_the_other_is_open(folder):
    (folder / "net.yaml").write_text(SPEC.replace("256", "255"))
    found = findings(folder, tensors(), 1)
    assert {one["rule"] for one in found} == {"mismatched"}
    assert {one["name"] for one in found} == {"0.weight", "0.bias"}


def test_open_sizes_must_fit_each_other(folder):
    found = findings(folder, tensors(SHAPES | {"2.weight": (10, 200)}), 1)
    assert [(one["rule"], one["name"]) for one in found] == [("mismatched", "2.weight")]
    assert found[0]["message"] == (
        "in_features is 200 by the checkpoint, 256 by the layer before it (1, net.yaml:4)"
    )


def test_what_files_carry_and_the_model_does_not_need_is_no_error(folder):
    extra = {"embeddings.position_ids": np.arange(4), "h.0.attn.bias": np.ones((1, 1, 2, 2))}
    found = findings(folder, tensors() | extra, 0, "--strict")
    assert [(one["rule"], one["severity"], one["name"]) for one in found] == [
        ("unneeded", "info", "embeddings.position_ids"),
        ("unneeded", "info", "h.0.attn.bias"),
    ]


def test_a_family_is_found_by_config_json(folder):
    config = {
        "model_type": "llama", "hidden_size": 8, "intermediate_size": 12, "vocab_size": 10,
        "num_hidden_layers": 1, "num_attention_heads": 2, "architectures": ["LlamaForCausalLM"],
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))
    save_file(tensors(), folder / "m.safetensors")
    report = expect(1, "check", "m.safetensors", "--json", cwd=folder).json
    missing = {one["name"] for one in report["findings"] if one["rule"] == "missing"}
    assert "model.layers.0.self_attn.q_proj.weight" in missing
    assert len(missing) == 12


def test_a_size_of_config_json_is_told_with_its_line(folder):
    text = '{"model_type": "rnn_lm",\n "nested": {"ninp": [1, "a:,}"]},\n\n "ninp": 7}'
    (folder / "config.json").write_text(text)
    save_file({"encoder.weight": np.zeros((33278, 5), np.float32)}, folder / "m.safetensors")
    rows = expect(1, "check", "m.safetensors", cwd=folder).rows
    [message] = [row[3] for row in rows if row[1] == "mismatched"]
    assert message.endswith("is 7 by ninp (config.json:4), 5 by the checkpoint")


def test_a_config_that_its_family_can_not_build_is_a_finding(folder):
    """The rest is checked all the same; the model can't be run."""
    config = '{"model_type": "bert",\n "position_embedding_type": "relative_key"}'
    (folder / "config.json").write_text(config)
    save_file({"x": np.full(3, np.nan, np.float32)}, folder / "m.safetensors")
    rows = expect(1, "check", "m.safetensors", "--values", cwd=folder).rows
    assert [row[1] for row in rows] == ["config-unbuilt", "nan"]
    assert rows[0][3].endswith("'relative_key' by config.json:2, and this spec builds absolute")
    assert expect(3, "forward", "m.safetensors", "--random", "1x2", cwd=folder).out == ""


def test_a_config_of_an_unknown_family_asks_for_nothing(folder):
    (folder / "config.json").write_text('{"model_type": "something_else"}')
    save_file(tensors(), folder / "m.safetensors")
    expect(0, "check", "m.safetensors", cwd=folder)


def test_a_spec_that_is_wrong_is_an_error_of_its_own(folder):
    (folder / "net.yaml").write_text("paramctl: 1\nmodel: Linaer(3)\n")
    save_file(tensors(), folder / "m.safetensors")
    refused = expect(3, "check", "m.safetensors", "--spec", "net.yaml", cwd=folder)
    assert "did you mean Linear?" in refused.err


def test_a_broken_tie_is_told_once():
    """The config and the family tie the same names; one finding says that their bytes differ."""
    model = Path(__file__).parents[2] / "fixtures" / "checkpoints" / "tied-but-both-stored"
    found = expect(1, "check", model, "--json").json["findings"]
    assert [one["rule"] for one in found] == ["tie-broken"]


def test_a_tie_of_the_spec_alone_is_told_when_the_checkpoint_has_it_apart(folder):
    spec = SPEC.replace("10)", "256)") + "ties: {2.bias: 0.bias}\n"
    (folder / "net.yaml").write_text(spec)
    shapes = {**SHAPES, "2.weight": (256, 256), "2.bias": (256,)}
    [found] = findings(folder, tensors(shapes), 0)
    assert found["rule"] == "tie-apart"
    assert found["message"] == (
        "the spec ties 2.bias to 0.bias, but the checkpoint stores different values: "
        "they stay apart"
    )


IDLE = """\
paramctl: 1
blocks:
  Layer:
    params: {scale: Param(4)}
    modules: {fc: 'Linear(4, 4)', gate: 'Linear(4, 4)', act: relu}
    forward: return act(fc(x))
model:
  modules: {layers: 'Repeat(2, Layer())', head: 'Linear(4, 4)'}
  forward: return layers(x)
ties: {head.weight: layers.0.fc.weight, head.bias: layers.0.fc.bias}
"""


def test_what_no_forward_uses_is_a_warning(folder):
    """Once for all layers; a tensor that has a second name is used under that one."""
    (folder / "net.yaml").write_text(IDLE)
    layer = {"scale": (4,), "fc.weight": (4, 4), "fc.bias": (4,), "gate.weight": (4, 4),
             "gate.bias": (4,)}  # fmt: skip
    shapes = {f"layers.{n}.{name}": shape for n in range(2) for name, shape in layer.items()}
    found = findings(folder, tensors(shapes), 0)
    assert [(one["rule"], one["severity"], one["name"]) for one in found] == [
        ("unused-child", "warning", "layers.0.gate"),
        ("unused-child", "warning", "layers.0.scale"),
    ]
    assert found[0]["message"] == (
        "no forward uses it and 1 more like it: declared in Layer (net.yaml:5)"
    )
    assert found[0]["hint"] == "name it in the forward, or take it out of the spec"
    expect(1, "check", "m.safetensors", "--spec", "net.yaml", "--strict", cwd=folder)


def test_a_family_uses_all_that_it_makes():
    from paramctl.spec.build import build
    from paramctl.spec.load import families, load_spec
    from paramctl.spec.unused import unused_children

    for family in families():
        spec = load_spec(family)
        module = build(spec, lambda beginning: not beginning[-2:-1].isdigit())
        assert unused_children(spec, module) == [], family
