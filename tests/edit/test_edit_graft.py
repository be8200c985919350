"""Tensors from other checkpoints and from arrays."""

import numpy as np
import pytest
import spell
from command import expect
from edit_checkpoints import sharded, single, stored, ties

A, B, C = (spell.f32(np.full(n, float(n))) for n in (2, 2, 3))
OLD = spell.f32(np.zeros(2))


def graft(tmp_path, model, other, *select, code=0):
    out = tmp_path / "out.safetensors"
    result = expect(code, "graft", model, *select, "--from", other, "-o", out, "-q")
    return out if code == 0 else result.err


def test_chosen_tensors_come_from_the_other_with_their_dtype_and_shape(tmp_path):
    model = single(tmp_path, {"x": OLD, "y": OLD, "z": OLD})
    other = sharded(tmp_path, {"x": A, "y": spell.bf16(np.ones((2, 2))), "q": C}, name="other")
    out = graft(tmp_path, model, other, "x", "y")
    assert stored(out) == {"x": A, "y": spell.bf16(np.ones((2, 2))), "z": OLD}


def test_a_new_tensor_goes_where_the_library_would_put_it(tmp_path):
    model = single(tmp_path, {"a": OLD, "c": OLD})
    other = single(tmp_path, {"b": A}, name="other.safetensors")
    assert list(stored(graft(tmp_path, model, other, "b"))) == ["a", "b", "c"]


def test_a_tie_comes_along_when_both_names_do(tmp_path):
    model = single(tmp_path, {"a": OLD})
    other = single(tmp_path, {"x": A}, {"y": "x"}, name="other.safetensors")
    assert ties(graft(tmp_path, model, other, "x", "y")) == [["x", "y"]]
    (tmp_path / "out.safetensors").unlink()
    assert stored(graft(tmp_path, model, other, "y")) == {"a": OLD, "y": A}


def test_names_that_are_one_here_can_not_get_two(tmp_path):
    model = single(tmp_path, {"a": OLD}, {"b": "a"})
    other = single(tmp_path, {"a": A, "b": A}, name="other.safetensors")
    message = graft(tmp_path, model, other, "a", "b", code=2)
    assert "a and b are one tensor here and two there" in message
    assert stored(graft(tmp_path, model, other, "b")) == {"a": A}


def test_neither_input_is_ever_the_output(tmp_path):
    model = single(tmp_path, {"a": OLD})
    other = single(tmp_path, {"a": A}, name="other.safetensors")
    result = expect(2, "graft", model, "a", "--from", other, "-o", other, "--force")
    assert f"{other}: it is an input" in result.err


@pytest.mark.parametrize("dtype", ["f4", "f8", "f2", "i8", "u1", "bool", "c8"])
def test_arrays_become_a_checkpoint(tmp_path, dtype):
    values = np.arange(6).reshape(2, 3).astype(dtype)
    np.save(tmp_path / "v.npy", np.asfortranarray(values))
    np.save(tmp_path / "s.npy", values[0, 1])
    out = tmp_path / "out.safetensors"
    names = (f"b.weight={tmp_path}/v.npy", f"a={tmp_path}/s.npy")
    expect(0, "pack", *names, "-o", out)
    found = stored(out)
    assert list(found) == ["a", "b.weight"]
    assert found["b.weight"][1:] == ((2, 3), values.tobytes())
    assert found["a"][1:] == ((), values[0, 1].tobytes())


def test_the_librarys_own_file_is_the_same(tmp_path):
    from safetensors.numpy import save_file

    arrays = {"w": np.ones((2, 3), "f4"), "b": np.zeros(4, "f8"), "n": np.arange(3)}
    for name, values in arrays.items():
        np.save(tmp_path / f"{name}.npy", values)
    save_file(arrays, tmp_path / "theirs.safetensors", {"format": "pt"})
    texts = [f"{name}={tmp_path / name}.npy" for name in arrays]
    expect(0, "pack", *texts, "-o", tmp_path / "ours.safetensors")
    theirs = (tmp_path / "theirs.safetensors").read_bytes()
    assert (tmp_path / "ours.safetensors").read_bytes() == theirs


def test_arrays_that_the_format_has_no_dtype_for_are_refused(tmp_path):
    np.save(tmp_path / "v.npy", np.array(["text"]))
    result = expect(2, "pack", f"a={tmp_path}/v.npy", "-o", tmp_path / "out.safetensors")
    assert result.err == (
        f"paramctl: {tmp_path}/v.npy: safetensors has no dtype for str128 arrays\n"
    )


def test_a_name_can_be_packed_once(tmp_path):
    np.save(tmp_path / "v.npy", np.zeros(1))
    arrays = [f"a={tmp_path}/v.npy"] * 2
    result = expect(2, "pack", *arrays, "-o", tmp_path / "out.safetensors")
    assert result.err == "paramctl: there is a tensor named 'a' already\n"


@pytest.mark.parametrize("flag", ["--in-place", "--backup"])
def test_pack_offers_no_option_for_what_it_has_not(tmp_path, flag):
    """There is no MODEL that it could replace or keep."""
    result = expect(2, "pack", "x=x.npy", flag, cwd=tmp_path)
    assert f"No such option: {flag}" in result.err
    assert flag not in expect(0, "pack", "-h").out
