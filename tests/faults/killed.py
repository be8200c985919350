"""Commands in forks of this process, killed by SIGKILL at random moments."""

import contextlib
import io
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from fault_scenes import Scene, parts, state, violations, warm_up


def start(
    scene: Scene,
    stage: Path,
    first: Callable[[], object] | None = None,
    last: Callable[[], object] | None = None,
) -> int:
    """Begin a scene's command in a fork of this process.

    Args:
        first, last: done in the fork before and after.
    """
    child = os.fork()
    if child == 0:
        code = 5
        with contextlib.suppress(BaseException):
            os.chdir(stage)
            sys.stdout = sys.stderr = io.StringIO()
            from paramctl.cli.app import run

            if first:
                first()
            code = run(scene.command())
            if last:
                last()
        os._exit(code)
    return child


def finish(scene: Scene, stage: Path) -> float:
    """Run a scene's command to its end; seconds that it took."""
    began = time.perf_counter()
    status = os.waitpid(start(scene, stage), 0)[1]
    assert status == 0, f"{scene.name}: exit {os.waitstatus_to_exitcode(status)}"
    return time.perf_counter() - began


def rehearse(scene: Scene, stage: Path) -> tuple[dict[str, bytes], dict[str, bytes], float]:
    """What lies on the stage before a scene and after it, and seconds that it takes."""
    warm_up(stage, scene)
    scene.prepare(stage)
    before = state(stage)
    span = finish(scene, stage)
    return before, state(stage), span


def at_random(scene: Scene, stage: Path, count: int, rnd: random.Random) -> Counter[str]:
    """Outcomes of some kills: the old or the new was found, and every violation by its text.

    Every killed command is followed by one that is left alone, which must succeed and leave no
    hidden part.
    """
    before, after, _ = rehearse(scene, stage)
    scene.prepare(stage)
    span = finish(scene, stage)
    found: Counter[str] = Counter()
    for _ in range(count):
        scene.prepare(stage)
        child = start(scene, stage)
        time.sleep(rnd.uniform(0, 1.2 * span))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        found["ok: new" if state(stage) == after else "ok: old"] += 1
        wrong = violations(scene, stage, before, after, killed=True)
        found.update(f"{scene.name}: {text}" for text in wrong)
        if parts(stage):
            found["ok: hidden parts, of which the next command cleared"] += 1
        if state(stage) == before or (scene.repeats and "--in-place" in scene.arguments):
            finish(scene, stage)
            if parts(stage):
                found[f"{scene.name}: hidden parts after the next command"] += 1
    return found
