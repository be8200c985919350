"""How the cost of the looking and judging verbs grows: with bytes, and with tensors.

    python benchmarks/scale.py [--quick]

Whole commands at three sizes, start-up included, so that the cost of a unit falls to a constant
where growth is linear. "read" is what reading the same bytes takes alone, on one thread.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

from checkpoints import draws, shards
from measured import Given, Measure, paramctl, run, script

_READ = """
import os, pathlib
buffer = bytearray(1 << 22)
for path in sys.argv[2:]:
    fd, position = os.open(path, os.O_RDONLY), 0
    while count := os.preadv(fd, [buffer], position):
        position += count
"""
_LIMITS = {
    "read": "copies out of the page cache",
    "stats, BF16": "decoding and adding, in cache",
    "hash, BF16": "sha256, one tensor to a core",
    "diff, BF16": "copies out of the page cache",
    "stats": "calls for each tensor",
    "hash": "calls for each tensor",
    "diff": "calls for each tensor",
    "ls": "texts of names, start-up",
    "inspect": "texts of names, start-up",
}
Run = Callable[[], Measure]


def scale(given: Given) -> None:
    """Print both tables."""
    sizes = [given.size(size, size // 8) for size in (512, 1024, 2048)]
    _head("bytes", [f"{size} MiB" for size in sizes], "seconds per GiB")
    models = [_pair(given.folder, size) for size in sizes]
    for verb, count in ("stats", 1), ("hash", 1), ("diff", 2):
        runs = [lambda v=verb, m=model, c=count: paramctl(v, *m[:c]) for model in models]
        _row(f"{verb}, BF16", runs, [size / 1024 for size in sizes], given)
    reads = [lambda m=model: script(_READ, m[0]) for model in models]
    _row("read", reads, [size / 1024 for size in sizes], given)
    for pair in models:
        for path in pair:
            path.unlink()
    counts = [given.size(count, count // 10) for count in (10_000, 30_000, 100_000)]
    _head("tensors", [f"{count:,}" for count in counts], "seconds per thousand tensors")
    folders = [shards(given.folder / f"{n}", n, max(n // 625, 1), (4, 4)) for n in counts]
    for verb, *words in (["ls", "--json"], ["inspect", "--json"], ["stats"], ["hash"], ["diff"]):
        runs = [
            lambda v=verb, f=folder, w=words: paramctl(v, *[f] * (1 + (v == "diff")), *w)
            for folder in folders
        ]
        _row(" ".join([verb, *words]), runs, [n / 1000 for n in counts], given)


def _pair(folder: Path, size: int) -> tuple[Path, Path]:
    """A checkpoint of so many MiB, and a copy of it."""
    one, other = (folder / f"{size}-{which}.safetensors" for which in "ab")
    draws(one, "bfloat16", size << 20)
    shutil.copyfile(one, other)
    return one, other


def _head(of: str, sizes: list[str], unit: str) -> None:
    print(f"\nCost by {of}; behind each time, {unit}\n")
    print(f"| what | {' | '.join(sizes)} | peak | limited by |")
    print(f"|---|{'---:|' * len(sizes)}---:|---|", flush=True)


def _row(what: str, runs: list[Run], sizes: list[float], given: Given) -> None:
    cells, peak = [what], 0.0
    for one, size in zip(runs, sizes, strict=True):
        found = [one() for _ in range(given.rounds)]
        seconds = min(measure.seconds for measure in found)
        peak = max(peak, *(measure.peak for measure in found))
        cells.append(f"{seconds:.2f} s · {seconds / size:.2f}")
    limit = _LIMITS[what.removesuffix(" --json")]
    print(f"| {' | '.join(cells)} | {peak:.0f} MiB | {limit} |", flush=True)


if __name__ == "__main__":
    run(__doc__, scale)
