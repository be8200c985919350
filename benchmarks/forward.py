"""A forward from the command line: beside transformers, and for models that grow.

    python benchmarks/forward.py [--quick]

The files are sparse: they have their full size and take no room on disk. Zeros compute as fast
as anything, so times hold for real weights; what a disk would add does not count. Both sides
start from nothing, and hold the weights as each does by itself.
"""

from measured import Given, Table, paramctl, run, script, seconds_text
from models import LLAMA, MODELS, model, parameters

TORCH = """\
import torch
from transformers import AutoModelForCausalLM
model = AutoModelForCausalLM.from_pretrained(sys.argv[2], dtype=torch.float32).eval()
with torch.no_grad():
    model(torch.zeros(1, int(sys.argv[3]), dtype=torch.long))
"""
LAYER = {
    **LLAMA, "vocab_size": 4096, "hidden_size": 2048, "intermediate_size": 5632,
    "num_attention_heads": 16, "num_key_value_heads": 16,
}  # fmt: skip
LAYERS_OF_A_GIB = 10  # in BF16


def forward(given: Given) -> None:
    """Print the table of processes beside transformers."""
    table = Table("A forward from a file of BF16, from start to end")
    for name in ("small",) if given.quick else ("gpt2-124m", "llama-0.5b"):
        folder = given.folder / f"{name}-sparse"
        nbytes = model(folder, MODELS[name], "BF16", filled=False)
        what = f"{name}, {nbytes / 2**20:.0f} MiB ({parameters(MODELS[name]) / 1e6:.0f} M)"
        for tokens in (1, 128):
            table.row(f"{what}, {tokens} tokens", "transformers",
                      lambda n=tokens, f=folder: paramctl("forward", f, "--random", f"1x{n}"),
                      lambda n=tokens, f=folder: script(TORCH, f, str(n)),
                      given.rounds)  # fmt: skip


def curve(given: Given) -> None:
    """Print how the peak of memory grows with the model: not at all."""
    print("\nPeak of memory of a forward of 16 tokens as the file grows, BF16\n")
    print("| what | layers | paramctl | peak | of the file |")
    print("|---|---:|---:|---:|---:|", flush=True)
    for gib in (1, 2) if given.quick else (1, 2, 4, 8):
        layers = gib * LAYERS_OF_A_GIB
        folder = given.folder / f"{gib}-gib"
        nbytes = model(folder, {**LAYER, "num_hidden_layers": layers}, "BF16", filled=False)
        found = paramctl("forward", folder, "--random", "1x16")
        share = 100 * found.peak * 2**20 / nbytes
        cells = [f"forward of {nbytes / 2**30:.2f} GiB", str(layers), seconds_text(found.seconds),
                 f"{found.peak:.0f} MiB", f"{share:.1f} %"]  # fmt: skip
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    run(__doc__, forward, curve)
