"""Every way to stop or hinder a writer, many times over; run as a script.

    python tests/faults/campaign.py [--part PART]… [--kills 1000] [--traces 300] [--limits 300]
                                    [--races 300] [--scene NAME]… [--seed 0] [--folder DIR]

calls   every call of every edit: killed before and after it, failing, interrupted
kills   SIGKILL at random instants
traces  the kernel's own faults, by strace, at random calls of fresh processes
limits  RLIMIT_FSIZE, and file systems of every size that is too small
races   two writers at once, inputs changed, cut and replaced while they are read

Prints a row per part and what went wrong; exits 1 when anything did.
"""

import argparse
import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parents[1] / "fixtures")]

import hindered  # noqa: E402
import interposed  # noqa: E402
import killed  # noqa: E402
import traced  # noqa: E402
from fault_scenes import EDITS, SCENES, Scene  # noqa: E402

Trials = tuple[int, Counter[str]]


def calls(stage: Path, scenes: list[Scene]) -> Trials:
    """Every call of every scene."""
    count, wrong = 0, Counter[str]()
    for scene in scenes:
        trials, found = interposed.examine(scene, stage)
        count += trials
        wrong.update(found)
        print(f"  {scene.name}: {trials} trials, {len(found)} wrong", file=sys.stderr, flush=True)
    return count, wrong


def spread(scenes: list[Scene], count: int, part: Callable[..., Counter[str]]) -> Trials:
    """A part of the campaign with its trials spread evenly over the scenes."""
    wrong = Counter[str]()
    for number, scene in enumerate(scenes):
        trials = count // len(scenes) + (number < count % len(scenes))
        if trials:
            wrong.update(part(scene, count=trials))
    return count, wrong


SPREAD = {
    "kills": (1000, killed.at_random),
    "traces": (300, traced.at_random),
    "limits": (300, hindered.limited),
    "races": (300, hindered.raced),
}


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--part", action="append", choices=["calls", *SPREAD])
    for part, (count, _) in SPREAD.items():
        parser.add_argument(f"--{part}", type=int, default=count, metavar="N")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scene", action="append", choices=[*SCENES, *EDITS])
    parser.add_argument("--folder", type=Path)
    return parser.parse_args()


def told(name: str, trials: int, found: Counter[str]) -> bool:
    """Print the row of a part; whether anything went wrong."""
    fine = {text[4:]: times for text, times in sorted(found.items()) if text.startswith("ok: ")}
    wrong = {text: times for text, times in found.items() if not text.startswith("ok: ")}
    print(f"{name:7} {trials:7,} trials  {fine or ''}  {sum(wrong.values())} wrong", flush=True)
    for text, times in wrong.items():
        print(f"  {times} x {text}", flush=True)
    return bool(wrong)


def main() -> int:
    """Run the parts that the arguments ask for."""
    chosen = arguments()
    everything = SCENES | EDITS
    scenes = [everything[name] for name in chosen.scene or everything]
    rnd, failed = random.Random(chosen.seed), False
    with tempfile.TemporaryDirectory(dir=chosen.folder) as home:
        stage = Path(home) / "stage"
        if not chosen.part or "calls" in chosen.part:
            failed |= told("calls", *calls(stage, scenes))
        for name, (_, part) in SPREAD.items():
            if not chosen.part or name in chosen.part:
                count = getattr(chosen, name)
                failed |= told(name, *spread(scenes, count, partial(part, stage=stage, rnd=rnd)))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
