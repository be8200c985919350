"""Throughput of uniform and normal draws against torch's single stream, in one run.

    python benchmarks/init.py [MILLIONS]

Needs torch. A ratio above 1 means that paramctl is faster.
"""

import sys
import time
from collections.abc import Callable

import torch

from paramctl.compute.pool import threads
from paramctl.init.base import Initializer
from paramctl.init.draw import draw_blocks
from paramctl.init.normal import Normal
from paramctl.init.truncated import TruncNormal
from paramctl.init.uniform import Uniform

ROUNDS = 5


def best(work: Callable[[], object]) -> float:
    """Seconds of the fastest of a few rounds."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def ours(initializer: Initializer, count: int, workers: int) -> float:
    """Millions of float32 elements a second, drawn block by block and dropped."""

    def work() -> None:
        for _ in draw_blocks(initializer, 0, "w", (count,), "F32", workers=workers):
            pass

    return count / best(work) / 1e6


def theirs(fill: Callable[[torch.Tensor], object], count: int) -> float:
    """The same for a function of torch on one tensor."""
    tensor = torch.empty(count)
    return count / best(lambda: fill(tensor)) / 1e6


def main() -> None:
    """Print the table."""
    count = int(float(sys.argv[1]) * 1e6) if len(sys.argv) > 1 else 32 << 20
    rows = [
        ("uniform", Uniform(-1.0, 1.0), lambda t: torch.nn.init.uniform_(t, -1, 1)),
        ("normal", Normal(0.0, 0.02), lambda t: torch.nn.init.normal_(t, 0, 0.02)),
        ("trunc_normal", TruncNormal(std=1.0), lambda t: torch.nn.init.trunc_normal_(t)),
    ]
    print(f"{count / 1e6:.0f} M float32, million elements a second; {threads()} threads")
    print(f"{'':14}{'torch':>10}{'1 thread':>10}{'ratio':>8}{'threads':>10}{'ratio':>8}")
    for name, scheme, fill in rows:
        reference = theirs(fill, count)
        one, many = ours(scheme, count, 1), ours(scheme, count, threads())
        print(
            f"{name:14}{reference:10.0f}{one:10.0f}{one / reference:8.2f}"
            f"{many:10.0f}{many / reference:8.2f}"
        )


if __name__ == "__main__":
    main()
