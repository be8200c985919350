"""A forward, and a forward with gradients, beside torch: computing alone.

    python benchmarks/engine.py [--quick] [--device cuda]

Both run the same checkpoint of random BF16 values in float32; torch through transformers with
its default attention, its weights in memory. ``in memory`` has ours there too, in float32;
``streamed`` reads them from the file in each run. One side works at a time, with two threads.
"""

from pathlib import Path

from measured import Given, run, seconds_text
from models import MODELS, model, parameters
from side import THREADS, Side, race

OURS = f"""
import numpy as np
from paramctl.compute.pool import set_threads
from paramctl.compute.devices import choose_device
from paramctl.binding.model import fitting_model
from paramctl.run.forward import Setting, forward, settle
from paramctl.run.gradients import go_backward, seeds
from paramctl.sources.open import open_source
set_threads({THREADS})
folder, kind, device = sys.argv[1:]
backend = choose_device(device).backends[0]
model = fitting_model(open_source(folder))
if kind != "streamed":
    for _, parameter in model.module.unique_parameters():
        parameter.value = backend.widen(parameter.value.array())
settled = set()
def run(tokens):
    ids = {{"input_ids": np.random.default_rng(0).integers(0, 32000, (1, int(tokens)))}}
    if tokens not in settled:
        settle(model, ids)
        settled.add(tokens)
    outcome = forward(model, ids, Setting(backend, mode="tape" if "grad" in kind else "arrays"))
    if "grad" in kind:
        one = seeds(outcome.execution, outcome.outputs, "sum", {{}})
        go_backward(outcome.execution, outcome.outputs, one)
        for _, parameter in model.module.unique_parameters():
            parameter.grad = None
    backend.sync()
"""
TORCH = f"""
import numpy as np, torch, transformers
torch.set_num_threads({THREADS})
transformers.utils.logging.disable_progress_bar()
folder, kind, device = sys.argv[1:]
model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
model = model.eval().to(device)
def run(tokens):
    ids = np.random.default_rng(0).integers(0, 32000, (1, int(tokens)))
    ids = torch.from_numpy(ids).to(device)
    if "grad" in kind:
        model(ids, use_cache=False).logits.sum().backward()
        model.zero_grad()
    else:
        with torch.inference_mode():
            model(ids, use_cache=False)
    if device != "cpu":
        torch.cuda.synchronize()
"""


def engine(given: Given) -> None:
    """Print one line per model, length and place of the weights."""
    print("\nComputing alone, in float32 from BF16\n")
    print("| what | peer | paramctl | peer | ratio (quartiles) | peak |")
    print("|---|---|---:|---:|---:|---:|", flush=True)
    for name in ("small",) if given.quick else ("gpt2-124m", "llama-0.5b"):
        folder = given.folder / name
        model(folder, MODELS[name], "BF16", filled=True)
        what = f"{name} ({parameters(MODELS[name]) / 1e6:.0f} M)"
        with Side(TORCH, folder, "forward", given.device) as theirs:
            for tokens in (1, 128) if given.quick else (1, 128, 1024):
                for kind in ("in memory", "streamed"):
                    _row(given, what, folder, tokens, kind, theirs)
        with Side(TORCH, folder, "gradients", given.device) as theirs:
            _row(given, what, folder, 128, "gradients", theirs)


def _row(given: Given, what: str, folder: Path, tokens: int, kind: str, theirs: Side) -> None:
    with Side(OURS, folder, kind, given.device) as ours:
        found = race(ours, theirs, (tokens,), 2 * given.rounds + 1)
        cells = [
            f"{what}, {tokens} tokens, {kind}", "torch", seconds_text(found.ours),
            seconds_text(found.theirs), found.text, f"{ours.peak():.0f} MiB",
        ]  # fmt: skip
    print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    run(__doc__, engine)
