"""Two sides in processes of their own, which run in turns when they are told to.

Threads of one library wait for work by spinning: in one process they would slow the other down.
So each side lives in a process, both have two threads, and only one works at a time. A round in
which somebody else took more than a quarter of the cores is run again.
"""

import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

THREADS = 2
SHORTEST = 0.25  # seconds of a round: ten times as long as the clock of the cores is coarse
_LOOP = """
import sys, time
for line in sys.stdin:
    repeats, *job = line.split()
    start = time.perf_counter()
    for _ in range(int(repeats)):
        run(*job)
    print(time.perf_counter() - start, flush=True)
with open("/proc/self/status") as status:
    print(next(row.split()[1] for row in status if row.startswith("VmHWM")), flush=True)
"""
_SETTING = {"OPENBLAS_NUM_THREADS": str(THREADS), "OMP_NUM_THREADS": str(THREADS)}


class Side:
    """A process that does a job when told, as often as makes a round long enough.

    Args:
        code: defines ``run(*job)``, with words; ``sys.argv[1:]`` are those given here.
    """

    def __init__(self, code: str, *words: object) -> None:
        line = [sys.executable, "-c", f"import sys\n{code}\n{_LOOP}", *map(str, words)]
        self._process = subprocess.Popen(
            line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, **_SETTING},
        )  # fmt: skip
        self._repeats: dict[tuple[object, ...], int] = {}

    def seconds(self, *job: object) -> float:
        """How long a job takes, as the mean of a round; the first of all is not counted."""
        if job not in self._repeats:
            self._run(1, job)
            self._repeats[job] = max(1, round(SHORTEST / self._run(1, job)))
        return self._run(self._repeats[job], job) / self._repeats[job]

    def _run(self, repeats: int, job: tuple[object, ...]) -> float:
        print(repeats, *job, file=self._stream(self._process.stdin), flush=True)
        line = self._stream(self._process.stdout).readline()
        if not line:
            raise SystemExit("a side has ended before its time")
        return float(line)

    def busy(self) -> float:
        """Seconds of the cores that the process has used."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak(self) -> float:
        """MiB that were resident at most; the process ends."""
        last = self._process.communicate()[0].split()
        return int(last[-1]) / 1024

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._process.kill()
        self._process.wait()

    @staticmethod
    def _stream(stream: IO[str] | None) -> IO[str]:
        assert stream is not None
        return stream


@dataclass(frozen=True)
class Race:
    """What rounds in turns gave.

    Attributes:
        ours, theirs: seconds of the fastest round of each.
        ratios: ours by theirs in each pair of rounds, in ascending order.
        disturbed: pairs that were disturbed and could not be run again.
    """

    ours: float
    theirs: float
    ratios: list[float]
    disturbed: int

    @property
    def text(self) -> str:
        """The median of the ratios and their quartiles."""
        low, middle, high = statistics.quantiles(self.ratios, n=4, method="inclusive")
        noise = "" if not self.disturbed else f", {self.disturbed} disturbed"
        return f"{middle:.2f} ({low:.2f}–{high:.2f}{noise})"


def race(ours: Side, theirs: Side, job: tuple[object, ...], rounds: int) -> Race:
    """Run both in turns. What is disturbed is run again, up to twice as many rounds."""
    pairs: list[tuple[float, float, bool]] = []
    for _ in range(2 * rounds):
        one, other = _round(ours, job), _round(theirs, job)
        pairs.append((one[0], other[0], one[1] or other[1]))
        if sum(not is_disturbed for _, _, is_disturbed in pairs) == rounds:
            break
    best = sorted(pairs, key=lambda pair: pair[2])[:rounds]
    ratios = sorted(one / other for one, other, _ in best)
    fastest = [min(pair[side] for pair in best) for side in (0, 1)]
    return Race(fastest[0], fastest[1], ratios, sum(pair[2] for pair in best))


def _round(side: Side, job: tuple[object, ...]) -> tuple[float, bool]:
    """Seconds of a job, and whether somebody else was busy meanwhile."""
    before, own, start = _busy(), side.busy(), time.perf_counter()
    seconds = side.seconds(*job)
    passed = time.perf_counter() - start
    foreign = _busy() - before - (side.busy() - own)
    return seconds, foreign > 0.25 * passed * len(os.sched_getaffinity(0))


def _busy() -> float:
    """Seconds of all cores that were not idle."""
    fields = [int(text) for text in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")
