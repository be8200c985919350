"""What is replaced hands on its permissions and attributes; nothing else is touched."""

import errno
import os

import numpy as np
import pytest
import spell
from command import expect
from edit_checkpoints import sharded

TENSORS = {"a.weight": spell.f32(np.ones(2)), "b.weight": spell.f32(np.ones(1))}


def tag(path, text=b"kept"):
    """An attribute of the user's, on a file system that has them."""
    try:
        os.setxattr(path, "user.paramctl", text)
    except OSError as error:
        pytest.skip(f"no attributes here: {error.strerror}")


def tags(path):
    return [os.getxattr(path, name) for name in os.listxattr(path) if name == "user.paramctl"]


@pytest.mark.parametrize("words", [("--in-place",), ("-o", "in.safetensors", "--force")])
def test_a_replaced_file_hands_on_its_attributes(tmp_path, words):
    model, target = tmp_path / "from.safetensors", tmp_path / "in.safetensors"
    for path in (model, target):
        path.write_bytes(spell.checkpoint(TENSORS))
    tag(target)
    target.chmod(0o640)
    source = target if "--in-place" in words else model
    expect(0, "set", source.name, "a.weight", "x + 1", *words, "-q", cwd=tmp_path)
    assert tags(target) == [b"kept"]
    assert target.stat().st_mode & 0o777 == 0o640


def test_a_replaced_folder_and_its_files_hand_on_theirs(tmp_path):
    home = sharded(tmp_path, TENSORS, config={"vocab_size": 2})
    paths = [home, *(path for path in home.rglob("*") if path.is_file())]
    for path in paths:
        tag(path, path.name.encode())
        path.chmod(0o750 if path.is_dir() else 0o640)
    expect(0, "set", home, "a.weight", "x + 1", "--in-place", "-q")
    assert [tags(path) for path in paths] == [[path.name.encode()] for path in paths]
    assert [path.stat().st_mode & 0o777 for path in paths] == [0o750] + [0o640] * len(paths[1:])


def test_a_new_file_takes_nothing_from_the_model(tmp_path):
    model = tmp_path / "in.safetensors"
    model.write_bytes(spell.checkpoint(TENSORS))
    tag(model)
    expect(0, "set", model, "a.weight", "1", "-o", tmp_path / "out.safetensors", "-q")
    assert tags(tmp_path / "out.safetensors") == []


@pytest.mark.parametrize(("code", "wanted"), [(errno.EPERM, 0), (errno.ENOSPC, 4)])
def test_an_attribute_that_is_refused_is_left_and_a_full_disk_is_told(
    tmp_path, monkeypatch, code, wanted
):
    model = tmp_path / "in.safetensors"
    model.write_bytes(spell.checkpoint(TENSORS))
    tag(model)
    before = model.read_bytes()

    def fail(*given, **named):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "setxattr", fail)
    expect(wanted, "set", model, "a.weight", "x + 1", "--in-place", "-q")
    assert (model.read_bytes() == before) is bool(wanted)
