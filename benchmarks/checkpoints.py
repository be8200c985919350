"""Checkpoints to measure with: normal draws in tensors of 32 MiB, and headers without data."""

import json
import multiprocessing
from pathlib import Path

TENSOR = 32 << 20  # bytes
_NAMES = {"bfloat16": "BF16", "float32": "F32"}


def draws(path: Path, dtype: str, size: int, seed: int = 0) -> Path:
    """A checkpoint of ``size`` bytes of normal draws, written by a process of its own."""
    writer = multiprocessing.Process(target=_write, args=(path, dtype, size, seed))
    writer.start()
    writer.join()
    return path


def _write(path: Path, dtype: str, size: int, seed: int) -> None:
    import ml_dtypes
    import numpy as np

    kind = np.dtype(getattr(ml_dtypes, dtype, None) or dtype)
    count, rows = size // TENSOR, TENSOR // kind.itemsize // 1024
    names = [f"layers.{place}.weight" for place in range(count)]
    random = np.random.default_rng(seed)
    with path.open("wb") as file:
        file.write(_header(names, [rows, 1024], _NAMES[dtype], TENSOR)[0])
        for _ in range(count):
            values = random.standard_normal(rows * 1024, np.float32) * np.float32(0.02)
            file.write(values.astype(kind).tobytes())


def plain(path: Path, count: int) -> Path:
    """A small checkpoint of ``count`` tensors of zeros."""
    names = [f"layers.{place // 4}.{place % 4}.weight" for place in range(count)]
    header, size = _header(names, [16, 16], "F32", 1024)
    path.write_bytes(header + bytes(size))
    return path


def shards(folder: Path, count: int, files: int, shape: tuple[int, int] = (2048, 768)) -> Path:
    """A sharded mixture of experts of ``count`` tensors; its files are holes and take no room."""
    folder.mkdir()
    size = 2 * shape[0] * shape[1]
    parts = ("gate_proj", "up_proj", "down_proj")
    names = [
        f"model.layers.{place // 384}.mlp.experts.{place % 384 // 3}.{parts[place % 3]}.weight"
        for place in range(count)
    ]
    weight_map = {}
    each = -(-count // files)
    for shard in range(files):
        held = names[shard * each : (shard + 1) * each]
        name = f"model-{shard + 1:05}-of-{files:05}.safetensors"
        header, total = _header(held, list(shape), "BF16", size)
        with (folder / name).open("wb") as file:
            file.write(header)
            file.truncate(len(header) + total)
        weight_map |= dict.fromkeys(held, name)
    index = {"metadata": {}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return folder


def _header(names: list[str], shape: list[int], dtype: str, each: int) -> tuple[bytes, int]:
    """The beginning of a file of tensors of one shape, and the bytes of its data."""
    fields = {
        name: {
            "dtype": dtype, "shape": shape, "data_offsets": [place * each, (place + 1) * each],
        }
        for place, name in enumerate(names)
    }  # fmt: skip
    text = json.dumps(fields, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text, len(names) * each
