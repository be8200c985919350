"""How fast the judging verbs are, next to cmp, sha256sum and torch in the same run.

    python benchmarks/judge.py [--size 2048] [--rounds 3] [--folder DIR]

Every measurement is a fresh process; the rounds of both sides alternate and the best counts,
with the files in the page cache. "whole" rows include the start of the interpreter; "work"
rows time the passes alone, since torch takes seconds to import. Torch sums in float32 and
looks for NaN only where an extreme is not finite: what it does best, not what is exact.
"""

import argparse
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import ml_dtypes
import numpy as np

TENSOR = 32 << 20  # bytes

TORCH_STATS = """
import sys, time, torch
from safetensors import safe_open
start = time.perf_counter()
for name in (file := safe_open(sys.argv[1], "pt")).keys():
    x = file.get_tensor(name).flatten()
    y = x if x.dtype == torch.float32 else x.float()
    low, high = torch.aminmax(y)
    found = [low, high, y.mean(), y.std(correction=0), torch.linalg.vector_norm(y),
             torch.count_nonzero(y)]
    if not torch.isfinite(low + high):
        found += [y.isnan().sum(), y.isinf().sum()]
    [float(value) for value in found]
print(time.perf_counter() - start)
"""

OUR_STATS = """
import sys, time
from paramctl.figures.statistics import statistics_of
from paramctl.sources.open import open_source
start = time.perf_counter()
with open_source(sys.argv[1]) as source:
    list(statistics_of(source, source.manifest.stored))
print(time.perf_counter() - start)
"""

TORCH_DIFF = """
import sys, time, torch
from safetensors import safe_open
start = time.perf_counter()
a, b = (safe_open(path, "pt") for path in sys.argv[1:3])
for name in a.keys():
    x, y = a.get_tensor(name).flatten(), b.get_tensor(name).flatten()
    if torch.equal(x, y):
        continue
    differing = (x != y).sum()
    x, y = x.float(), y.float()
    gap = (x - y).abs()
    size = torch.linalg.vector_norm(x)
    found = (differing, gap.max(), gap.mean(), torch.linalg.vector_norm(gap) / size,
             torch.dot(x, y) / size / torch.linalg.vector_norm(y))
    [float(value) for value in found]
print(time.perf_counter() - start)
"""

OUR_DIFF = """
import sys, time
from paramctl.diff.diff import diff
from paramctl.sources.open import open_source
start = time.perf_counter()
with open_source(sys.argv[1]) as a, open_source(sys.argv[2]) as b:
    diff(a, b)
print(time.perf_counter() - start)
"""


def write(path: Path, dtype: str, size: int, seed: int) -> Path:
    """A checkpoint of ``size`` bytes of normal draws in tensors of 32 MiB.

    Another process writes it: what this one holds would count as the memory of its children.
    """
    writer = multiprocessing.Process(target=_write, args=(path, dtype, size, seed))
    writer.start()
    writer.join()
    return path


def _write(path: Path, dtype: str, size: int, seed: int) -> None:
    kind = np.dtype(getattr(ml_dtypes, dtype, None) or dtype)
    name = {"bfloat16": "BF16", "float32": "F32", "float16": "F16"}[dtype]
    count, each = size // TENSOR, TENSOR // kind.itemsize
    header = {
        f"layers.{place}.weight": {
            "dtype": name,
            "shape": [each],
            "data_offsets": [place * TENSOR, (place + 1) * TENSOR],
        }
        for place in range(count)
    }
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    random = np.random.default_rng(seed)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for _ in range(count):
            file.write((random.standard_normal(each, np.float32) * 0.02).astype(kind).tobytes())


def whole(*command: str | Path) -> tuple[float, float]:
    """Seconds and peak memory in MiB of a command."""
    start = time.perf_counter()
    with subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL) as process:
        _, _, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = 0
    return seconds, usage.ru_maxrss / 1024


def work(code: str, *arguments: Path) -> tuple[float, float]:
    """Seconds that a script says its work took, and its peak memory in MiB."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        seconds = float(process.stdout.read())
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
    return seconds, usage.ru_maxrss / 1024


def compare(title, ours, theirs, rounds, size) -> None:
    """One row of the table: the best of each side, alternating."""
    mine, other = [], []
    for _ in range(rounds):
        mine.append(ours())
        other.append(theirs())
    seconds, memory = min(mine)[0], max(peak for _, peak in mine)
    peer = min(other)[0]
    print(
        f"| {title} | {seconds:.2f} s | {peer:.2f} s | {seconds / peer:.2f} "
        f"| {size / seconds / 1e9:.2f} GB/s | {memory:.0f} MiB |",
        flush=True,
    )


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser()
    options.add_argument("--size", type=int, default=2048, metavar="MIB")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--folder", type=Path)
    chosen = options.parse_args()
    size, rounds = chosen.size << 20, chosen.rounds
    paramctl = Path(sys.executable).with_name("paramctl")
    with tempfile.TemporaryDirectory(dir=chosen.folder) as name:
        folder = Path(name)
        a = write(folder / "a.safetensors", "bfloat16", size, 0)
        b = folder / "b.safetensors"
        shutil.copyfile(a, b)
        print(f"{chosen.size} MiB a file, best of {rounds}, {os.cpu_count()} cores\n")
        print("| what | paramctl | peer | ratio | speed | peak |\n|---|---|---|---|---|---|")
        compare("diff equal, cmp (whole)", lambda: whole(paramctl, "diff", a, b),
                lambda: whole("cmp", a, b), rounds, size)  # fmt: skip
        compare("hash, sha256sum (whole)", lambda: whole(paramctl, "hash", a),
                lambda: whole("sha256sum", a), rounds, size)  # fmt: skip
        compare("stats bf16, torch (work)", lambda: work(OUR_STATS, a),
                lambda: work(TORCH_STATS, a), rounds, size)  # fmt: skip
        write(b, "bfloat16", size, 1)
        compare("diff all bf16, torch (work)", lambda: work(OUR_DIFF, a, b),
                lambda: work(TORCH_DIFF, a, b), rounds, size)  # fmt: skip
        b.unlink()
        write(a, "float32", size, 0)
        compare("stats f32, torch (work)", lambda: work(OUR_STATS, a),
                lambda: work(TORCH_STATS, a), rounds, size)  # fmt: skip


if __name__ == "__main__":
    main()
