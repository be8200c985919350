"""The files that travel with a model and hold no weights: configuration, tokenizer, text."""

import os
from pathlib import Path

from paramctl.sources.paths import is_regular

_WEIGHTS = (
    ".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".gguf", ".ggml", ".h5", ".hdf5", ".keras",
    ".msgpack", ".onnx", ".onnx_data", ".npz", ".ot", ".pkl", ".index.json", ".part",
)  # fmt: skip


def side_files(folder: Path) -> list[Path]:
    """Regular files below the folder, sorted; no weights or indices, nothing behind a dot."""
    found = []
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [
            Path(parent, name)
            for name in names
            if not name.startswith(".") and not is_weights(name) and is_regular(Path(parent, name))
        ]
    return sorted(found)


def is_weights(name: str) -> bool:
    """Whether a file of that name holds weights of some format, or an index of them."""
    return name.lower().endswith(_WEIGHTS)
