"""gpt-oss keeps gate and up in turns; both directions are exact, whatever the size of blocks."""

from unittest.mock import patch

import numpy as np
import pytest
import spell
from command import expect
from edit_checkpoints import single, stored
from hypothesis import given
from hypothesis import strategies as st

from paramctl.edit import alternating, stream
from paramctl.edit.alternating import alternated, taken
from paramctl.edit.content import Made

P = "mlp.experts."


def content(values):
    data = values.tobytes()
    return Made(len(data), lambda: (data[at : at + 7] for at in range(0, len(data), 7)))


def joined(made):
    found = b"".join(bytes(block) for block in made.blocks())
    assert len(found) == made.nbytes
    return found


@given(st.integers(0, 20), st.integers(1, 5), st.integers(1, 3))
def test_what_is_taken_apart_alternates_again(count, cell, parts):
    values = np.arange(count * cell * parts, dtype="u1")
    whole = content(values)
    with patch.object(alternating, "BLOCK", 8), patch.object(stream, "BLOCK", 8):
        pieces = [taken(whole, cell, part, parts) for part in range(parts)]
        cells = values.reshape(count, parts, cell)
        assert [joined(piece) for piece in pieces] == [
            cells[:, part].tobytes() for part in range(parts)
        ]
        assert joined(alternated(pieces, cell)) == values.tobytes()


@pytest.mark.parametrize(
    ("end", "shape", "dtype", "axis"),
    [
        ("", (2, 3, 8), "F32", -1),
        ("_bias", (2, 8), "F32", -1),
        ("_blocks", (2, 8, 3, 4), "U8", 1),
        ("_scales", (2, 8, 3), "U8", 1),
    ],
)
def test_the_axis_is_that_of_the_outputs(tmp_path, end, shape, dtype, axis):
    """MXFP4 has its blocks and scales behind it."""
    values = np.arange(np.prod(shape)).astype("<f4" if dtype == "F32" else "u1").reshape(shape)
    model = single(tmp_path, {f"{P}gate_up_proj{end}": (dtype, shape, values.tobytes())})
    out, back = tmp_path / "out.safetensors", tmp_path / "back.safetensors"
    expect(0, "split", model, "experts", "--layout", "gpt-oss", "-o", out)
    halves = np.moveaxis(values, axis, 0)
    for name, half in (("gate", halves[::2]), ("up", halves[1::2])):
        truth = np.moveaxis(half, 0, axis)
        found = stored(out)[f"{P}{name}_proj{end}"]
        assert found == (dtype, truth.shape, truth.tobytes())
    expect(0, "fuse", out, "experts", "--layout", "gpt-oss", "-o", back)
    assert back.read_bytes() == model.read_bytes()


def test_parts_that_take_turns_are_alike(tmp_path):
    tensors = {
        f"{P}gate_proj": spell.f32(np.zeros((2, 4))),
        f"{P}up_proj": spell.f32(np.zeros((2, 5))),
    }
    model = single(tmp_path, tensors)
    result = expect(2, "fuse", model, "experts", "--layout", "gpt-oss", "-n")
    assert result.err == (
        f"paramctl: {P}up_proj: F32 [2,5] does not fit to {P}gate_proj, which is F32 [2,4]\n"
    )


def test_an_odd_axis_has_no_halves(tmp_path):
    model = single(tmp_path, {f"{P}gate_up_proj": spell.f32(np.zeros((2, 5)))})
    result = expect(2, "split", model, "experts", "--layout", "gpt-oss", "-n")
    assert result.err == f"paramctl: {P}gate_up_proj: 5 does not divide into 2 parts\n"
