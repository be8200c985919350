"""What lies on the stage of the fault scenes, as bytes by path, made once."""

import functools
import io
import json

import ml_dtypes
import numpy as np
import spell

CONFIG = {
    "num_hidden_layers": 2, "num_attention_heads": 2, "vocab_size": 12, "torch_dtype": "float32",
    "tie_word_embeddings": False,
}  # fmt: skip
OTHER = "like"  # the model that the recipe takes from
RECIPE = f"""steps:
  - lerp: {{from: {OTHER}, weight: 0.5, select: "*_proj"}}
  - rename: {{rule: "layers.{{n}}.norm=layers.{{n}}.ln"}}
  - layers: {{list: "1,0,1"}}
  - resize: {{select: embed_tokens, dim: "0=16"}}
"""


def tensors(seed: int) -> dict[str, spell.Tensor]:
    """Three plain tensors."""
    return {
        "a.weight": spell.f32(spell.uniform((64, 33), 1.0, seed)),
        "b.weight": spell.f32(spell.uniform((7, 5), 1.0, seed + 1)),
        "c.weight": spell.bf16(spell.uniform((16, 16), 1.0, seed + 2)),
    }


def folder(home: str, found: dict[str, spell.Tensor], config: object) -> dict[str, bytes]:
    """A model in two shards with an index and a config.json."""
    names = list(found)
    shards = [f"model-0000{number}-of-00002.safetensors" for number in (1, 2)]
    weight_map = {name: shards[place % 2] for place, name in enumerate(names)}
    files = {
        f"{home}/{file}": spell.checkpoint(
            {name: found[name] for name in names if weight_map[name] == file}, {"format": "pt"}
        )
        for file in shards
    }
    size = sum(len(content) for _, _, content in found.values())
    index = {"metadata": {"total_size": size}, "weight_map": weight_map}
    files[f"{home}/model.safetensors.index.json"] = _json(index)
    files[f"{home}/config.json"] = _json(config)
    return files


def every(seed: int) -> dict[str, spell.Tensor]:
    """A model on which each of the edits has something to do."""
    rows = spell.uniform((12, 8), 1.0, seed)
    quantized = rows.astype(ml_dtypes.float8_e4m3fn)
    found = {
        "embed_tokens.weight": spell.f32(rows),
        "lm_head.weight": spell.f32(rows),
        "quantized.weight": ("F8_E4M3", (12, 8), quantized.tobytes()),
        "quantized.weight_scale_inv": spell.f32(np.full((1, 1), 0.5)),
    }
    for number in range(2):
        stem, start = f"layers.{number}", seed + 10 * number
        found[f"{stem}.attn.qkv.weight"] = spell.f32(spell.uniform((24, 8), 1.0, start + 1))
        found[f"{stem}.mlp.gate_proj.weight"] = spell.f32(spell.uniform((16, 8), 1.0, start + 2))
        found[f"{stem}.mlp.up_proj.weight"] = spell.f32(spell.uniform((16, 8), 1.0, start + 3))
        found[f"{stem}.norm.weight"] = spell.f32(np.ones(8))
    return found


@functools.cache
def stage() -> dict[str, bytes]:
    """Every file by its path."""
    weight = spell.f32(spell.uniform((24, 16), 1.0, 3))
    pair = dict.fromkeys(("lm_head.weight", "model.embed_tokens.weight"), weight)
    alias = {"lm_head.weight": "embed_tokens.weight"}
    factors = {
        f"base_model.model.layers.0.mlp.up_proj.lora_{side}.weight": spell.f32(
            spell.uniform(shape, 1.0, 5)
        )
        for side, shape in (("A", (2, 8)), ("B", (16, 2)))
    }
    array = io.BytesIO()
    np.save(array, np.arange(6, dtype="f4"))
    like = {name: tensor for name, tensor in every(50).items() if "quant" not in name}
    return {
        "in.safetensors": spell.checkpoint(tensors(1), {"format": "pt"}),
        **folder("in", tensors(1), {"model_type": "none"}),
        **folder("every", every(1), CONFIG),
        **folder(OTHER, like, CONFIG),
        "pair/model.safetensors": spell.checkpoint(pair),
        "pair/config.json": b'{"tie_word_embeddings": false}',
        "tied/model.safetensors": spell.checkpoint({"embed_tokens.weight": weight}, alias),
        "tied/config.json": b'{"tie_word_embeddings": true}',
        "adapter/adapter_model.safetensors": spell.checkpoint(factors),
        "adapter/adapter_config.json": _json({"peft_type": "LORA", "r": 2, "lora_alpha": 2}),
        "recipe.yaml": RECIPE.encode(),
        "array.npy": array.getvalue(),
    }


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=2) + "\n").encode()
