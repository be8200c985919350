"""Casts: rounded once as torch rounds, every loss counted, nothing written when it overflows."""

import json
from fractions import Fraction

import ml_dtypes
import numpy as np
import pytest
import spell
from command import expect
from edit_checkpoints import single, stored

from paramctl.dtypes import DTYPES
from paramctl.edit.cast_values import cast

FLOATS = ["F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2", "F8_E4M3FNUZ", "F8_E5M2FNUZ"]


def every(dtype):
    """All bit patterns of 8 or 16 bits; for wider floats those of F16 and some beyond."""
    if DTYPES[dtype].bits <= 16:
        kind = np.uint8 if DTYPES[dtype].bits == 8 else np.uint16
        return np.arange(1 << DTYPES[dtype].bits).astype(kind).view(DTYPES[dtype].numpy())
    halves = np.arange(1 << 16).astype(np.uint16).view(np.float16).astype(DTYPES[dtype].numpy())
    with np.errstate(all="ignore"):
        others = [halves * 1.0009765, halves * 1e-9, halves * 1e30, halves * 3.4e38]
        return np.concatenate([halves, *others]).astype(DTYPES[dtype].numpy())


def nearest(value, grid):
    """The element of a sorted grid of finite numbers nearest to an exact value, ties to even."""
    place = int(np.searchsorted(grid.astype(float), value))
    near = list(grid[max(0, place - 2) : place + 2])
    best = min(abs(Fraction(float(g)) - Fraction(value)) for g in near)
    found = [g for g in near if abs(Fraction(float(g)) - Fraction(value)) == best]
    return {float(g) for g in found}


@pytest.mark.parametrize("after", ["F8_E4M3", "F8_E5M2", "F8_E4M3FNUZ"])
def test_a_cast_is_the_nearest_number_there_is(after):
    """Against exact arithmetic, for numbers that lie close to the middle between two others."""
    kind = DTYPES[after].numpy()
    patterns = np.arange(256).astype(np.uint8).view(kind).astype(np.float64)
    grid = np.unique(patterns[np.isfinite(patterns)])
    middles = (grid[1:] + grid[:-1]) / 2
    values = np.concatenate([middles, np.nextafter(middles, 9e9), np.nextafter(middles, -9e9)])
    found, losses = cast(values, "F64", after, "error")
    assert not losses.overflow
    for value, one in zip(values, found, strict=True):
        assert float(one) in nearest(value, grid)


@pytest.mark.parametrize("before", FLOATS)
@pytest.mark.parametrize("after", FLOATS)
def test_every_loss_is_counted(before, after):
    values = every(before)
    found, losses = cast(values, before, after, "inf")
    with np.errstate(all="ignore"):  # signalling NaNs
        wide, back = values.astype(np.float64), found.astype(np.float64)
    was_nan = np.isnan(wide)
    too_large = ~was_nan & ((np.isnan(back)) | (np.isinf(back) & ~np.isinf(wide)))
    assert losses.overflow == too_large.sum()
    assert losses.underflow == ((wide != 0) & ~was_nan & (back == 0)).sum()
    assert losses.lost_nan == 0
    assert np.isnan(back[was_nan]).all()
    if before == after:
        assert losses.underflow == losses.overflow == 0
        assert np.array_equal(wide, back, equal_nan=True)


@pytest.mark.parametrize("after", FLOATS[1:])
def test_clamped_values_are_the_largest_there_are(after):
    top = float(ml_dtypes.finfo(DTYPES[after].numpy()).max)
    found, losses = cast(np.array([1e300, -1e300, 1.0, np.inf]), "F64", after, "clamp")
    assert found.astype(float)[:3].tolist() == [top, -top, 1.0]
    assert losses.overflow in (2, 3)


@pytest.mark.client
@pytest.mark.parametrize("after", ["F16", "BF16", "F8_E4M3", "F8_E5M2"])
def test_torch_rounds_the_same(after):
    import torch

    names = {"F16": "float16", "BF16": "bfloat16", "F8_E4M3": "float8_e4m3fn"}
    kind = getattr(torch, names.get(after, "float8_e5m2"))
    values = every("F32")
    top = float(ml_dtypes.finfo(DTYPES[after].numpy()).max)
    values = values[np.abs(values) <= top]
    found, _ = cast(values, "F32", after, "inf")
    truth = torch.from_numpy(values).to(kind).to(torch.float64).numpy()
    assert np.array_equal(found.astype(np.float64), truth)


@pytest.mark.parametrize(
    ("values", "before", "after", "wanted", "losses"),
    [
        ([1.9, -1.9, 300, -300], "F32", "I8", [1, -1, 127, -128], (2, 0, 0)),
        ([np.nan, np.inf, 0.5, -0.5], "F32", "U8", [0, 255, 0, 0], (1, 2, 1)),
        ([2**62, -(2**62)], "I64", "F32", [2.0**62, -(2.0**62)], (0, 0, 0)),
        ([0, 1, 2, -1], "I8", "BOOL", [0, 1, 1, 0], (2, 0, 0)),
        ([2**64 - 1, 5], "U64", "I64", [2**63 - 1, 5], (1, 0, 0)),
        ([1e30, 2.0**63], "F64", "I64", [2**63 - 1, 2**63 - 1], (2, 0, 0)),
    ],
)
def test_integers_have_ends(values, before, after, wanted, losses):
    found, lost = cast(np.array(values, DTYPES[before].numpy()), before, after, "clamp")
    assert found.tolist() == wanted
    assert (lost.overflow, lost.underflow, lost.lost_nan) == losses


def test_an_overflow_writes_nothing_and_names_every_tensor(tmp_path):
    tensors = {
        "a": spell.f32(np.array([1e30, 1.0, -1e30])),
        "b": spell.f32(np.array([1.0])),
        "c": spell.f32(np.array([7e4])),
    }
    model = single(tmp_path, tensors)
    result = expect(1, "cast", model, "F16", "-o", tmp_path / "out.safetensors", "-q")
    assert result.err == (
        "paramctl: 3 values are too large for F16\n"
        "  a: 2 overflow, 0 underflow, 0 lost NaN\n"
        "  c: 1 overflow, 0 underflow, 0 lost NaN\n"
        "hint: --on-overflow clamp or --on-overflow inf writes them all the same\n"
    )
    assert list(tmp_path.iterdir()) == [model]


def test_without_a_selection_the_floating_tensors_are_cast(tmp_path):
    tensors = {
        "a": spell.f32(np.array([1.5])),
        "ids": ("I64", (1,), bytes(8)),
        "four": ("F4", (2,), b"\1"),
    }
    out = tmp_path / "out.safetensors"
    expect(0, "cast", single(tmp_path, tensors), "bfloat16", "-o", out)
    assert stored(out) == {**tensors, "a": spell.bf16(np.array([1.5]))}


def test_a_cast_to_the_same_dtype_changes_nothing(tmp_path):
    model = single(tmp_path, {"a": spell.f32(np.array([1.5]))})
    out = tmp_path / "out.safetensors"
    assert expect(0, "cast", model, "F32", "-o", out, "--json").json["changes"] == []
    assert out.read_bytes() == model.read_bytes()


def test_config_json_follows_when_all_floats_are_cast(tmp_path):
    home = tmp_path / "in"
    home.mkdir()
    tensors = {"a": spell.f32(np.array([1.5])), "b": spell.f32(np.array([1.5]))}
    (home / "model.safetensors").write_bytes(spell.checkpoint(tensors))
    (home / "config.json").write_text('{"torch_dtype": "float32"}')
    expect(0, "cast", home, "bf16", "-o", tmp_path / "all")
    expect(0, "cast", home, "bf16", "a", "-o", tmp_path / "some")
    kinds = [
        json.loads((tmp_path / name / "config.json").read_text())["torch_dtype"]
        for name in ("all", "some")
    ]
    assert kinds == ["bfloat16", "float32"]


def test_a_tie_is_cast_once(tmp_path):
    model = single(tmp_path, {"a": spell.f32(np.array([1.5]))}, {"b": "a"})
    out = tmp_path / "out.safetensors"
    expect(0, "cast", model, "bf16", "b", "-o", out)
    assert stored(out) == {"a": spell.bf16(np.array([1.5]))}


def test_one_lost_value_is_counted_as_one(tmp_path):
    model = single(tmp_path, {"a": spell.f32(np.array([7e4]))})
    refused = expect(1, "cast", model, "F16", "-o", tmp_path / "out.safetensors", "-q").err
    assert refused.startswith("paramctl: 1 value is too large for F16\n")
    done = expect(0, "cast", model, "BF16", "-o", tmp_path / "out.safetensors").err
    assert "note: cast 1 tensor to BF16: " in done
