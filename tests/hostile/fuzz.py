"""Break headers at random and compare with the reference reader.

python tests/hostile/fuzz.py --count 1e8 --jobs 2

Files come in blocks, each with its own random numbers from the seed and the block's number: any
number of jobs tries the same files, and `--first N` goes on where an earlier run ended.
"""

import argparse
import multiprocessing
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

if __name__ == "__main__":
    root = Path(__file__).parents[2]
    sys.path[:0] = [str(root / "tests"), str(root / "fixtures")]

import safetensors
from hostile.dice import Dice
from hostile.layouts import near_layouts
from hostile.mutations import corpus
from hostile.verdict import judge

BLOCK = 10_000
_MOST_TOLD = 20  # contradictions of one block
_EVERY = 60.0  # seconds between two lines of progress


def mutants(count: int, seed: str) -> Iterator[bytes]:
    """Files built nearly right, and those of fixtures/hostile with a few changes."""
    dice, made = Dice(seed), 0
    while made < count:
        for content in near_layouts(dice) if dice.chance(0.5) else corpus().mutants(dice):
            if made == count:
                return
            made += 1
            yield content


def tried(task: tuple[str, int]) -> tuple[Counter[str], list[tuple[str, bytes]]]:
    """How many files of one block there were of each kind, and the contradictions among them."""
    kinds: Counter[str] = Counter()
    wrong = []
    for content in mutants(task[1], task[0]):
        judged = judge(content)
        kinds[judged.kind] += 1
        if judged.problem and len(wrong) < _MOST_TOLD:
            wrong.append((judged.problem, content))
    return kinds, wrong


class Campaign:
    """Blocks tried so far, and what came out."""

    def __init__(self, seed: int, first: int, count: int) -> None:
        self.seed, self.first, self.blocks = seed, first, 0
        self.kinds: Counter[str] = Counter()
        self.started = self.told = time.perf_counter()
        self.tasks = [
            (f"{seed}:{first + place}", min(BLOCK, count - place * BLOCK))
            for place in range(-(-count // BLOCK))
        ]

    def add(self, kinds: Counter[str], wrong: list[tuple[str, bytes]]) -> None:
        """Count a block, print its contradictions, and now and then where we are."""
        for problem, content in wrong:
            print(f"block {self.first + self.blocks}: {problem}\n  {content!r}", flush=True)
        self.kinds += kinds
        self.blocks += 1
        if time.perf_counter() - self.told > _EVERY:
            self.told = time.perf_counter()
            print(self.text(), file=sys.stderr, flush=True)

    def text(self) -> str:
        """What was tried, how fast, and what came out."""
        seconds, total = time.perf_counter() - self.started, sum(self.kinds.values())
        found = ", ".join(f"{count} {kind}" for kind, count in sorted(self.kinds.items()))
        return (
            f"{total} files in {seconds:.1f} s, {total / max(seconds, 1e-9):.0f} a second, "
            f"{self.kinds['contradictions']} contradictions ({found}); "
            f"safetensors {safetensors.__version__}, seed {self.seed}, "
            f"next --first {self.first + self.blocks}"
        )

    def run(self, jobs: int) -> None:
        """Try every block, in order, in as many processes."""
        if jobs == 1:
            for task in self.tasks:
                self.add(*tried(task))
            return
        with multiprocessing.get_context("fork").Pool(jobs, _ignore_interrupts) as pool:
            for done in pool.imap(tried, self.tasks):
                self.add(*done)


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _stop(number: int, frame: FrameType | None) -> Any:
    raise KeyboardInterrupt


def main(arguments: Sequence[str] | None = None) -> int:
    """Print each contradiction, and how many files were tried; 1 when there was one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=lambda text: int(float(text)), default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="the first block")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    options = parser.parse_args(arguments)
    campaign = Campaign(options.seed, options.first, options.count)
    before = signal.signal(signal.SIGTERM, _stop)
    try:
        campaign.run(options.jobs)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
    finally:
        signal.signal(signal.SIGTERM, before)
    print(campaign.text())
    return 1 if campaign.kinds["contradictions"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
