"""show and --npy as users and scripts meet them."""

from pathlib import Path

import numpy as np
import pytest
import spell
from command import expect

FIXTURES = Path(__file__).parent.parent.parent / "fixtures" / "checkpoints"


@pytest.fixture
def numbers(tmp_path) -> Path:
    path = tmp_path / "n.safetensors"
    matrix = np.array([[1, -2.5, np.nan], [0.1, np.inf, -0.0]], "<f4")
    path.write_bytes(
        spell.checkpoint(
            {
                "m": spell.f32(matrix),
                "h": spell.bf16(np.array([[0.1, 2]], "<f4")),
                "b": ("BOOL", (2,), b"\1\0"),
                "i": ("I64", (), (7).to_bytes(8, "little")),
                "c": ("C64", (1,), np.array([1 - 2j], "<c8").tobytes()),
                "f": ("F8_E4M3", (2,), b"\x38\x7f"),
                "q": ("F4", (2,), b"\0"),
                "e": ("F32", (0, 3), b""),
            }
        )
    )
    return path


@pytest.mark.parametrize(
    ("name", "dtype", "shape", "values"),
    [
        ("m", "F32", [2, 3], [[1, -2.5, "NaN"], [float(np.float32(0.1)), "Infinity", -0.0]]),
        ("m[0,:2]", "F32", [2], [1, -2.5]),
        ("m[-1,0]", "F32", [], float(np.float32(0.1))),
        ("h[0]", "BF16", [2], [0.10009765625, 2]),
        ("b", "BOOL", [2], [True, False]),
        ("i", "I64", [], 7),
        ("c", "C64", [1], [[1, -2]]),
        ("f", "F8_E4M3", [2], [1, "NaN"]),
        ("e", "F32", [0, 3], []),
    ],
)
def test_show_as_json(numbers, name, dtype, shape, values):
    found = expect(0, "show", numbers, name, "--json").json
    assert found == {
        "schema": "paramctl/show/1",
        "name": name.partition("[")[0],
        "dtype": dtype,
        "shape": shape,
        "values": values,
    }


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("m", ["1.0\t-2.5\tNaN", "0.1\tInfinity\t-0.0"]),
        ("m[0]", ["1.0", "-2.5", "NaN"]),
        ("i", ["7"]),
        ("b", ["true", "false"]),
        ("e", []),
    ],
)
def test_show_in_a_pipe_is_numbers(numbers, name, lines):
    assert expect(0, "show", numbers, name).out.splitlines() == lines


def test_show_as_a_table_reads_like_numpy(numbers):
    assert expect(0, "show", numbers, "m[:,:2]", "-f", "table").out == (
        "m  F32  [2,2]\n[[ 1.  -2.5]\n [ 0.1  inf]]\n"
    )


def test_show_of_a_dtype_without_arrays(numbers):
    assert expect(2, "show", numbers, "q").err == (
        "paramctl: F4 tensors can be listed and copied, not computed on\n"
    )


def test_npy_holds_the_values(numbers, tmp_path):
    out = tmp_path / "out.npy"
    found = expect(0, "show", numbers, "h", "--npy", out)
    assert found.out == ""
    assert found.err == f"wrote {out}: BF16 as float32 [1, 2]\n"
    array = np.load(out)
    assert array.dtype == np.float32
    assert array.tolist() == [[0.10009765625, 2.0]]


def test_npy_overwrites_only_when_forced(numbers, tmp_path):
    out = tmp_path / "out.npy"
    out.write_bytes(b"mine")
    assert expect(2, "show", numbers, "i", "--npy", out).err == (
        f"paramctl: {out}: it exists already\nhint: add --force to replace it\n"
    )
    assert out.read_bytes() == b"mine"
    expect(0, "show", numbers, "i", "--npy", out, "--force")
    assert np.load(out) == 7


def test_npy_never_replaces_the_checkpoint(numbers):
    before = numbers.read_bytes()
    assert expect(2, "show", numbers, "i", "--npy", numbers, "--force").err == (
        f"paramctl: {numbers}: it is the checkpoint itself\n"
    )
    assert numbers.read_bytes() == before
