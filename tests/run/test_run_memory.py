"""A forward holds a block of one layer, whatever the size of the checkpoint."""

import json
import struct

import pytest
from command import expect, peak_memory

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


def test_a_tensor_that_no_memory_holds_is_told_with_its_module(tmp_path):
    text = "paramctl: 1\nblocks:\n  Wide:\n    forward: return zeros(10**6, 10**8)\n"
    (tmp_path / "wide.yaml").write_text(text + "model:\n  - relu\n  - Wide()\n")
    refused = expect(4, "forward", "wide.yaml", "--input", "x=2x4", cwd=tmp_path)
    told = "paramctl: wide.yaml:7: out of memory in 1\nhint: give smaller inputs\n"
    assert refused.err == told
