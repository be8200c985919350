"""Every system call of a write, one after the other, killed or failing; run as a script.

    python tests/faults/interposed.py STAGE [SCENE…]

Each trial is a forked process in which the ``os`` functions that read and change files count
their calls; at the chosen one the process dies by SIGKILL, before or after the call, or the call
fails. Prints one JSON object with the number of trials and what went wrong.
"""

import errno
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2] / "fixtures")]

from fault_scenes import EDITS, SCENES, Scene, parts, state, violations, warm_up  # noqa: E402
from killed import start  # noqa: E402

CALLS = (
    "open", "pwrite", "copy_file_range", "posix_fallocate", "ftruncate", "preadv", "pread", "fsync",
    "fchmod", "link", "rename", "mkdir",
)  # fmt: skip
ERRORS = {"EIO": errno.EIO, "ENOSPC": errno.ENOSPC, "EDQUOT": errno.EDQUOT}
COPY_ERRORS = ("EXDEV", "EINVAL", "ENOSYS", "EOPNOTSUPP")
Fault = Callable[[str, Callable[..., object], tuple, dict], object]


class Count:
    """Calls so far, and what happens at the one that is chosen."""

    def __init__(self, at: int, fault: Fault) -> None:
        self.at, self.fault, self.calls = at, fault, []

    def wrap(self, name: str, function: Callable[..., object]) -> Callable[..., object]:
        def call(*given, **named):
            if name == "open" and not _creates(given):
                return function(*given, **named)
            self.calls.append(name)
            if len(self.calls) - 1 == self.at:
                return self.fault(name, function, given, named)
            return function(*given, **named)

        return call

    def install(self) -> None:
        from paramctl.formats import kernel

        for name in CALLS:
            setattr(os, name, self.wrap(name, getattr(os, name)))
        kernel._rename = self.wrap("renameat2", kernel._rename)


def _creates(given) -> bool:
    return len(given) > 1 and bool(given[1] & (os.O_CREAT | os.O_TMPFILE & ~os.O_DIRECTORY))


def kill_before(name, function, given, named):
    os.kill(os.getpid(), signal.SIGKILL)


def kill_after(name, function, given, named):
    function(*given, **named)
    os.kill(os.getpid(), signal.SIGKILL)


def failing(code: int) -> Fault:
    def fail(name, function, given, named):
        raise OSError(code, os.strerror(code))

    return fail


def interrupted(name, function, given, named):
    os.kill(os.getpid(), signal.SIGINT)
    return function(*given, **named)


def terminated(name, function, given, named):
    os.kill(os.getpid(), signal.SIGTERM)
    return function(*given, **named)


def run(scene: Scene, stage: Path, at: int, fault: Fault) -> tuple[int, list[str]]:
    """Run a scene's command in a fork with one fault; its wait status and its calls."""
    reader, writer = os.pipe()
    count = Count(at, fault)

    def begin() -> None:
        count.install()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def tell() -> None:
        os.write(writer, json.dumps(count.calls).encode())

    child = start(scene, stage, begin, tell)
    os.close(writer)
    with open(reader, "rb") as pipe:
        said = pipe.read()
    return os.waitpid(child, 0)[1], json.loads(said or b"[]")


def trials(calls: list[str]) -> list[tuple[str, int, Fault, bool]]:
    """Every fault at every call: a name, the call, the fault, whether the process is killed."""
    found = []
    for at, name in enumerate(calls):
        if name in ("preadv", "pread"):
            found.append((f"EIO at {name} {at}", at, failing(errno.EIO), False))
            continue
        found.append((f"SIGKILL before {name} {at}", at, kill_before, True))
        if name in ("link", "rename", "renameat2", "mkdir", "fsync"):
            found.append((f"SIGKILL after {name} {at}", at, kill_after, True))
        found.append((f"SIGINT at {name} {at}", at, interrupted, False))
        found.append((f"SIGTERM at {name} {at}", at, terminated, False))
        found += [(f"{e} at {name} {at}", at, failing(code), False) for e, code in ERRORS.items()]
    return found


def examine(scene: Scene, stage: Path) -> tuple[int, list[str]]:
    """All trials of a scene: how many, and what went wrong."""
    warm_up(stage, scene)
    scene.prepare(stage)
    before = state(stage)
    status, calls = run(scene, stage, -1, kill_before)
    assert status == 0, f"{scene.name}: exit {os.waitstatus_to_exitcode(status)}"
    after = state(stage)
    wrong = [f"{scene.name}: left {parts(stage)}"] if parts(stage) else []
    plan = trials(calls)
    for title, at, fault, killed in plan:
        scene.prepare(stage)
        status, _ = run(scene, stage, at, fault)
        title = f"{scene.name}: {title}"
        if status == 0:
            is_signal = fault in (interrupted, terminated)
            late = state(stage) == after and not parts(stage)
            if not (is_signal and late):
                wrong.append(f"{title}: the command succeeded")
            continue
        ok_late = fault in (interrupted, terminated) and state(stage) == after
        if not ok_late:
            found = violations(scene, stage, before, after, killed=killed)
            wrong += [f"{title}: {problem}" for problem in found]
        if killed:
            wrong += _again(scene, stage, title, before)
    return len(plan), wrong


def _again(scene: Scene, stage: Path, title: str, before: dict[str, bytes]) -> list[str]:
    """The same command once more clears away what the killed one left."""
    if not scene.repeats and state(stage) != before:
        return []  # what is tied can't be tied again; hidden parts go with the next edit
    if "--in-place" not in scene.arguments and (stage / scene.target).exists():
        return [] if scene.before else [*map(str, parts(stage))]
    status, _ = run(scene, stage, -1, kill_before)
    if status != 0 or parts(stage):
        return [f"{title}: then exit {os.waitstatus_to_exitcode(status)}, {parts(stage)}"]
    return []


def main(arguments: list[str]) -> None:
    stage = Path(arguments[0]) / "stage"
    warm_up(stage)
    count, wrong = 0, []
    for name in arguments[1:] or SCENES:
        number, found = examine((SCENES | EDITS)[name], stage)
        count, wrong = count + number, wrong + found
    print(json.dumps({"trials": count, "wrong": wrong}))


if __name__ == "__main__":
    main(sys.argv[1:])
