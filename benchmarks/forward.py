"""Time and memory of a forward from the command line: ``python benchmarks/forward.py``.

The checkpoint is a Llama whose file is sparse: it has its full size and takes no room on disk.
Zeros compute as fast as anything, so times hold for real weights; what a disk would add does
not count. ``--torch`` runs transformers on the same folder beside it. Read the ratios.
"""

import argparse
import json
import math
import os
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

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
import sys, torch
from transformers import AutoModelForCausalLM
model = AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype=torch.float32).eval()
with torch.no_grad():
    model(torch.zeros(1, int(sys.argv[2]), dtype=torch.long))
"""


@dataclass(frozen=True)
class Measure:
    """One process: seconds from start to end, and the most memory it held."""

    seconds: float
    peak: int


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


def measure(*words: str) -> Measure:
    """Run a command and wait for it."""
    start = time.perf_counter()
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"exit {process.returncode}: {' '.join(words)}")
    return Measure(time.perf_counter() - start, usage.ru_maxrss * 1024)


def best(repeats: int, *words: str) -> Measure:
    """The fastest of some runs, with the largest memory of any."""
    found = [measure(*words) for _ in range(repeats)]
    return Measure(min(one.seconds for one in found), max(one.peak for one in found))


def main() -> None:
    """Print a table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--size", choices=SIZES, default="half-billion")
    options.add_argument("--dtype", choices=BYTES, default="BF16")
    options.add_argument("--tokens", type=int, nargs="+", default=[1, 128])
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument("--torch", action="store_true")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        nbytes = sparse_model(folder, given.size, given.dtype)
        print(f"{given.size} {given.dtype}: {nbytes / 2**20:.0f} MiB in the file")
        print("| tokens | who | seconds | peak MiB | peak / file |\n|---|---|---|---|---|")
        for tokens in given.tokens:
            ours = [sys.executable, "-m", "paramctl", "forward", name, "--random", f"1x{tokens}"]
            commands = {"paramctl": ours}
            if given.torch:
                commands["torch"] = [sys.executable, "-c", TORCH, name, str(tokens)]
            for who, words in commands.items():
                found = best(given.repeats, *words)
                row = (tokens, who, f"{found.seconds:.2f}", f"{found.peak / 2**20:.0f}",
                       f"{found.peak / nbytes:.2f}")  # fmt: skip
                print(f"| {' | '.join(map(str, row))} |")


if __name__ == "__main__":
    main()
