"""Memory stays a few blocks, whatever the size of the checkpoint and of its largest tensor."""

import os

import pytest
import spell
from command import peak_memory

LIMIT = 200 << 20
GIB = 1 << 30
NAMES = ("model.embed_tokens.weight", "lm_head.weight", "layers.0.weight", "layers.1.weight")


def sparse(path, nbytes, width=4096):
    """Matrices of zeros, together ``nbytes``, that take no room on disk, and a small vector."""
    each = nbytes // len(NAMES)
    header = {
        name: spell.entry("BF16", [each // 2 // width, width], place * each, (place + 1) * each)
        for place, name in enumerate(NAMES)
    }
    header["small"] = spell.entry("F32", [2], nbytes, nbytes + 8)
    path.write_bytes(spell.file(header))
    os.truncate(path, path.stat().st_size + nbytes + 8)
    return path


@pytest.mark.parametrize(
    "words",
    [
        ("rename", "layers.{n}=h.{n}"),
        ("tie", NAMES[0], NAMES[1], "--take", "keep"),
        ("drop", "small"),
        ("set", "small", "x + 1"),
        ("reshard", "--max-shard-size", "4GiB"),
        ("layers", "1,0,1", "--at", "layers"),
    ],
    ids=lambda words: words[0],
)
def test_sixteen_gibibytes_are_copied_in_little_memory(tmp_path, words):
    """Holes stay holes, so that the copy takes neither time nor room."""
    sparse(tmp_path / "in.safetensors", 16 * GIB)
    verb, *others = words
    used = peak_memory(verb, "in.safetensors", *others, "-o", "out", cwd=tmp_path)
    assert used < LIMIT
    written = [path.stat() for path in (tmp_path / "out").iterdir()]
    assert sum(status.st_blocks * 512 for status in written) < 1 << 20


@pytest.mark.parametrize("width", [1 << 12, 1 << 26], ids=["narrow", "wide"])
def test_a_large_tensor_is_computed_in_little_memory(tmp_path, width):
    """512 MiB, of which one tensor, and one row of it, would not fit the limit when widened."""
    sparse(tmp_path / "in.safetensors", GIB // 2, width)
    words = ("set", "in.safetensors", "layers.0.weight[..., 1:]", "x + 1")
    used = peak_memory(*words, "-o", "o.safetensors", cwd=tmp_path)
    assert used < LIMIT
    (tmp_path / "o.safetensors").unlink()
