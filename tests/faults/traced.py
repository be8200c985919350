"""The kernel's own faults: strace lets a system call of a fresh process fail, or kills it there."""

import os
import random
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

from fault_scenes import Scene, parts, state, violations

CALLS = (
    "pwrite64", "fsync", "fallocate", "ftruncate", "linkat", "renameat2", "mkdirat", "mkdir",
    "copy_file_range", "preadv", "fchmod",
)  # fmt: skip
FAULTS = ("signal=SIGKILL", "error=EIO", "error=ENOSPC", "error=EDQUOT")
_CALL = re.compile(r"^\d+ +(\w+)\(", re.M)


def works() -> bool:
    """Whether there is a strace that may let calls fail."""
    if not shutil.which("strace"):
        return False
    script = ["strace", "-f", "--seccomp-bpf", "-qq", "-e", "inject=fsync:error=EIO:when=9", "true"]
    return subprocess.run(script, capture_output=True).returncode == 0


def run(scene: Scene, stage: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    """Run a scene's command in a fresh process under strace."""
    words = [*options, sys.executable, "-m", "paramctl", *scene.command()]
    place = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": place}
    script = ["strace", "-f", "-qq", *words]
    return subprocess.run(script, cwd=stage, capture_output=True, text=True, env=environment)


def hit(
    scene: Scene, stage: Path, call: str, fault: str, when: int
) -> "subprocess.CompletedProcess[str]":
    """The same with one fault, at the call of a number."""
    fast = [] if "signal" in fault else ["--seccomp-bpf"]  # which delivers no signals
    inject = f"inject={call}:{fault}:when={when}"
    return run(scene, stage, *fast, "-o", os.devnull, "-e", f"trace={call}", "-e", inject)


def counted(scene: Scene, stage: Path) -> Counter[str]:
    """How often the command makes each of the calls."""
    log = stage.parent / "calls"
    done = run(scene, stage, "-o", str(log), "-e", f"trace={','.join(CALLS)}")
    assert done.returncode == 0, done.stderr
    return Counter(_CALL.findall(log.read_text()))


def at_random(scene: Scene, stage: Path, count: int, rnd: random.Random) -> Counter[str]:
    """Outcomes of faults at random calls, and every violation by its text."""
    if not works():
        return Counter({"ok: no strace here": count})
    scene.prepare(stage)
    before = state(stage)
    number = counted(scene, stage)
    after = state(stage)
    found: Counter[str] = Counter()
    for _ in range(count):
        call = rnd.choice([name for name in CALLS if number[name]])
        fault, when = rnd.choice(FAULTS), rnd.randint(1, number[call])
        what = f"{scene.name}: {fault} at {call} {when}"
        scene.prepare(stage)
        code = hit(scene, stage, call, fault, when).returncode
        is_new = state(stage) == after
        found["ok: new" if is_new else "ok: old"] += 1
        if code == 0 and is_new and not parts(stage):
            continue  # a call that has another way, or the interpreter's own
        if code not in (3, 4, -9, 137):
            found[f"{what}: exit {code}"] += 1
        wrong = violations(scene, stage, before, after, killed="signal" in fault)
        found.update(f"{what}: {text}" for text in wrong)
    return found
