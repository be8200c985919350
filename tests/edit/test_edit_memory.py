"""Memory stays a few blocks, whatever the size of the checkpoint and of its largest tensor."""

import os

import spell
from command import peak_memory

LIMIT = 200 << 20


def sparse(path, nbytes):
    """A file of one tensor of zeros that takes no room on disk, and a small one."""
    header = {
        "big": spell.entry("F32", [nbytes // 4], 0, nbytes),
        "small": spell.entry("F32", [2], nbytes, nbytes + 8),
    }
    path.write_bytes(spell.file(header))
    os.truncate(path, path.stat().st_size + nbytes + 8)


def test_half_a_gibibyte_is_copied_in_little_memory(tmp_path):
    sparse(tmp_path / "in.safetensors", 512 << 20)
    used = peak_memory("set", "in.safetensors", "small", "1", "-o", "out.safetensors", cwd=tmp_path)
    assert used < LIMIT
    (tmp_path / "out.safetensors").unlink()


def test_a_large_tensor_is_computed_in_little_memory(tmp_path):
    """256 MiB of one tensor, which would not fit the limit as a whole."""
    sparse(tmp_path / "in.safetensors", 256 << 20)
    used = peak_memory(
        "set", "in.safetensors", "big[1:]", "x + 1", "-o", "o.safetensors", cwd=tmp_path
    )
    assert used < LIMIT
    (tmp_path / "o.safetensors").unlink()
