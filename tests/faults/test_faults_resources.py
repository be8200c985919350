"""Folders that can't be written, full disks, inputs that change: the old stays as it was."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import spell
from command import expect
from fault_changes import CHANGES
from fault_scenes import parts, state
from fault_stage import tensors

HERE = Path(__file__).parent


@pytest.fixture
def stage(tmp_path):
    """A checkpoint of some 300 kB, and an older output."""
    large = {**tensors(1), "d.weight": spell.f32(spell.uniform((256, 300), 1.0, 5))}
    (tmp_path / "in.safetensors").write_bytes(spell.checkpoint(large, {"format": "pt"}))
    (tmp_path / "out.safetensors").write_bytes(spell.checkpoint(tensors(9)))
    return tmp_path


def confined(how, folder, *words) -> tuple[int, str]:
    """Run a command with fewer rights; its exit code, and what it wrote to stderr."""
    script = [sys.executable, str(HERE / "confined.py"), str(how), str(folder), *words, "-q"]
    done = subprocess.run(script, capture_output=True, text=True)
    return done.returncode, done.stderr


@pytest.fixture
def private(tmp_path_factory):
    """A folder that others may enter, below folders that they may enter too."""
    folder = tmp_path_factory.mktemp("private")
    for parent in (folder, *folder.parents):
        if parent.stat().st_uid == os.getuid() and not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o011)
    return folder


@pytest.mark.parametrize("words", [["-o", "closed/out"], ["-o", "closed/out.safetensors"]])
def test_a_folder_that_may_not_be_written_is_named(private, words):
    """Before anything is read; root may write everywhere, so this runs as nobody."""
    (private / "in.safetensors").write_bytes(spell.checkpoint(tensors(1)))
    (private / "closed").mkdir()
    (private / "closed").chmod(0o555)
    code, said = confined("nobody", private, "set", "in.safetensors", "b.weight", "1", *words)
    assert said == f"paramctl: {words[1]}: the folder closed can't be written\n"
    assert code == 4
    assert list((private / "closed").iterdir()) == []


def test_in_place_needs_a_folder_that_may_be_written(private):
    """The file itself may be written; it is replaced by renaming, never opened for writing."""
    (private / "closed").mkdir()
    model = private / "closed" / "in.safetensors"
    model.write_bytes(spell.checkpoint(tensors(1)))
    model.chmod(0o666)
    (private / "closed").chmod(0o555)
    before = model.read_bytes()
    words = ("set", "closed/in.safetensors", "b.weight", "1", "--in-place")
    code, said = confined("nobody", private, *words)
    assert said == "paramctl: closed/in.safetensors: the folder closed can't be written\n"
    assert code == 4
    assert model.read_bytes() == before


def test_a_file_of_root_can_be_replaced_by_whoever_may_write_its_folder(private):
    """Its owner can't be kept then; its permissions are."""
    private.chmod(0o777)
    model = private / "in.safetensors"
    model.write_bytes(spell.checkpoint(tensors(1)))
    model.chmod(0o644)
    words = ("set", "in.safetensors", "b.weight", "1", "--in-place")
    assert confined("nobody", private, *words) == (0, "")
    assert model.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("limit", [0, 64, 4096, 100_000])
@pytest.mark.parametrize("target", ["out.safetensors", "out"])
def test_a_limit_on_the_size_of_files_harms_nothing(stage, limit, target):
    """RLIMIT_FSIZE below what is needed: at the first byte, inside the header, inside the data."""

    before = state(stage)
    words = ("set", "in.safetensors", "b.weight", "1", "-o", target, "--force")
    code, said = confined(limit, stage, *words)
    assert code == 4, said
    assert said.endswith("file too large\nhint: free some room, or write to another disk\n")
    assert state(stage) == before
    assert parts(stage) == []


def fails(monkeypatch, call, nth, code):
    """Have the nth call of an ``os`` function fail."""
    real, count = getattr(os, call), iter(range(1 << 30))

    def fail(*given, **named):
        if next(count) == nth:
            raise OSError(code, os.strerror(code))
        return real(*given, **named)

    monkeypatch.setattr(os, call, fail)


@pytest.mark.parametrize(
    ("call", "nth"),
    [
        ("posix_fallocate", 0), ("pwrite", 0), ("pwrite", 2), ("copy_file_range", 1),
        ("fsync", 0), ("fsync", 1), ("link", 0), ("fsync", 2),
    ],
    ids=["start", "header", "made data", "copied data", "sync", "second sync", "name", "folder"],
)  # fmt: skip
def test_a_disk_that_fills_up_harms_nothing(stage, monkeypatch, call, nth):
    """ENOSPC from the first reservation to the last rename."""
    before = state(stage)
    fails(monkeypatch, call, nth, errno.ENOSPC)
    words = ("set", "in.safetensors", "b.weight", "1", "-o", "out.safetensors", "--force", "-q")
    result = expect(4, *words, cwd=stage)
    assert result.err == (
        "paramctl: out.safetensors: no space left on device\n"
        "hint: free some room, or write to another disk\n"
    )
    assert state(stage) == before
    assert parts(stage) == []


def mounts() -> bool:
    script = ["unshare", "-Urm", "mount", "-t", "tmpfs", "none", "/mnt"]
    try:
        return subprocess.run(script, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


FULL = """
mount -t tmpfs -o size={size} none disk && cp old.safetensors disk/out.safetensors &&
{python} -m paramctl set in.safetensors b.weight 1 -o disk/out.safetensors --force
code=$?
cmp disk/out.safetensors old.safetensors && test $(ls -A disk | wc -l) = 1 && exit $code
exit 9
"""


@pytest.mark.skipif(not mounts(), reason="the failing calls above are the same fault")
@pytest.mark.parametrize("size", [20480, 155648, 327680])
def test_a_disk_that_is_really_full_harms_nothing(stage, size):
    """A file system with no room, half the room, and almost all of it."""
    (stage / "disk").mkdir()
    (stage / "out.safetensors").rename(stage / "old.safetensors")
    script = FULL.format(size=size, python=sys.executable)
    done = subprocess.run(
        ["unshare", "-Urm", "sh", "-c", script], cwd=stage, capture_output=True, text=True
    )
    assert done.returncode == 4, done.stderr
    assert "no space left on device" in done.stderr


def changes_while_read(monkeypatch, stage, change):
    """Change the input once, in the middle of the first copy out of it."""
    real, pending = os.copy_file_range, [change]

    def copy(*given, **named):
        if pending:
            pending.pop()(stage / "in.safetensors")
        return real(*given, **named)

    monkeypatch.setattr(os, "copy_file_range", copy)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("target", ["out.safetensors", "out"])
def test_an_input_that_changes_while_it_is_read_is_refused(stage, monkeypatch, change, target):
    """A byte written, cut, lengthened, replaced: exit 3, and the output as it was."""
    before = state(stage)
    changes_while_read(monkeypatch, stage, change)
    words = ("set", "in.safetensors", "b.weight", "1", "-o", target, "--force", "-q", "--json")
    result = expect(3, *words, cwd=stage)
    assert json.loads(result.err)["error"]["kind"] == "input"
    after = state(stage)
    del before["in.safetensors"], after["in.safetensors"]
    assert after == before
    assert parts(stage) == []
