"""Random draws beside torch's single stream, and a whole initialization beside torch.

    python benchmarks/init.py [--quick]

Millions of elements a second, the values made and dropped block by block; a ratio above 1 means
that paramctl is faster. Torch's stream is float32 and has one thread. Torch initializes a
file by loading it, drawing every tensor and saving it, from start to end.
"""

import time
from collections.abc import Callable
from pathlib import Path

from checkpoints import draws
from measured import Given, Measure, Table, paramctl, run, script

from paramctl.compute.pool import threads
from paramctl.init.base import Initializer
from paramctl.init.draw import draw_blocks
from paramctl.init.normal import Normal
from paramctl.init.truncated import TruncNormal
from paramctl.init.uniform import Uniform

TORCH = """
import torch
from safetensors.torch import load_file, save_file
tensors = load_file(sys.argv[2])
for tensor in tensors.values():
    torch.nn.init.{}(tensor)
save_file(tensors, sys.argv[3])
"""


def init(given: Given) -> None:
    """Print both tables."""
    _streams(given)
    _files(given)


def _streams(given: Given) -> None:
    from torch.nn import init as torch_init

    count, many = given.size(64 << 20, 16 << 20), threads()
    rows = [
        ("uniform", Uniform(-1.0, 1.0), "F32", lambda tensor: torch_init.uniform_(tensor, -1, 1)),
        ("normal", Normal(0.0, 0.02), "F32", lambda tensor: torch_init.normal_(tensor, 0, 0.02)),
        ("normal", Normal(0.0, 0.02), "BF16", lambda tensor: torch_init.normal_(tensor, 0, 0.02)),
        ("trunc_normal", TruncNormal(), "F32", torch_init.trunc_normal_),
    ]
    print(f"\nDraws of {count / 1e6:.0f} M elements, in M/s\n")
    print(f"| scheme | dtype | torch | one thread | ratio | {many} threads | × one |")
    print("|---|---|---:|---:|---:|---:|---:|", flush=True)
    for name, scheme, dtype, fill in rows:
        works = [_theirs(fill, count), *(_ours(scheme, count, dtype, n) for n in (1, many))]
        torch, one, all_ = (count / seconds / 1e6 for seconds in _best(works, given.rounds + 2))
        print(f"| {name} | {dtype} | {torch:.0f} | {one:.0f} | {one / torch:.2f} "
              f"| {all_:.0f} | {all_ / one:.2f} |", flush=True)  # fmt: skip


def _ours(initializer: Initializer, count: int, dtype: str, workers: int) -> Callable[[], object]:
    def work() -> None:
        for _ in draw_blocks(initializer, 0, "w", (count,), dtype, workers=workers):
            pass

    return work


def _theirs(fill: Callable[..., object], count: int) -> Callable[[], object]:
    import torch

    tensor = torch.empty(count)
    return lambda: fill(tensor)


def _best(works: list[Callable[[], object]], rounds: int) -> list[float]:
    """Seconds of the fastest round of each; they run in turns."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for work, taken in zip(works, times, strict=True):
            start = time.perf_counter()
            work()
            taken.append(time.perf_counter() - start)
    return [min(taken) for taken in times]


def _files(given: Given) -> None:
    size = given.size(1024, 128)
    model, new = given.folder / "drawn.safetensors", given.folder / "new.safetensors"
    draws(model, "float32", size << 20)
    table = Table(f"Initializing {size} MiB of F32, written and synced")
    for scheme in ("xavier_uniform", "xavier_normal"):
        words = ["init", model, "--scheme", scheme, "--seed", "1", "-o", new]
        code = TORCH.format(f"{scheme}_")
        table.row(f"init --scheme {scheme}", "torch", lambda w=words: _written(new, paramctl(*w)),
                  lambda c=code: _written(new, script(c, model, new)), given.rounds)  # fmt: skip
    model.unlink()


def _written(new: Path, measure: Measure) -> Measure:
    """The measure, with the output gone again."""
    new.unlink()
    return measure


if __name__ == "__main__":
    run(__doc__, init)
