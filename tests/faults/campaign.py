"""Kill commands by SIGKILL at random moments and look at what is left; run as a script.

    python tests/faults/campaign.py --kills 1000 [--seed 0] [--folder DIR] [--scene NAME]

Prints a table: how often the old and the new content were found whole, and what went wrong;
exits 1 when anything did. Every killed command is followed by one that is left alone, which
must succeed and leave no hidden part.
"""

import argparse
import contextlib
import io
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2] / "fixtures")]

from fault_scenes import SCENES, Scene, parts, state, violations, warm_up  # noqa: E402


def start(scene: Scene, stage: Path) -> int:
    """Begin a scene's command in a fork of this process."""
    child = os.fork()
    if child == 0:
        code = 5
        with contextlib.suppress(BaseException):
            os.chdir(stage)
            sys.stdout = sys.stderr = io.StringIO()
            from paramctl.cli.app import run

            code = run(scene.command())
        os._exit(code)
    return child


def finish(scene: Scene, stage: Path) -> float:
    """Run a scene's command to its end; seconds that it took."""
    began = time.perf_counter()
    status = os.waitpid(start(scene, stage), 0)[1]
    assert status == 0, f"{scene.name}: exit {os.waitstatus_to_exitcode(status)}"
    return time.perf_counter() - began


def campaign(scene: Scene, stage: Path, kills: int, rnd: random.Random) -> Counter[str]:
    """Outcomes of some kills: ``old``, ``new``, and every violation by its text."""
    scene.prepare(stage)
    before = state(stage)
    finish(scene, stage)
    after = state(stage)
    scene.prepare(stage)
    span = finish(scene, stage)
    found: Counter[str] = Counter()
    for _ in range(kills):
        scene.prepare(stage)
        child = start(scene, stage)
        time.sleep(rnd.uniform(0, 1.2 * span))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        found["new" if state(stage) == after else "old"] += 1
        found.update(violations(scene, stage, before, after, killed=True))
        if parts(stage):
            found["hidden parts"] += 1
        if (scene.name.endswith("in place") and scene.edit[0] == "set") or state(stage) == before:
            finish(scene, stage)
            if parts(stage):
                found["hidden parts after the next command"] += 1
    return found


def main() -> int:
    """Run the campaign that the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--scene", action="append", choices=list(SCENES))
    chosen = parser.parse_args()
    names = chosen.scene or list(SCENES)
    rnd, harmless = random.Random(chosen.seed), {"old", "new", "hidden parts"}
    failed = False
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        warm_up(Path(folder) / "stage")
        for number, name in enumerate(names):
            kills = chosen.kills // len(names) + (number < chosen.kills % len(names))
            found = campaign(SCENES[name], Path(folder) / "stage", kills, rnd)
            print(f"{name:28} {kills:6} kills  {dict(sorted(found.items()))}", flush=True)
            failed = failed or bool(set(found) - harmless)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
