"""What lies in a model's folder: the checkpoint, the files that go with it, and everything else."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from paramctl.errors import CheckpointError
from paramctl.formats.index import parse_index

SINGLE = "model.safetensors"
INDEX = "model.safetensors.index.json"

_WEIGHTS = (
    ".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".gguf", ".ggml", ".h5", ".hdf5", ".keras",
    ".msgpack", ".onnx", ".onnx_data", ".npz", ".ot", ".pkl", ".tflite", ".pdparams", ".params",
    ".index.json", ".part",
)  # fmt: skip


@dataclass(frozen=True)
class Contents:
    """The files below a folder, as paths relative to it.

    Attributes:
        model: the checkpoint's own files: its index and shards, or its single file.
        sides: regular files that are no weights, such as config.json and the tokenizer.
        others: whatever else there is: hidden files, other weights, links, pipes.
    """

    model: tuple[str, ...]
    sides: tuple[str, ...]
    others: tuple[str, ...]


def survey(folder: Path) -> Contents:
    """Sort what lies below a folder; nothing is followed and no weights are read."""
    model = _model_files(folder)
    sides: list[str] = []
    others: list[str] = []
    for name, mode in _walk(folder, ""):
        if name in model:
            continue
        hidden = any(part.startswith(".") for part in name.split("/"))
        is_side = stat.S_ISREG(mode) and not hidden and not is_weights(name)
        (sides if is_side else others).append(name)
    return Contents(tuple(sorted(model)), tuple(sorted(sides)), tuple(sorted(others)))


def is_weights(name: str) -> bool:
    """Whether a file of this name holds weights of some format, an index, or a kept version."""
    plain = name.lower()
    while plain.endswith(".bak") or plain.rpartition(".bak.")[2].isdigit():
        plain = plain.rpartition(".bak")[0]
    return plain.endswith(_WEIGHTS)


def _model_files(folder: Path) -> set[str]:
    """The files of the one checkpoint in a folder; none when there are several or a broken one."""
    names = {path.name for path in folder.iterdir() if path.is_file()}
    indices = [name for name in names if name.endswith(".safetensors.index.json")]
    singles = [name for name in names if name.endswith(".safetensors")]
    if not indices:
        return set(singles if len(singles) == 1 else ())
    try:
        index = parse_index((folder / indices[0]).read_bytes(), str(folder / indices[0]))
    except (CheckpointError, OSError):
        return set()
    return {*indices, *index.shards} & names if len(indices) == 1 else set()


def _walk(folder: Path, below: str) -> Iterator[tuple[str, int]]:
    """Every entry that is no folder, with its mode; empty folders don't count."""
    for item in os.scandir(folder):
        name = f"{below}{item.name}"
        mode = item.stat(follow_symlinks=False).st_mode
        if stat.S_ISDIR(mode):
            yield from _walk(folder / item.name, f"{name}/")
        else:
            yield name, mode
