"""Time and memory of commands and scripts, each in a fresh process, and tables of ratios.

Both sides of a row run in turns and the best of each counts. The peak of memory is the
process's own VmHWM, read by itself at its end: what wait4 tells includes the memory of the
process that forked it.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_PEAK = """
def peak(path):
    with open("/proc/self/status") as status, open(path, "w") as file:
        file.write(next(line.split()[1] for line in status if line.startswith("VmHWM")))
"""
_PARAMCTL = f"""{_PEAK}
import gc, sys
from paramctl.cli.app import run
gc.set_threshold(10_000)
code = run(sys.argv[2:])
peak(sys.argv[1])
sys.stdout.flush()
import os
os._exit(code)
"""


@dataclass(frozen=True)
class Measure:
    """One process: seconds, and the most memory it held in MiB; 0 where that was not asked."""

    seconds: float
    peak: float = 0.0


def paramctl(*words: str | Path, wanted: int = 0) -> Measure:
    """A command line of paramctl from start to end."""
    return _python(_PARAMCTL, words, wanted)


def script(code: str, *words: str | Path) -> Measure:
    """A Python script from start to end; its words are ``sys.argv[2:]``."""
    return _python(f"{_PEAK}\nimport sys\n{code}\npeak(sys.argv[1])", words, 0)


def part(code: str, *words: str | Path) -> Measure:
    """A Python script that prints how many seconds the part that counts took."""
    with tempfile.NamedTemporaryFile() as file:
        code = f"{_PEAK}\nimport sys\n{code}\npeak(sys.argv[1])"
        line = [sys.executable, "-c", code, file.name, *map(str, words)]
        done = subprocess.run(line, capture_output=True, text=True, check=True)
        return Measure(float(done.stdout), int(Path(file.name).read_text()) / 1024)


def command(*words: str | Path, wanted: int = 0) -> Measure:
    """Any other command from start to end."""
    start = time.perf_counter()
    done = subprocess.run(
        list(map(str, words)), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False
    )
    seconds = time.perf_counter() - start
    if done.returncode != wanted:
        said = done.stderr.decode(errors="replace")
        raise SystemExit(f"exit {done.returncode}: {' '.join(map(str, words))[-300:]}\n{said}")
    return Measure(seconds)


def _python(code: str, words: tuple[str | Path, ...], wanted: int) -> Measure:
    with tempfile.NamedTemporaryFile() as file:
        done = command(sys.executable, "-c", code, file.name, *words, wanted=wanted)
        return Measure(done.seconds, int(Path(file.name).read_text()) / 1024)


@dataclass(frozen=True)
class Given:
    """What the command line says.

    Attributes:
        quick: whether sizes are small.
        rounds: how often each side runs.
        folder: where files are written.
        device: where the engine computes.
    """

    quick: bool
    rounds: int
    folder: Path
    device: str = "cpu"

    def size(self, full: int, quick: int) -> int:
        """The one or the other."""
        return quick if self.quick else full


class Table:
    """Rows of paramctl beside a peer, printed as they come."""

    def __init__(self, title: str, *, peaks: bool = True) -> None:
        self._peaks = peaks
        print(f"\n{title}\n")
        print("| what | peer | paramctl | peer | ratio |" + " peak |" * peaks)
        print("|---|---|---:|---:|---:|" + "---:|" * peaks, flush=True)

    def row(
        self,
        what: str,
        peer: str,
        ours: Callable[[], Measure],
        theirs: Callable[[], Measure],
        rounds: int,
    ) -> None:
        """Measure both sides in turns and print the best."""
        mine, other = [], []
        for _ in range(rounds):
            mine.append(ours())
            other.append(theirs())
        seconds, beside = (min(one.seconds for one in side) for side in (mine, other))
        cells = [what, peer, seconds_text(seconds), seconds_text(beside), f"{seconds / beside:.2f}"]
        if self._peaks:
            cells.append(f"{max(one.peak for one in mine):.0f} MiB")
        print(f"| {' | '.join(cells)} |", flush=True)


def seconds_text(seconds: float) -> str:
    """Seconds or milliseconds."""
    return f"{seconds:.2f} s" if seconds >= 0.995 else f"{1000 * seconds:.0f} ms"


def machine() -> str:
    """Cores, processor and memory, without a name."""
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{len(os.sched_getaffinity(0))} cores of {model}, {memory:.0f} GiB; page cache warm."


def run(doc: str | None, *subjects: Callable[[Given], None]) -> None:
    """Read the command line, say what machine this is, and print the tables."""
    options = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--quick", action="store_true", help="small sizes, two rounds")
    options.add_argument("--rounds", type=int, metavar="N", help="runs of each side, of 3 or 2")
    options.add_argument("--folder", type=Path, metavar="DIR", help="where files are written")
    options.add_argument("--device", default="cpu", help="where the engine computes: cpu, cuda")
    given = options.parse_args()
    rounds = given.rounds or (2 if given.quick else 3)
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        print(machine())
        for subject in subjects:
            subject(Given(given.quick, rounds, Path(folder), given.device))
