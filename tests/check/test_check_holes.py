"""Zeros that nobody wrote, and blobs that are not what their names say."""

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
from command import expect
from safetensors.numpy import save_file

W = np.random.default_rng(0).standard_normal((256, 257)).astype(np.float32)


def found(result):
    return [(row["rule"], row["severity"], row["name"]) for row in result.json["findings"]]


def start_of(path, name):
    from paramctl.sources.open import open_source

    with open_source(path) as source:
        return source.manifest[name].start


def test_a_hole_in_the_file_is_a_warning_about_its_tensor(tmp_path):
    path = tmp_path / "m.safetensors"
    save_file({"a": W, "b": W + 1}, path)
    content, start = path.read_bytes(), start_of(path, "b")
    with path.open("wb") as file:
        file.write(content[: start + 4096])
        file.seek(start + 4096 + 131072)
        file.write(content[file.tell() :])
    with path.open("rb") as file:
        if os.lseek(file.fileno(), 0, os.SEEK_HOLE) == len(content):
            return  # a file system without holes
    result = expect(0, "check", path, "--json")
    assert found(result) == [("hole", "warning", "b")]
    assert (
        " of 263,168 bytes were never written, first byte " in result.json["findings"][0]["message"]
    )


def test_a_whole_file_has_no_hole(tmp_path):
    save_file({"a": W}, tmp_path / "m.safetensors")
    assert found(expect(0, "check", tmp_path / "m.safetensors", "--json")) == []


@pytest.mark.parametrize("first", [0, 4096, 5001, 263168 - 50_000])
def test_zeros_in_the_midst_of_a_row_are_told_to_the_byte(tmp_path, first):
    data = bytearray(W.tobytes())
    data[first : first + 50_000] = bytes(50_000)
    # No zero byte right beside, so that the run is just this long.
    for place in (first - 1, first + 50_000):
        if 0 <= place < len(data):
            data[place] = 1
    changed = np.frombuffer(bytes(data), np.float32).reshape(W.shape)
    save_file({"a": changed}, tmp_path / "m.safetensors")
    result = expect(0, "check", tmp_path / "m.safetensors", "--values", "--select", "zero-block")
    assert result.rows[0][:4] == [
        "warning",
        "zero-block",
        "a",
        f"50,000 of 263,168 bytes in a row are zero, from byte {first:,} in the midst of a row",
    ]


def test_whole_rows_of_zeros_are_another_matter(tmp_path):
    changed = W.copy()
    changed[10:50] = 0
    save_file({"a": changed}, tmp_path / "m.safetensors")
    result = expect(0, "check", tmp_path / "m.safetensors", "--values", "--json")
    assert found(result) == [("zero-rows", "info", "a")]


def test_a_run_over_several_pieces_is_one(tmp_path, monkeypatch):
    monkeypatch.setattr("paramctl.check.zero_runs._PIECE", 1 << 14)
    values = np.ones(60_000, np.float32)
    values[1000:59_000] = 0
    save_file({"a": values}, tmp_path / "m.safetensors")
    result = expect(0, "check", tmp_path / "m.safetensors", "--values", "--json")
    # 1.0 is 0000803f: its own two zero bytes belong to the run.
    assert "232,002 of 240,000 bytes" in result.json["findings"][0]["message"]


@pytest.fixture
def cache(tmp_path):
    """A snapshot as the hub's client lays it out: links to blobs named by what they hold."""
    home = tmp_path / "models--someone--tiny"
    (home / "blobs").mkdir(parents=True)
    (home / "snapshots" / "main").mkdir(parents=True)
    save_file({"a": W}, tmp_path / "model.safetensors")
    config = b"{}"
    for name, content, blob in (
        ("model.safetensors", (tmp_path / "model.safetensors").read_bytes(), None),
        ("config.json", config, hashlib.sha1(b"blob 2\0{}", usedforsecurity=False).hexdigest()),
    ):
        blob = blob or hashlib.sha256(content).hexdigest()
        (home / "blobs" / blob).write_bytes(content)
        (home / "snapshots" / "main" / name).symlink_to(f"../../blobs/{blob}")
    return home / "snapshots" / "main"


def test_blobs_that_hold_what_their_names_say_are_sound(cache):
    assert found(expect(0, "check", cache, "--values", "--json")) == []


def test_a_blob_of_another_digest_is_an_error(cache):
    blob = Path(cache / "model.safetensors").resolve()
    content = bytearray(blob.read_bytes())
    content[-1] ^= 1
    blob.write_bytes(content)
    expect(0, "check", cache)
    result = expect(1, "check", cache, "--values", "--json")
    assert found(result) == [("blob-name", "error", "model.safetensors")]
    wanted = hashlib.sha256(content).hexdigest()[:12]
    message = f"the blob is named {blob.name[:12]}…, its digest is {wanted}…"
    assert result.json["findings"][0]["message"] == message


def test_a_small_blob_is_checked_as_git_does(cache):
    Path(cache / "config.json").resolve().write_bytes(b'{"a": 1}')
    assert found(expect(1, "check", cache, "--values", "--json")) == [
        ("blob-name", "error", "config.json")
    ]
