"""What it costs to have work done elsewhere, and where more workers stop paying.

    python benchmarks/cluster.py [--quick]

The first table times jobs that do nothing; the second statistics of a file on one and two
workers of this machine; the third is arithmetic: the measured figures, and the stated disks and
networks, for a checkpoint of 700 GB.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from checkpoints import draws
from measured import Given, run

from paramctl.compute.elsewhere import give_out
from paramctl.compute.executor import Workers, executor
from paramctl.compute.jobs import Job, elsewhere, map_jobs
from paramctl.compute.pool import set_threads
from paramctl.figures.digest import digests_of
from paramctl.figures.statistics import statistics_of
from paramctl.sources.open import open_source

CHECKPOINT, SHARDS = 700e9, 160  # bytes, files
DISK, NETWORK, STORE = 3e9, 1.25e9, 20e9  # bytes/s: a node's NVMe, its 10 GbE, all of the storage
COUNTS = (1, 8, 64)

_MPI = """
from cluster import overhead
from paramctl.compute.executor import executor
with executor("mpi"):
    print(*overhead({jobs}))
"""


def nothing(items: tuple[int, ...]) -> int:
    """The job that does nothing."""
    return len(items)


def overhead(jobs: int) -> tuple[float, float]:
    """Seconds until the first job is done, and for each of many after that."""
    start = time.perf_counter()
    workers = elsewhere()
    if workers is not None:
        list(give_out(workers, nothing, iter([Job((0,), 1 << 40)]), "read"))
    first = time.perf_counter() - start
    start = time.perf_counter()
    list(map_jobs(nothing, (Job((place,), 1) for place in range(jobs))))
    return first, (time.perf_counter() - start) / jobs


@contextmanager
def dask(count: int) -> Iterator[str]:
    """The executor text of a scheduler here with some workers of one thread."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=count, threads_per_worker=1, dashboard_address=None, protocol="tcp://"
    ) as cluster:
        yield f"dask:{cluster.scheduler_address}"


@contextmanager
def plain(text: str) -> Iterator[str]:
    """An executor text that needs nothing to be started."""
    yield text


def cluster(given: Given) -> None:
    """Print the tables."""
    each = _overheads(given.size(1000, 200))
    path = given.folder / "cluster.safetensors"
    size = given.size(1024, 128) << 20
    draws(path, "bfloat16", size)
    rates = _scaling(path, size, given.rounds)
    path.unlink()
    _model(each["dask"], rates)


def _overheads(jobs: int) -> dict[str, float]:
    print("\nA job that does nothing\n")
    print("| executor | first job | each of many |")
    print("|---|---:|---:|")
    found = {}
    for name, opened in (
        ("threads:2", plain("threads:2")),
        ("processes:2", plain("processes:2")),
        ("dask", dask(2)),
    ):
        with opened as text, executor(text):
            first, found[name] = overhead(jobs)
        print(f"| `{name}` | {_time(first)} | {1e3 * found[name]:.2f} ms |", flush=True)
    set_threads(None)
    folder = str(Path(__file__).parent)
    mpiexec = Path(sys.executable).with_name("mpiexec")
    line = [mpiexec, "-n", "3", sys.executable, "-m", "mpi4py.futures", "-c"]
    code = _MPI.format(jobs=jobs)
    if mpiexec.exists():
        place = {**os.environ, "PYTHONPATH": f"{folder}:{os.environ.get('PYTHONPATH', '')}"}
        done = subprocess.run(
            [*line, code], stdout=subprocess.PIPE, text=True, check=True, env=place
        )
        first, found["mpi"] = map(float, done.stdout.split())
        print(f"| `mpi` | {_time(first)} | {1e3 * found['mpi']:.2f} ms |", flush=True)
    return found


def _scaling(path: Path, size: int, rounds: int) -> dict[str, float]:
    """Print how two workers do beside one; bytes a second of one worker for each verb."""
    print(f"\n{size >> 20} MiB of BF16, workers of one thread, without their start\n")
    print("| executor | `stats` | beside one thread | `hash` | beside one thread |")
    print("|---|---:|---:|---:|---:|")
    base: dict[str, float] = {}
    for name, opened in (
        ("threads:1", lambda: plain("threads:1")),
        ("threads:2", lambda: plain("threads:2")),
        ("processes:1", lambda: plain("processes:1")),
        ("processes:2", lambda: plain("processes:2")),
        ("dask, 1 worker", lambda: dask(1)),
        ("dask, 2 workers", lambda: dask(2)),
    ):
        found = {}
        with opened() as text, executor(text), open_source(path) as source:
            entries = source.manifest.stored
            for verb, work in (("stats", statistics_of), ("hash", digests_of)):
                list(work(source, entries[:2]))  # workers start, and import what they need
                whole = partial(work, source, entries)
                found[verb] = min(_seconds(whole) for _ in range(rounds))
        set_threads(None)
        base = base or found
        cells = [f"{_time(found[verb])} | {found[verb] / base[verb]:.2f}" for verb in found]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
    return {verb: size / seconds for verb, seconds in base.items()}


def _seconds(work: Callable[[], Iterable[object]]) -> float:
    start = time.perf_counter()
    list(work())
    return time.perf_counter() - start


def _model(each: float, rates: dict[str, float]) -> None:
    """Print what the figures come to for a large checkpoint."""
    print(
        f"\n{CHECKPOINT / 1e9:.0f} GB in {SHARDS} shards; each worker one thread and its own node"
    )
    print(f"with {DISK / 1e9:g} GB/s of disk, or {NETWORK / 1e9:g} GB/s of network to a store of")
    print(f"{STORE / 1e9:g} GB/s; {1e3 * each:.2f} ms of scheduler per job\n")
    print("| verb | workers | jobs | its own disk | limit | the store | limit |")
    print("|---|---:|---:|---:|---|---:|---|")
    # Bytes that pass a worker for each byte of the checkpoint: an edit writes and reads back.
    verbs = {
        "stats": (rates["stats"], 1),
        "hash": (rates["hash"], 1),
        "reshard": (float("inf"), 4),
    }
    for verb, (rate, passes) in verbs.items():
        for count in COUNTS:
            size = Workers.share(_Counted(count), int(CHECKPOINT))  # type: ignore[arg-type]
            jobs = -(-int(CHECKPOINT) // size)
            cells = [_cell(count, rate, passes, jobs * each, size, place) for place in (0, 1)]
            print(f"| `{verb}` | {count} | {jobs:,} | {' | '.join(cells)} |")


class _Counted:
    def __init__(self, count: int) -> None:
        self._count = count

    def count(self) -> int:
        return self._count


def _cell(count: int, rate: float, passes: int, scheduler: float, size: int, is_store: int) -> str:
    moved = CHECKPOINT * passes
    parts = {
        "processor": CHECKPOINT / (count * rate),
        "disk": moved / (count * DISK),
        "scheduler": scheduler,
    }
    if is_store:
        parts |= {"network": moved / (count * NETWORK), "store": moved / STORE}
        parts.pop("disk")
    limit = max(parts, key=lambda part: parts[part])
    seconds = parts[limit] + size / CHECKPOINT * parts[limit] * count / 2  # half a job at the end
    return f"{_time(seconds)} | {limit}"


def _time(seconds: float) -> str:
    if seconds >= 120:
        return f"{seconds / 60:.1f} min"
    return f"{seconds:.1f} s" if seconds >= 0.995 else f"{1000 * seconds:.0f} ms"


if __name__ == "__main__":
    run(__doc__, cluster)
