"""Edits of a checkpoint that is larger than memory, made of holes: time and peak of each.

    python benchmarks/edit_sparse.py [--quick]

What is copied stays a hole; a tensor that is computed is written.
"""

import json
import os
import shutil
from pathlib import Path

from measured import Given, paramctl, run

_LAYERS = 14
_WIDTH = 4096


def sparse(given: Given) -> None:
    """Print the table."""
    size = given.size(16 << 30, 1 << 30)
    model, out = given.folder / "sparse", given.folder / "out"
    large = _model(model, size)
    _adapter(given.folder / "adapter", large // _WIDTH)
    recipe = given.folder / "recipe.yaml"
    recipe.write_text(f"steps:\n- add: {{from: {model}, select: [layers.3]}}\n")
    print(f"\nEdits of {size >> 30} GiB of holes\n\n| what | time | peak |\n|---|---:|---:|")
    one = ("model.layers.3.mlp.up_proj.weight",)
    for what, words in (
        ("rename", ("rename", model, "model.layers.{n}=blocks.{n}")),
        ("tie --take keep", ("tie", model, *_ENDS, "--take", "keep")),
        ("drop", ("drop", model, "layers.0")),
        ("keep", ("keep", model, "layers")),
        ("layers", ("layers", model, "0..7,4..13")),
        ("reshard", ("reshard", model, "--max-shard-size", "2GiB")),
        ("meta", ("meta", model, "--set", "author=me")),
        ("graft", ("graft", model, "layers.1", "--from", model)),
        ("set a matrix", ("set", model, *one, "x + 1")),
        ("cast a matrix", ("cast", model, "f16", *one)),
        ("init a matrix", ("init", model, *one, "--scheme", "uniform(0, 1)")),
        ("transpose a matrix", ("transpose", model, *one)),
        ("resize the embedding", ("resize", model, _ENDS[0], "--dim", f"0={large // _WIDTH + 64}")),
        ("fuse gate and up", ("fuse", model, "layers.3", "--layout", "gate-up")),
        ("lora merge", ("lora", "merge", model, given.folder / "adapter")),
        ("apply: add", ("apply", recipe, model)),
    ):
        found = paramctl(*words, "-o", out)
        print(f"| {what} | {found.seconds:.1f} s | {found.peak:.0f} MiB |", flush=True)
        shutil.rmtree(out)
    shutil.rmtree(model)


_ENDS = ("model.embed_tokens.weight", "lm_head.weight")


def _model(folder: Path, size: int) -> int:
    """A folder of one file of BF16 matrices; bytes in elements of each, halved."""
    folder.mkdir()
    names = [*_ENDS, *(f"model.layers.{n}.mlp.up_proj.weight" for n in range(_LAYERS))]
    names.append("model.layers.3.mlp.gate_proj.weight")
    each = size // len(names) // (2 * _WIDTH) * (2 * _WIDTH)
    fields = {
        name: {
            "dtype": "BF16",
            "shape": [each // 2 // _WIDTH, _WIDTH],
            "data_offsets": [place * each, (place + 1) * each],
        }
        for place, name in enumerate(sorted(names))
    }
    text = json.dumps(fields).encode()
    text += b" " * (-len(text) % 8)
    path = folder / "model.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text)
    os.truncate(path, 8 + len(text) + each * len(names))
    return each // 2


def _adapter(folder: Path, rows: int) -> None:
    """A LoRA adapter of rank 16 for one matrix, of zeros."""
    folder.mkdir()
    stem, total, fields = "base_model.model.model.layers.3.mlp.up_proj", 0, {}
    for side, shape in (("A", [16, _WIDTH]), ("B", [rows, 16])):
        end = total + 4 * shape[0] * shape[1]
        fields[f"{stem}.lora_{side}.weight"] = {
            "dtype": "F32", "shape": shape, "data_offsets": [total, end],
        }  # fmt: skip
        total = end
    text = json.dumps(fields).encode()
    data = len(text).to_bytes(8, "little") + text + bytes(total)
    (folder / "adapter_model.safetensors").write_bytes(data)
    (folder / "adapter_config.json").write_text('{"peft_type": "LORA", "r": 16, "lora_alpha": 16}')


if __name__ == "__main__":
    run(__doc__, sparse)
