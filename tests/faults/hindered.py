"""Too little room, two writers at once, inputs that change: in forks of this process."""

import contextlib
import os
import random
import resource
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

from fault_changes import CHANGES
from fault_scenes import Scene, parts, state, violations
from killed import rehearse, start


def limited(scene: Scene, stage: Path, count: int, rnd: random.Random) -> Counter[str]:
    """RLIMIT_FSIZE below what is written, and disks of every size that is too small."""
    before, after, _ = rehearse(scene, stage)
    written = [len(data) for name, data in after.items() if before.get(name) != data]
    found: Counter[str] = Counter()
    for _ in range(count):
        if os.getuid() == 0 and rnd.random() < 0.5:
            found.update(_full(scene, stage, rnd))
            continue
        limit = rnd.randrange(max(written, default=1))
        scene.prepare(stage)
        child = start(scene, stage, partial(_limit, limit))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        found.update(_judged(scene, stage, before, after, code, f"at most {limit} bytes"))
    return found


def _limit(nbytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (nbytes, nbytes))


def _full(scene: Scene, stage: Path, rnd: random.Random) -> Counter[str]:
    """A file system of its own with some pages more than what lies there before."""
    disk = stage.parent / "disk"
    disk.mkdir(exist_ok=True)
    scene.prepare(stage)
    before = state(stage)
    used = sum(-(-len(data) // 4096) for data in before.values()) + 40
    room = (used + rnd.randrange(12)) * 4096
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={room}", "none", disk], check=True)
    try:
        scene.prepare(disk / "stage")
        code = os.waitstatus_to_exitcode(os.waitpid(start(scene, disk / "stage"), 0)[1])
        after = None if code else state(disk / "stage")
        return _judged(scene, disk / "stage", before, after or before, code, f"a disk of {room}")
    finally:
        subprocess.run(["umount", disk], check=True)


def _judged(
    scene: Scene,
    stage: Path,
    before: dict[str, bytes],
    after: dict[str, bytes],
    code: int,
    what: str,
) -> Counter[str]:
    if code == 0:
        return Counter({"ok: it fitted": 1} if not parts(stage) else {f"{scene.name}: {what}": 1})
    wrong = violations(scene, stage, before, after, killed=False)
    if code != 4:
        wrong.append(f"exit {code}")
    return Counter([f"{scene.name}: {what}: {text}" for text in wrong] or ["ok: refused"])


def raced(scene: Scene, stage: Path, count: int, rnd: random.Random) -> Counter[str]:
    """Two writers at once; and an input that is written to, cut, replaced while it is read."""
    before, after, span = rehearse(scene, stage)
    found: Counter[str] = Counter()
    for _ in range(count):
        scene.prepare(stage)
        if rnd.random() < 0.5:
            found.update(_two(scene, stage, before, after, rnd.uniform(0, span)))
        else:
            change = rnd.choice(CHANGES)
            found.update(_changed(scene, stage, before, change, rnd.uniform(0, span)))
    return found


def _two(
    scene: Scene, stage: Path, before: dict[str, bytes], after: dict[str, bytes], wait: float
) -> Counter[str]:
    one = start(scene, stage)
    time.sleep(wait)
    other = start(scene, stage)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in (one, other)]
    now = state(stage)
    plain = {name: data for name, data in now.items() if ".bak" not in name}
    done = {name: data for name, data in after.items() if ".bak" not in name}
    wrong = [f"left {path.name}" for path in parts(stage)]
    if 5 in codes:
        wrong.append(f"exits {codes}")
    if 0 not in codes and plain != before:
        wrong.append(f"exits {codes}, and something changed")
    # Both may succeed one after the other; what the second made of the first's is its own affair.
    if 0 in codes and codes != [0, 0] and plain != done:
        wrong.append(f"exits {codes}, and it is not the new one")
    return Counter([f"{scene.name}: two writers: {w}" for w in wrong] or ["ok: two writers"])


def _changed(
    scene: Scene,
    stage: Path,
    before: dict[str, bytes],
    change: Callable[[Path], None],
    wait: float,
) -> Counter[str]:
    """The result is of the input before, or there is none; or it is of the input after."""
    inputs = sorted(path for path in stage.rglob("*.safetensors") if "out" not in path.parts)
    victims = [path for path in inputs if scene.arguments[0] in str(path.relative_to(stage))]
    if not victims:
        return Counter({"ok: no input to change": 1})
    child = start(scene, stage)
    time.sleep(wait)
    with contextlib.suppress(FileNotFoundError):  # the folder is just being replaced
        change(victims[0])
    victim = victims[0].read_bytes() if victims[0].exists() else None
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    now = state(stage)
    changed = {**before, str(victims[0].relative_to(stage)): victim}
    wrong = [f"left {path.name}" for path in parts(stage)] if code else []
    if code == 5:
        wrong.append("exit 5")
    if code == 0 and not _is_whole(stage):
        wrong.append("what was written can't be read")
    if code not in (0, 5) and now != changed:
        wrong.append(f"exit {code}, and something changed")
    text = f"{scene.name}: {change.__name__} after {wait:.3f} s"
    return Counter([f"{text}: {w}" for w in wrong] or ["ok: input changed"])


def _is_whole(stage: Path) -> bool:
    """Whether every checkpoint that no one has cut can be read."""
    from safetensors import SafetensorError, safe_open

    for path in (stage / "out").rglob("*.safetensors") if (stage / "out").exists() else ():
        try:
            with safe_open(path, "np") as file:
                file.keys()
        except SafetensorError:
            return False
    return True
