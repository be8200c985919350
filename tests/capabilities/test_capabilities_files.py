"""Saving and loading: single tensors, several, whole models, parts of models."""

import shutil

import numpy as np
import pytest
from capabilities.book import (
    CHECKPOINTS,
    counts,
    drawn,
    names,
    output,
    saved,
    shapes,
    shown,
    spec,
    tensors,
)
from command import expect
from safetensors import safe_open
from safetensors.numpy import load_file

X20 = ("--input", "x=2x20")


@pytest.fixture
def mlp(tmp_path):
    """A checkpoint of the model whose layers are hidden and output."""
    return drawn(tmp_path, spec("mlp-named"), *X20, name="mlp")


def test_a_tensor_is_saved_and_loaded_in_its_own_dtype(tmp_path):
    """RW1: int64 stays int64."""
    np.save(tmp_path / "x.npy", np.arange(4))
    out = tmp_path / "x.safetensors"
    expect(0, "pack", f"x={tmp_path / 'x.npy'}", "-o", out)
    assert load_file(out)["x"].dtype == np.int64
    assert shown(out, "x") == [0, 1, 2, 3]
    expect(0, "show", out, "x", "--npy", tmp_path / "back.npy")
    assert np.load(tmp_path / "back.npy").tobytes() == np.arange(4).tobytes()


@pytest.mark.parametrize("keys", [("0", "1"), ("x", "y")], ids=["list", "dictionary"])
def test_several_tensors_are_saved_under_names(keys, tmp_path):
    """RW2, RW3: of different dtypes; a list is names 0 and 1."""
    np.save(tmp_path / "x.npy", np.arange(4))
    np.save(tmp_path / "y.npy", np.zeros(4, np.float32))
    files = [f"{key}={tmp_path / name}.npy" for key, name in zip(keys, "xy", strict=True)]
    out = tmp_path / "both.safetensors"
    expect(0, "pack", *files, "-o", out)
    assert expect(0, "ls", out).out == f"{keys[0]}\tI64\t[4]\t4\t32\n{keys[1]}\tF32\t[4]\t4\t16\n"
    assert [shown(out, key) for key in keys] == [[0, 1, 2, 3], [0, 0, 0, 0]]


def test_a_checkpoint_has_the_parameters_and_not_the_architecture(mlp):
    """RW4: four tensors by their full names; what `init` writes, other readers read."""
    assert names(mlp) == ["hidden.bias", "hidden.weight", "output.bias", "output.weight"]
    with safe_open(mlp, "numpy") as file:
        assert sorted(file.keys()) == names(mlp)
        assert not (file.metadata() or {}).keys() & {"spec", "paramctl.spec"}


def test_an_architecture_and_a_file_make_the_model_again(mlp, tmp_path):
    """RW5: a copy gives the very same outputs."""
    np.save(tmp_path / "x.npy", np.random.default_rng(0).random((2, 20), np.float32))
    given, clone = ("--input", f"x={tmp_path / 'x.npy'}"), tmp_path / "clone.safetensors"
    shutil.copy(mlp, clone)
    y = output(spec("mlp-named"), mlp, *given)
    again = output(spec("mlp-named"), clone, *given)
    assert y["shape"] == [2, 10]
    assert (y["digest"], y["values"]) == (again["digest"], again["values"])


def test_loading_decides_sizes_that_the_spec_leaves_open(mlp):
    """RW6: with no input given, the file fits."""
    expect(0, "check", mlp, "--spec", spec("mlp-named"))
    assert shapes(spec("mlp-named"))["hidden.weight"] == [256, None]


def test_everything_that_does_not_fit_is_listed_at_once(mlp, tmp_path):
    """RW7: missing, unexpected and mismatched names, by `check` and by `forward`."""
    arrays = tensors(mlp)
    arrays["out2.weight"] = arrays.pop("output.weight")
    arrays["hidden.bias"] = arrays["hidden.bias"][:7].copy()
    wrong = saved(tmp_path, arrays, "wrong")
    findings = expect(1, "check", wrong, "--spec", spec("mlp-named"), "--json").json["findings"]
    assert {(row["rule"], row["name"]) for row in findings} == {
        ("missing", "output.weight"), ("unexpected", "out2.weight"), ("mismatched", "hidden.bias")
    }  # fmt: skip
    result = expect(3, "forward", spec("mlp-named"), wrong, *X20)
    for name in ("output.weight", "out2.weight", "hidden.bias"):
        assert name in result.err


def test_nothing_is_cast_without_being_asked(mlp, tmp_path):
    """RW8: a half-precision copy is an explicit `cast`, and `diff` tells it from a change."""
    half = tmp_path / "half.safetensors"
    expect(0, "cast", mlp, "BF16", "-o", half)
    rows = expect(1, "diff", mlp, half, "--json").json["tensors"]
    assert {row["status"] for row in rows} == {"cast"}
    copy = tmp_path / "copy.safetensors"
    expect(0, "drop", half, "output", "-o", copy)
    assert expect(0, "ls", copy, "dtype:bf16", "-f", "names").out == "hidden.bias\nhidden.weight\n"


@pytest.mark.parametrize("kept", ["model.embed_tokens.weight", "lm_head.weight"])
def test_a_shared_tensor_is_found_under_any_of_its_names(kept, tmp_path):
    """RW9: whichever name the writer kept, both have the same values."""
    folder = "tied-by-config" if kept.startswith("model") else "tied-other-kept"
    model = CHECKPOINTS / folder
    assert kept in load_bf16_names(model)
    first, second = (shown(model, name) for name in ("model.embed_tokens.weight", "lm_head.weight"))
    assert first == second
    assert counts(model) == (136, 264)


def load_bf16_names(model):
    with safe_open(model / "model.safetensors", "numpy") as file:
        return set(file.keys())


def test_a_pickle_is_named_and_never_loaded(tmp_path):
    """RW10: with the way out, and exit 3."""
    path = tmp_path / "model.pt"
    path.write_bytes(b"\x80\x02}q\x00(X\x01\x00\x00\x00xq\x01K\x01u.")
    result = expect(3, "ls", path)
    assert "this is a pickle (PyTorch .pt, .pth, .bin)" in result.err
    assert "hint: " in result.err


def test_a_checkpoint_appears_whole_or_not_at_all(mlp, tmp_path):
    """RW11: a refused edit leaves the folder as it was, a done one leaves nothing besides."""
    huge = saved(tmp_path, {"x": np.full(4, 1e30, np.float32)}, "huge")
    before = sorted(path.name for path in tmp_path.iterdir())
    expect(1, "cast", huge, "F16", "-o", tmp_path / "half.safetensors")
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    expect(0, "set", mlp, "hidden.bias", "0", "--in-place")
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_the_first_layers_of_an_old_model_begin_a_new_one(tmp_path):
    """RW-EX2: layers 0 and 2 are copied bit by bit, the last one is new."""
    old = drawn(tmp_path, spec("mlp256"), *X20, "--seed", "1", name="old")
    text = spec("mlp256").read_text().replace("out_features=10", "out_features=256")
    longer = tmp_path / "longer.yaml"
    longer.write_text(text + "  - relu\n  - Linear(out_features=3)\n")
    fresh = drawn(tmp_path, longer, *X20, "--scheme", "xavier", "--seed", "2", name="fresh")
    out = tmp_path / "new.safetensors"
    expect(0, "graft", fresh, "0", "--from", old, "--expect", "2", "-o", out)
    new = tensors(out)
    for name in ("0.weight", "0.bias"):
        assert new[name].tobytes() == tensors(old)[name].tobytes()
    for name in ("2.weight", "4.weight"):
        assert new[name].tobytes() == tensors(fresh)[name].tobytes()
    assert output(longer, out, *X20)["shape"] == [2, 3]


def test_an_architecture_can_travel_in_the_metadata(mlp, tmp_path):
    """RW-EX3: as text, so that no code comes along; it runs when it is taken out again."""
    text, out = spec("mlp-named").read_text(), tmp_path / "with.safetensors"
    expect(0, "meta", mlp, "--set", f"paramctl.spec={text}", "-o", out)
    stored = expect(0, "meta", out, "--json").json["metadata"]["paramctl.spec"]
    assert stored == text
    (tmp_path / "again.yaml").write_text(stored)
    one, other = (output(p, out, *X20) for p in (spec("mlp-named"), tmp_path / "again.yaml"))
    assert one["digest"] == other["digest"]
