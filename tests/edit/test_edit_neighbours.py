"""Edits among others: writers that race, caches that are shared, inputs that nobody may touch."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import spell
from command import expect
from edit_checkpoints import files, sharded, single, stored

TENSORS = {name: spell.f32(np.full(4, float(n))) for n, name in enumerate("abcd")}


def racing(tmp_path, out, *flags, count=6):
    """Start several writers of one destination at once; their exit codes."""
    writers = [
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "paramctl",
                "set",
                "in.safetensors",
                "a",
                str(n),
                "-o",
                out,
                *flags,
            ],
            cwd=tmp_path,
            stderr=subprocess.DEVNULL,
        )
        for n in range(count)
    ]
    return [writer.wait() for writer in writers]


def test_of_writers_that_race_for_a_free_name_one_wins(tmp_path):
    single(tmp_path, TENSORS)
    codes = racing(tmp_path, "out.safetensors")
    winner = codes.index(0)
    assert sorted(codes)[:2] != [0, 0]
    assert set(codes) <= {0, 2, 4}
    values = np.frombuffer(stored(tmp_path / "out.safetensors")["a"][2], "<f4")
    assert values.tolist() == [winner] * 4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.safetensors", "out.safetensors"]


def test_writers_that_may_replace_each_other_leave_one_whole_folder(tmp_path):
    single(tmp_path, TENSORS)
    codes = racing(tmp_path, "out", "--force")
    assert 0 in codes
    assert set(codes) <= {0, 2, 4}
    values = np.frombuffer(stored(tmp_path / "out")["a"][2], "<f4")
    assert codes[int(values[0])] == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.safetensors", "out"]


def hub_cache(tmp_path):
    """A snapshot as huggingface_hub lays it out: links to blobs that are named by their digest."""
    model = sharded(tmp_path, TENSORS, config={"model_type": "none"}, name="plain")
    home = tmp_path / "models--org--name"
    (home / "blobs").mkdir(parents=True)
    snapshot = home / "snapshots" / "0123"
    for name, content in files(model).items():
        digest = hashlib.sha256(content).hexdigest()
        (home / "blobs" / digest).write_bytes(content)
        (snapshot / name).parent.mkdir(parents=True, exist_ok=True)
        (snapshot / name).symlink_to(home / "blobs" / digest)
    return home, snapshot


def test_blobs_of_a_shared_cache_are_never_written(tmp_path):
    home, snapshot = hub_cache(tmp_path)
    out = tmp_path / "out"
    expect(0, "set", snapshot, "a", "9", "-o", out)
    for flags in (["--in-place"], ["-o", snapshot, "--force"]):
        assert expect(2, "set", snapshot, "a", "9", *flags).code == 2
    for blob in (home / "blobs").iterdir():
        assert hashlib.sha256(blob.read_bytes()).hexdigest() == blob.name
    assert not any(path.is_symlink() for path in out.rglob("*"))
    assert set(files(out)) == set(files(snapshot))


def test_inputs_are_opened_for_reading_only(tmp_path, monkeypatch):
    """Not one descriptor of an input can write."""
    model = sharded(tmp_path, TENSORS)
    real, seen = os.open, []

    def watch(path, flags, *rest, **named):
        if str(path).startswith(str(model)):
            seen.append(flags & os.O_ACCMODE)
        return real(path, flags, *rest, **named)

    monkeypatch.setattr(os, "open", watch)
    expect(0, "set", model, "a", "1", "-o", tmp_path / "out")
    assert seen
    assert set(seen) == {os.O_RDONLY}


def test_an_empty_folder_is_filled_and_a_full_one_refused(tmp_path):
    single(tmp_path, TENSORS)
    (tmp_path / "empty").mkdir()
    expect(0, "set", tmp_path / "in.safetensors", "a", "1", "-o", tmp_path / "empty")
    result = expect(2, "set", tmp_path / "in.safetensors", "a", "1", "-o", tmp_path / "empty")
    assert f"{tmp_path / 'empty'}: it exists already" in result.err


def test_the_working_folder_itself_can_be_the_output(tmp_path):
    single(tmp_path, TENSORS)
    (tmp_path / "here").mkdir()
    expect(0, "set", "../in.safetensors", "a", "1", "-o", ".", cwd=tmp_path / "here")
    assert [path.name for path in (tmp_path / "here").iterdir()] == ["model.safetensors"]
