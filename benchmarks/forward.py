"""Time and memory of a forward from the command line, beside transformers.

    python benchmarks/forward.py [--quick]

The checkpoint is a Llama whose file is sparse: it has its full size and takes no room on disk.
Zeros compute as fast as anything, so times hold for real weights; what a disk would add does
not count. Both start from nothing, and hold the weights as each does by itself.
"""

import json
import math
import struct
from pathlib import Path

from measured import Given, Table, paramctl, run, script

from paramctl.spec.build import build
from paramctl.spec.load import load_spec
from paramctl.spec.manifest import manifest_of

SIZES = {
    "small": {
        "vocab_size": 32000, "hidden_size": 768, "intermediate_size": 2048,
        "num_hidden_layers": 8, "num_attention_heads": 12, "num_key_value_heads": 4,
    },
    "half-billion": {
        "vocab_size": 32000, "hidden_size": 1280, "intermediate_size": 3456,
        "num_hidden_layers": 24, "num_attention_heads": 20, "num_key_value_heads": 4,
    },
}  # fmt: skip
BYTES = {"BF16": 2, "F16": 2, "F32": 4}
TORCH = """\
import torch
from transformers import AutoModelForCausalLM
model = AutoModelForCausalLM.from_pretrained(sys.argv[2], dtype=torch.float32).eval()
with torch.no_grad():
    model(torch.zeros(1, int(sys.argv[3]), dtype=torch.long))
"""


def sparse_model(folder: Path, size: str, dtype: str) -> int:
    """Write the folder of a model; returns the bytes of its file."""
    config = SIZES[size]
    spec = load_spec("llama", config)
    header, position = {}, 0
    for entry in manifest_of(build(spec)).stored:
        count = math.prod(one or 0 for one in entry.shape) * BYTES[dtype]
        span = [position, position + count]
        header[entry.name] = {"dtype": dtype, "shape": entry.shape, "data_offsets": span}
        position += count
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with (folder / "model.safetensors").open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + position)
    described = {
        "model_type": "llama", "architectures": ["LlamaForCausalLM"],
        "tie_word_embeddings": False, **config,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(described))
    return position


def forward(given: Given) -> None:
    """Print the table."""
    size = "small" if given.quick else "half-billion"
    folder = given.folder / size
    folder.mkdir()
    nbytes = sparse_model(folder, size, "BF16")
    table = Table(f"A forward from BF16, {nbytes / 2**20:.0f} MiB in the file")
    for tokens in (1, 128):
        table.row(f"{size}, 1 x {tokens} tokens", "transformers",
                  lambda n=tokens: paramctl("forward", folder, "--random", f"1x{n}"),
                  lambda n=tokens: script(TORCH, folder, str(n)), given.rounds)  # fmt: skip


if __name__ == "__main__":
    run(__doc__, forward)
