"""Checkpoints of whole models, with random values or as holes that take no room on disk."""

import json
import math
import struct
from pathlib import Path
from typing import Any

import numpy as np

from paramctl.spec.build import build
from paramctl.spec.load import load_spec
from paramctl.spec.manifest import manifest_of

LLAMA = {
    "model_type": "llama", "architectures": ["LlamaForCausalLM"], "tie_word_embeddings": False,
    "vocab_size": 32000, "max_position_embeddings": 4096,
}  # fmt: skip
MODELS: dict[str, dict[str, Any]] = {
    "small": {
        **LLAMA, "hidden_size": 768, "intermediate_size": 2048, "num_hidden_layers": 8,
        "num_attention_heads": 12, "num_key_value_heads": 4,
    },
    "gpt2-124m": {
        "model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "vocab_size": 50257,
        "n_positions": 1024, "n_embd": 768, "n_layer": 12, "n_head": 12,
    },
    "llama-0.5b": {
        **LLAMA, "hidden_size": 1280, "intermediate_size": 3456, "num_hidden_layers": 24,
        "num_attention_heads": 20, "num_key_value_heads": 4,
    },
}  # fmt: skip
WIDTHS = {"BF16": 2, "F16": 2, "F32": 4}


def parameters(config: dict[str, Any]) -> int:
    """How many numbers a model has."""
    spec = load_spec(config["model_type"], config)
    return sum(math.prod(one or 0 for one in e.shape) for e in manifest_of(build(spec)).stored)


def model(folder: Path, config: dict[str, Any], dtype: str, *, filled: bool) -> int:
    """Write the folder of a model; returns the bytes of its tensors.

    Args:
        filled: small random matrices, ones for other weights and zeros for biases; holes if not.
    """
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    entries = list(manifest_of(build(load_spec(config["model_type"], config))).stored)
    header, position = {}, 0
    for entry in entries:
        count = math.prod(one or 0 for one in entry.shape) * WIDTHS[dtype]
        span = [position, position + count]
        header[entry.name] = {"dtype": dtype, "shape": entry.shape, "data_offsets": span}
        position += count
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with (folder / "model.safetensors").open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        if filled:
            _fill(file, entries, dtype)
        file.truncate(8 + len(text) + position)
    return position


def _fill(file: Any, entries: list[Any], dtype: str) -> None:
    import ml_dtypes

    kind = {"BF16": ml_dtypes.bfloat16, "F16": np.float16, "F32": np.float32}[dtype]
    rng = np.random.default_rng(0)
    for entry in entries:
        shape = tuple(one or 0 for one in entry.shape)
        if len(shape) > 1:
            values = rng.standard_normal(shape, np.float32) * np.float32(0.02)
        else:
            values = np.full(shape, 0 if entry.name.endswith("bias") else 1, np.float32)
        file.write(values.astype(kind).tobytes())
