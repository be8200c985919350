"""Files of other kinds are named as such; ``fixtures/hostile`` has one of most."""

import gzip
import io
import os
import zipfile

import numpy as np
import pytest

from paramctl.errors import CheckpointError
from paramctl.formats.descriptor import Descriptor
from paramctl.formats.header import read_header


def said(content, path):
    path.write_bytes(content)
    fd = os.open(path, os.O_RDONLY)
    with pytest.raises(CheckpointError) as caught:
        read_header(Descriptor(fd, "f"))
    os.close(fd)
    return f"{caught.value} / {caught.value.hint}"


def zipped(*names):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, b"x" * 100)
    return buffer.getvalue()


CONVERT = "load it where you trust it and save it as safetensors; paramctl never runs what a pickle"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (
            zipped("archive/data.pkl", "archive/data/0"),
            f"f: this is a PyTorch checkpoint (a zip with a pickle inside) / {CONVERT} says",
        ),
        (zipped("notes.txt"), "f: this is a zip archive / unpack it first"),
        (
            zipped("metadata.json", "config.json", "model.weights.h5"),
            "f: this is a Keras model (.keras) / unpack it first",
        ),
        (gzip.compress(b"x" * 99, mtime=0), "f: this is a gzip archive / unpack it first"),
        (
            b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>",
            "f: this is a web page, not a checkpoint / "
            "download it again and look at what the server said",
        ),
        (b"%PDF-1.7\n%....", "f: this is an image, a document or a program, not a checkpoint / "),
    ],
)
def test_other_files_are_named(content, text, tmp_path):
    assert said(content, tmp_path / "f") == text


def test_archives_that_numpy_writes_are_named(tmp_path):
    buffer = io.BytesIO()
    np.savez(buffer, a=np.zeros(3))
    assert said(buffer.getvalue(), tmp_path / "f") == (
        "f: this is a NumPy archive (.npz) / unpack it and make a checkpoint with "
        "`paramctl pack NAME=FILE.npy`"
    )


@pytest.mark.client
def test_checkpoints_that_torch_writes_are_named(tmp_path):
    """Both formats of ``torch.save``: the zip, and the pickle of old."""
    import torch

    path = tmp_path / "f"
    torch.save({"a": torch.zeros(3)}, path)
    assert said(path.read_bytes(), path).startswith("f: this is a PyTorch checkpoint (a zip with")
    torch.save({"a": torch.zeros(3)}, path, _use_new_zipfile_serialization=False)
    assert said(path.read_bytes(), path).startswith("f: this is a pickle (PyTorch .pt")
