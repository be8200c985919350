"""A checkpoint whose config.json names a built-in family is drawn as that family is."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from paramctl.edit.content import array
from paramctl.edit.init import Init
from paramctl.edit.init_choice import Choice
from paramctl.edit.plan import Plan, Step, plan
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
