"""Edits that can be undone are undone by their inverse, on one file and on shards."""

import json

import numpy as np
import pytest
import spell
from command import expect
from edit_checkpoints import sharded, single, stored

CONFIG = {"num_hidden_layers": 3, "vocab_size": 6, "num_attention_heads": 2}


def tensors():
    found = {
        "embed_tokens.weight": spell.f32(spell.uniform((6, 4), 1, 1)),
        "lm_head.weight": spell.f32(spell.uniform((6, 4), 1, 1)),
    }
    for number in range(3):
        stem = f"layers.{number}"
        found[f"{stem}.attn.qkv.weight"] = spell.f32(spell.uniform((12, 4), 1, 2 + number))
        found[f"{stem}.attn.qkv.bias"] = spell.f32(spell.uniform((12,), 1, 12 + number))
        found[f"{stem}.mlp.gate_proj.weight"] = spell.bf16(spell.uniform((5, 4), 1, 5 + number))
        found[f"{stem}.mlp.up_proj.weight"] = spell.bf16(spell.uniform((5, 4), 1, 8 + number))
        found[f"{stem}.experts.0.weight"] = spell.f32(spell.uniform((2, 3), 1, 15 + number))
        found[f"{stem}.experts.1.weight"] = spell.f32(spell.uniform((2, 3), 1, 18 + number))
    return found


PAIRS = {
    "rename": (["rename", "layers.{n}=h.{n}"], ["rename", "layers.{n}=h.{n}", "--inverse"]),
    "substitution": (["rename", "s/^layers/h/"], ["rename", "s/^h/layers/"]),
    "tie": (["tie", "embed_tokens.weight", "lm_head.weight"], ["untie", "lm_head"]),
    "layers": (["layers", "2,0,1"], ["layers", "1,2,0"]),
    "resize": (
        ["resize", "embed_tokens", "lm_head", "--dim", "0=9"],
        ["resize", "embed_tokens", "lm_head", "--dim", "0=6", "--allow-shrink"],
    ),
    "cast": (["cast", "f64", "attn"], ["cast", "f32", "attn"]),
    "qkv": (
        ["split", "attn", "--layout", "qkv"],
        ["fuse", "attn", "--layout", "qkv"],
    ),
    "neox": (
        ["split", "attn", "--layout", "neox"],
        ["fuse", "attn", "--layout", "neox"],
    ),
    "gate-up": (
        ["fuse", "mlp", "--layout", "gate-up"],
        ["split", "mlp", "--layout", "gate-up"],
    ),
    "gpt-oss": (
        ["fuse", "mlp", "--layout", "gpt-oss", "--names", "both=gate_proj,up_proj"],
        ["split", "mlp", "--layout", "gpt-oss", "--names", "both=gate_proj,up_proj"],
    ),
    "experts": (
        ["fuse", "experts", "--layout", "experts"],
        ["split", "experts", "--layout", "experts"],
    ),
    "transpose": (["transpose", "attn & ndim:2"], ["transpose", "attn & ndim:2"]),
    "reshard": (["reshard", "--max-shard-size", "300"], ["reshard", "--single"]),
    "meta": (["meta", "--set", "author=me"], ["meta", "--unset", "author"]),
    "set": (
        ["set", "layers.0.attn.qkv.weight", "x * 2"],
        ["set", "layers.0.attn.qkv.weight", "x / 2"],
    ),
}


@pytest.mark.parametrize("is_sharded", [False, True], ids=["file", "shards"])
@pytest.mark.parametrize("name", PAIRS)
def test_there_and_back_again(tmp_path, name, is_sharded):
    """The same tensors, bit for bit, and config.json says again what it said."""
    if is_sharded:
        source = sharded(tmp_path, tensors(), 3, CONFIG)
    else:
        source = tmp_path / "in"
        source.mkdir()
        single(source, tensors(), {"format": "pt"}, name="model.safetensors")
        (source / "config.json").write_text(json.dumps(CONFIG))
    (there, *words), (back, *others) = PAIRS[name]
    expect(0, there, source, *words, "-o", tmp_path / "there", "-q")
    assert stored(tmp_path / "there") != stored(source) or name in ("meta", "reshard")
    expect(0, back, tmp_path / "there", *others, "-o", tmp_path / "back", "-q")
    assert stored(tmp_path / "back") == stored(source)
    config = json.loads((tmp_path / "back" / "config.json").read_text())
    assert {**config, "tie_word_embeddings": False} == {**CONFIG, "tie_word_embeddings": False}


def test_an_adapter_is_merged_and_extracted(tmp_path):
    """To the rounding of float32, as its product is computed in it."""
    base = spell.uniform((30, 20), 1, 1)
    change = spell.uniform((30, 2), 1, 2) @ spell.uniform((2, 20), 1, 3)
    one = single(tmp_path, {"a.weight": spell.f32(base)}, name="base.safetensors")
    two = single(tmp_path, {"a.weight": spell.f32(base + change)}, name="tuned.safetensors")
    expect(0, "lora", "extract", one, two, "--rank", 2, "-o", tmp_path / "adapter", "-q")
    expect(0, "lora", "merge", one, tmp_path / "adapter", "-o", tmp_path / "back", "-q")
    _, shape, data = stored(tmp_path / "back")["a.weight"]
    found = np.frombuffer(data, "<f4").reshape(shape)
    assert np.allclose(found, base + change, rtol=0, atol=1e-5)
