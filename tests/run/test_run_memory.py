"""A forward holds a block of one layer, whatever the size of the checkpoint."""

import json
import struct

import pytest
from command import peak_memory

WIDTH, LAYERS = 3072, 12  # 432 MiB of float32 in all, 36 MiB a layer


@pytest.fixture
def model(tmp_path):
    """A spec, and a checkpoint of its full size that takes no room on disk."""
    (tmp_path / "net.yaml").write_text(
        f"paramctl: 1\nmodel: Repeat({LAYERS}, Linear({WIDTH}, {WIDTH}, bias=False))\n"
    )
    layer = 4 * WIDTH * WIDTH
    header = {
        f"{n}.weight": {
            "dtype": "F32",
            "shape": [WIDTH, WIDTH],
            "data_offsets": [n * layer, (n + 1) * layer],
        }
        for n in range(LAYERS)
    }
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with (tmp_path / "w.safetensors").open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + LAYERS * layer)
    return tmp_path


def test_memory_is_that_of_one_layer(model):
    arguments = ("forward", "net.yaml", "w.safetensors", "--input", f"x=1x{WIDTH}")
    assert peak_memory(*arguments, "--threads", "2", cwd=model) < 160 << 20
