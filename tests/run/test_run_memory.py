"""A forward holds a block of one layer, whatever the size of the checkpoint."""

import json
import struct

import pytest
from command import peak_memory

WIDTH = 3072  # 36 MiB of float32 a layer


def model(folder, layers):
    """A spec, and a checkpoint of its full size that takes no room on disk."""
    folder.mkdir()
    (folder / "net.yaml").write_text(
        f"paramctl: 1\nmodel: Repeat({layers}, Linear({WIDTH}, {WIDTH}, bias=False))\n"
    )
    layer = 4 * WIDTH * WIDTH
    header = {
        f"{n}.weight": {
            "dtype": "F32",
            "shape": [WIDTH, WIDTH],
            "data_offsets": [n * layer, (n + 1) * layer],
        }
        for n in range(layers)
    }
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with (folder / "w.safetensors").open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + layers * layer)
    return folder


def peak(folder):
    """Peak resident bytes of a forward, at the process's own count."""
    arguments = ("forward", "net.yaml", "w.safetensors", "--input", f"x=1x{WIDTH}")
    return peak_memory(*arguments, "--threads", "2", cwd=folder)


@pytest.mark.parametrize("layers", [7, 28], ids=["1/4 GiB", "1 GiB"])
def test_memory_is_that_of_one_layer(layers, tmp_path):
    """One layer and the interpreter with NumPy: less than the smaller of the two files."""
    assert peak(model(tmp_path / "model", layers)) < 160 << 20
