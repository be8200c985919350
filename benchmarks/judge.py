"""How fast the judging verbs are, next to cmp, sha256sum and torch.

    python benchmarks/judge.py [--quick]

"whole" rows include the start of the interpreter; the others time the passes alone, since
torch takes seconds to import. Torch sums in float32 and looks for NaN only where an extreme
is not finite: what it does best, not what is exact. In float64 it comes near to what ours are,
exact sums. Each holds one tensor at a time.
"""

import shutil
from pathlib import Path

from checkpoints import draws
from measured import Given, Table, command, paramctl, part, run

TORCH_STATS = """
import time, torch
from safetensors import safe_open
start = time.perf_counter()
for name in (file := safe_open(sys.argv[2], "pt")).keys():
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

TORCH_DOUBLE_STATS = TORCH_STATS.replace("y = x if x.dtype == torch.float32 else x.float()",
                                         "y = x.double()")  # fmt: skip

OUR_STATS = """
import time
from paramctl.figures.statistics import statistics_of
from paramctl.sources.open import open_source
start = time.perf_counter()
with open_source(sys.argv[2]) as source:
    list(statistics_of(source, source.manifest.stored))
print(time.perf_counter() - start)
"""

TORCH_DIFF = """
import time, torch
from safetensors import safe_open
start = time.perf_counter()
a, b = (safe_open(path, "pt") for path in sys.argv[2:4])
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
import time
from paramctl.diff.diff import diff
from paramctl.sources.open import open_source
start = time.perf_counter()
with open_source(sys.argv[2]) as a, open_source(sys.argv[3]) as b:
    diff(a, b)
print(time.perf_counter() - start)
"""


def judge(given: Given) -> None:
    """Print the table."""
    size = given.size(2048, 256)
    a, b = (given.folder / f"{name}.safetensors" for name in "ab")
    draws(a, "bfloat16", size << 20)
    shutil.copyfile(a, b)
    table, rounds = Table(f"Judging files of {size} MiB"), given.rounds
    table.row("diff, equal (whole)", "cmp", lambda: paramctl("diff", a, b),
              lambda: command("cmp", a, b), rounds)  # fmt: skip
    table.row("hash (whole)", "sha256sum", lambda: paramctl("hash", a),
              lambda: command("sha256sum", a), rounds)  # fmt: skip
    _stats(table, "BF16", a, rounds)
    draws(b, "bfloat16", size << 20, seed=1)
    table.row("diff, all BF16 differ", "torch", lambda: part(OUR_DIFF, a, b),
              lambda: part(TORCH_DIFF, a, b), rounds)  # fmt: skip
    b.unlink()
    draws(a, "float32", size << 20)
    _stats(table, "F32", a, rounds)
    a.unlink()


def _stats(table: Table, dtype: str, model: Path, rounds: int) -> None:
    for peer, code in ("torch, float32", TORCH_STATS), ("torch, float64", TORCH_DOUBLE_STATS):
        table.row(f"stats, {dtype}", peer, lambda: part(OUR_STATS, model),
                  lambda c=code: part(c, model), rounds)  # fmt: skip


if __name__ == "__main__":
    run(__doc__, judge)
