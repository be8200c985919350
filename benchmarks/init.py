"""Random draws beside torch's single stream, values made and dropped block by block.

    python benchmarks/init.py [--quick]

Millions of float32 elements a second; a ratio above 1 means that paramctl is faster.
"""

import time
from collections.abc import Callable

from measured import Given, run

from paramctl.compute.pool import threads
from paramctl.init.base import Initializer
from paramctl.init.draw import draw_blocks
from paramctl.init.normal import Normal
from paramctl.init.truncated import TruncNormal
from paramctl.init.uniform import Uniform


def init(given: Given) -> None:
    """Print the table."""
    from torch.nn import init as torch_init

    count = given.size(32 << 20, 4 << 20)
    rows = [
        ("uniform", Uniform(-1.0, 1.0), lambda tensor: torch_init.uniform_(tensor, -1, 1)),
        ("normal", Normal(0.0, 0.02), lambda tensor: torch_init.normal_(tensor, 0, 0.02)),
        ("trunc_normal", TruncNormal(std=1.0), torch_init.trunc_normal_),
    ]
    print(f"\nDraws of {count / 1e6:.0f} M float32, in M/s; {threads()} threads\n")
    print("| scheme | torch | one thread | ratio | threads | ratio |")
    print("|---|---:|---:|---:|---:|---:|", flush=True)
    for name, scheme, fill in rows:
        reference = _theirs(fill, count, given.rounds)
        one, many = (_ours(scheme, count, workers, given.rounds) for workers in (1, threads()))
        print(f"| {name} | {reference:.0f} | {one:.0f} | {one / reference:.2f} "
              f"| {many:.0f} | {many / reference:.2f} |", flush=True)  # fmt: skip


def _ours(initializer: Initializer, count: int, workers: int, rounds: int) -> float:
    def work() -> None:
        for _ in draw_blocks(initializer, 0, "w", (count,), "F32", workers=workers):
            pass

    return count / _best(work, rounds) / 1e6


def _theirs(fill: Callable[..., object], count: int, rounds: int) -> float:
    import torch

    tensor = torch.empty(count)
    return count / _best(lambda: fill(tensor), rounds) / 1e6


def _best(work: Callable[[], object], rounds: int) -> float:
    """Seconds of the fastest of a few rounds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    run(__doc__, init)
