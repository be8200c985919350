"""Nothing a user had is lost, and nothing half-written remains, wherever a command is stopped."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from command import expect
from fault_scenes import SCENES, parts, state, violations
from faults import traced

HERE = Path(__file__).parent


@pytest.fixture
def stage():
    """A folder in memory where there is one: the order of calls counts here, not the disk."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield folder


@pytest.mark.parametrize(
    "scene", ["new file", "replaced file", "replaced folder", "file and config in place"]
)
def test_every_call_may_fail_or_be_the_last(stage, scene):
    """SIGKILL before and after, EIO, ENOSPC, EDQUOT, SIGINT and SIGTERM at each call in turn."""
    script = [sys.executable, HERE / "interposed.py", stage, scene]
    done = subprocess.run(script, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["wrong"] == []
    assert report["trials"] > 70


def test_random_kills_leave_the_old_or_the_new(tmp_path):
    """A sample; ``python tests/faults/campaign.py`` is the whole."""
    scenes = (
        "file in place with backup",
        "replaced folder",
        "file and config in place",
        "apply: new",
    )
    words = [word for scene in scenes for word in ("--scene", scene)]
    parts = ("--part", "kills", "--kills", "24", "--part", "races", "--races", "8")
    script = [sys.executable, HERE / "campaign.py", *parts, *words, "--folder", tmp_path]
    done = subprocess.run(script, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


STRACED = [
    ("pwrite64", "error=EIO"),
    ("pwrite64", "error=ENOSPC"),
    ("pwrite64", "signal=SIGKILL"),
    ("fsync", "error=EIO"),
    ("fsync", "signal=SIGKILL"),
    ("fallocate", "error=ENOSPC"),
    ("linkat", "error=EIO"),
    ("linkat", "signal=SIGKILL"),
    ("renameat2", "error=EIO"),
    ("renameat2", "signal=SIGKILL"),
    ("copy_file_range", "error=EIO"),
    ("copy_file_range", "error=EXDEV"),
]


@pytest.mark.skipif(not traced.works(), reason="the interposed calls above cover the same faults")
@pytest.mark.parametrize(("call", "fault"), STRACED)
def test_the_kernels_own_faults_are_no_different(tmp_path, call, fault):
    """The same at the system call itself, in a fresh process."""
    scene = SCENES["replaced file"]
    scene.prepare(tmp_path)
    before = state(tmp_path)
    expect(0, *scene.command(), cwd=tmp_path)
    after = state(tmp_path)
    scene.prepare(tmp_path)
    done = traced.hit(scene, tmp_path, call, fault, 1)
    if fault == "error=EXDEV":
        assert done.returncode == 0, done.stderr
        assert state(tmp_path) == after
        return
    assert done.returncode in ((-9, 137) if "signal" in fault else (4,)), done
    assert violations(scene, tmp_path, before, after, killed="signal" in fault) == []
    assert "signal" in fault or parts(tmp_path) == []
