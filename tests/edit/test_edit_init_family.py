"""A checkpoint whose config.json names a built-in family is drawn as that family is."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from paramctl.edit.content import array
from paramctl.edit.init import Init
from paramctl.edit.init_choice import Choice
from paramctl.edit.init_spec import spec_layers
from paramctl.edit.plan import Plan, Step, plan
from paramctl.errors import SpecError
from paramctl.init.rules import parse_rule
from paramctl.sources.open import open_source
from paramctl.spec.build import build
from paramctl.spec.load import load_spec
from paramctl.spec.manifest import manifest_of

CONFIGS = {
    "gpt2": {"n_embd": 64, "n_layer": 2, "n_head": 4, "n_positions": 16, "vocab_size": 100},
    "llama": {
        "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 50,
        "intermediate_size": 48, "num_key_value_heads": 2,
    },
}  # fmt: skip


def folder_of(folder: Path, family: str, prefix: str = "") -> Path:
    """A small checkpoint of a family, all threes, with its config."""
    config = {"model_type": family, **CONFIGS[family]}
    manifest = manifest_of(build(load_spec(family, config)))
    tensors = {
        entry.name.removeprefix(prefix): np.full(entry.shape, 3, np.float32)
        for entry in manifest.stored
    }
    (folder / "config.json").write_text(json.dumps(config))
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    return folder


def planned(path: Path, *schemes: str, select=(), **options) -> tuple[Plan, dict[str, Choice]]:
    found: list[Choice] = []
    with open_source(path) as source:
        edit = Init(tuple(map(parse_rule, schemes)), tell=found.append, **options)
        made = plan(source, [Step(edit, tuple(select))])
        return made, {choice.entry.name: choice for choice in found}


def value(made: Plan, name: str) -> np.ndarray:
    entry = made.manifest[name]
    return array(made.draft.content(name), entry.dtype, entry.shape)


@pytest.mark.parametrize("prefix", ["", "transformer."])
def test_fans_of_gpt2s_conv1d_are_known(tmp_path, prefix):
    """Kaiming on c_attn (64, 192) is bounded by its 64 inputs; also where files lack the prefix."""
    path = folder_of(tmp_path, "gpt2", prefix)
    name = "transformer.h.0.attn.c_attn.weight".removeprefix(prefix)
    made, _ = planned(path, "kaiming_uniform", select=[name])
    bound = np.sqrt(6 / 64)
    assert 0.99 * bound < np.abs(value(made, name)).max() <= bound


def test_defaults_of_gpt2_scale_the_residual_projections(tmp_path):
    _, found = planned(folder_of(tmp_path, "gpt2"))
    assert found["transformer.h.0.attn.c_attn.weight"].scheme == "normal(std=0.02)"
    residual = found["transformer.h.1.mlp.c_proj.weight"].initializer
    assert residual.std == pytest.approx(0.02 / np.sqrt(4))
    assert found["transformer.h.0.ln_1.weight"].scheme == "ones"
    assert found["transformer.h.0.attn.c_attn.bias"].scheme == "zeros"


def test_norms_of_llama_keep_to_their_layer_under_its_rule_for_weights(tmp_path):
    _, found = planned(folder_of(tmp_path, "llama"))
    assert found["model.norm.weight"].rule == "--scheme default: RMSNorm.weight"
    assert found["model.layers.0.mlp.up_proj.weight"].scheme == "normal(std=0.02)"


def test_a_tensor_that_the_family_does_not_know_goes_by_its_name(tmp_path):
    folder_of(tmp_path, "llama")
    save_file({"extra.weight": np.zeros((4, 4), "f4")}, tmp_path / "model.safetensors")
    _, found = planned(tmp_path)
    assert found["extra.weight"].rule == "--scheme default: torch's linear weight"


def test_xavier_counts_one_of_the_three_that_c_attn_fuses(tmp_path):
    path, name = folder_of(tmp_path, "gpt2"), "transformer.h.0.attn.c_attn.weight"
    made, found = planned(path, "xavier", select=[name])
    assert found[name].layer.axes == ("in", "out/3")
    bound = np.sqrt(6 / (64 + 64))
    assert 0.99 * bound < np.abs(value(made, name)).max() <= bound


@pytest.mark.parametrize(
    ("family", "settings", "name", "axes"),
    [
        ("phi3", {"num_key_value_heads": 2}, "self_attn.qkv_proj", "out/2+1+1"),
        ("phi3", {"num_key_value_heads": 4}, "self_attn.qkv_proj", "out/3"),
        ("falcon", {}, "query_key_value", "out/4+1+1"),
        ("falcon", {"multi_query": False}, "query_key_value", "out/3x4"),
        (
            "falcon",
            {"new_decoder_architecture": True, "num_kv_heads": 2},
            "query_key_value",
            "out/2+1+1x2",
        ),
        ("gpt_neox", {}, "query_key_value", "out/3x4"),
        ("bloom", {"n_head": 4}, "query_key_value", "out/3x4"),
        ("gpt_bigcode", {"n_embd": 32, "n_head": 4}, "c_attn", "out/4+1+1"),
        ("gpt_bigcode", {"n_embd": 32, "n_head": 4, "multi_query": False}, "c_attn", "out/3x4"),
        ("glm", {"num_key_value_heads": 2}, "gate_up_proj", "out/2"),
        ("modernbert", {}, "Wqkv", "out/3"),
    ],
)
def test_families_say_how_layers_share_a_weight(family, settings, name, axes):
    sizes = {
        "hidden_size": 32, "num_attention_heads": 4, "vocab_size": 50, "intermediate_size": 48,
        "num_hidden_layers": 1,
    }  # fmt: skip
    spec = load_spec(family, {"model_type": family, **sizes, **settings})
    module = build(spec)
    layers = spec_layers(spec, module, manifest_of(module))
    found = [layer.axes for full, layer in layers.items() if full.endswith(f"{name}.weight")]
    assert set(found) == {(axes, "in")}


def test_each_of_phi3s_projections_is_bounded_by_its_own_outputs(tmp_path):
    config = {**CONFIGS["llama"], "model_type": "phi3", "pad_token_id": None}
    entry = manifest_of(build(load_spec("phi3", config)))[
        "model.layers.0.self_attn.qkv_proj.weight"
    ]
    (tmp_path / "config.json").write_text(json.dumps(config))
    save_file({entry.name: np.zeros(entry.shape, "f4")}, tmp_path / "model.safetensors")
    made, found = planned(tmp_path, "xavier")
    assert found[entry.name].rule == "--scheme on each layer of out/2+1+1 in"
    parts = np.split(value(made, entry.name), [32, 48])
    for part, outputs in zip(parts, (32, 16, 16), strict=True):
        bound = np.sqrt(6 / (32 + outputs))
        assert 0.98 * bound < np.abs(part).max() <= bound


@pytest.mark.parametrize(("fused", "text"), [("0", "0 (int)"), ("[2, 'a']", "the text 'a'")])
def test_a_layer_that_is_shared_by_no_number_is_an_error(tmp_path, fused, text):
    spec = tmp_path / "m.yaml"
    spec.write_text(f"paramctl: 1\nmodel: Linear(4, 8, fused={fused})\n")
    loaded = load_spec(str(spec))
    module = build(loaded)
    with pytest.raises(SpecError) as error:
        spec_layers(loaded, module, manifest_of(module))
    problem = f"fused and turns are counts, or fused a list of sizes, not {text}"
    assert str(error.value).endswith(problem)
