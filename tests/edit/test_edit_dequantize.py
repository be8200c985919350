"""FP8 weights with scales: the values are float32 products, the scales go, config.json follows."""

import json

import ml_dtypes
import numpy as np
import pytest
import spell
from command import expect, peak_memory
from edit_checkpoints import single, stored
from hypothesis import given, settings
from hypothesis import strategies as st

from paramctl.dtypes import DTYPES

FP8 = ml_dtypes.float8_e4m3fn


def quantized(shape, seed=0):
    """All finite patterns of E4M3, at random."""
    patterns = np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)
    patterns[(patterns & 0x7F) == 0x7F] = 0x38
    return patterns.view(FP8)


def f8(array):
    return "F8_E4M3", array.shape, array.tobytes()


def scales(shape, seed=1):
    return np.random.default_rng(seed).uniform(1e-3, 2.0, shape).astype(np.float32)


def product(weight, scale, block):
    """The oracle: one number at a time, in float32."""
    found = np.empty(weight.shape, np.float32)
    for place in np.ndindex(weight.shape):
        *lead, row, column = place
        by = scale[(*lead, row // block[0], column // block[1])]
        found[place] = np.float32(weight[place]) * by
    return found


def values(tensor):
    dtype, shape, content = tensor
    return np.frombuffer(content, DTYPES[dtype].numpy()).reshape(shape).astype(np.float64)


def home(tmp_path, shards, config=None, name="in"):
    """A folder with the tensors of each shard, and an index over them."""
    folder = tmp_path / name
    folder.mkdir()
    weight_map = {}
    for number, tensors in enumerate(shards):
        file = f"model-{number + 1:05d}-of-{len(shards):05d}.safetensors"
        (folder / file).write_bytes(spell.checkpoint(tensors))
        weight_map |= dict.fromkeys(tensors, file)
    size = sum(len(content) for tensors in shards for _, _, content in tensors.values())
    index = {"metadata": {"total_size": size}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    if config is not None:
        (folder / "config.json").write_text(json.dumps(config))
    return folder


def quantization(*sizes, **others):
    return {"quant_method": "fp8", "fmt": "e4m3", "weight_block_size": list(sizes), **others}


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(1, 3), max_size=1).map(tuple),
    st.integers(1, 9), st.integers(1, 9), st.integers(1, 4), st.integers(1, 4),
    st.sampled_from(["BF16", "F32"]),
)  # fmt: skip
def test_a_block_is_multiplied_by_its_scale(lead, rows, columns, down, across, dtype):
    """Against float32 arithmetic on one number at a time, edges and stacked experts included."""
    from paramctl.edit.content import Made
    from paramctl.edit.dequantize import Dequantize, made
    from paramctl.edit.scales import find_scale
    from paramctl.manifest import Entry, Manifest

    weight = quantized((*lead, rows, columns), rows)
    scale = scales((*lead, -(-rows // down), -(-columns // across)), columns)
    entries = [
        Entry("w", "F8_E4M3", weight.shape, "parameter"),
        Entry("w_scale_inv", "F32", scale.shape, "parameter"),
    ]
    fitted = find_scale(Manifest(entries, {}), entries[0], (down, across))
    contents = [Made(a.nbytes, lambda a=a: iter([a.tobytes()])) for a in (weight, scale)]
    blocks = made(Dequantize(dtype), entries[0], contents[0], fitted, contents[1])
    found = b"".join(bytes(block) for block, _ in blocks)
    truth = product(weight, scale, (down, across)).astype(DTYPES[dtype].numpy())
    assert found == truth.tobytes()


def test_a_scale_may_lie_in_another_shard(tmp_path):
    """Sizes come from config.json, which then no longer speaks of FP8; the index follows."""
    weight, scale = quantized((5, 7)), scales((3, 2))
    norm = spell.f32(np.ones(3))
    model = home(
        tmp_path,
        [{"a.weight": f8(weight), "norm": norm}, {"a.weight_scale_inv": spell.f32(scale)}],
        {"torch_dtype": "bfloat16", "quantization_config": quantization(2, 4)},
    )
    out = tmp_path / "out"
    result = expect(0, "cast", model, "bf16", "--dequant-blocks", "-o", out, "--json")
    assert [(c["name"], c["action"]) for c in result.json["changes"]] == [
        ("a.weight", "cast"),
        ("a.weight_scale_inv", "removed"),
    ]
    assert result.err.startswith("selected 1 of 3 tensors\n")
    assert stored(out) == {"a.weight": spell.bf16(product(weight, scale, (2, 4))), "norm": norm}
    assert json.loads((out / "config.json").read_text()) == {"torch_dtype": "bfloat16"}
    index = json.loads((out / "model.safetensors.index.json").read_text())
    assert index["metadata"]["total_size"] == 5 * 7 * 2 + 12
    assert set(index["weight_map"].values()) == {"model-00001-of-00001.safetensors"}
    assert expect(0, "check", out).code == 0


@pytest.mark.parametrize("flag", [["--dequant-blocks", "128"], ["--dequant-blocks"]])
def test_blocks_of_128_are_the_rule(tmp_path, flag):
    weight, scale = quantized((130, 129)), scales((2, 2))
    model = single(tmp_path, {"a.weight": f8(weight), "a.weight_scale_inv": spell.f32(scale)})
    out = tmp_path / "out.safetensors"
    expect(0, "cast", model, "F32", *flag, "-o", out)
    assert stored(out) == {"a.weight": spell.f32(product(weight, scale, (128, 128)))}


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_one_scale_may_be_for_the_whole_tensor(tmp_path, shape):
    weight = quantized((3, 4))
    scale = np.full(shape, 0.3, np.float32)
    tensors = {
        "a.input_scale": spell.f32(np.ones(())),
        "a.weight": f8(weight),
        "a.weight_scale": spell.f32(scale),
    }
    out = tmp_path / "out.safetensors"
    expect(0, "cast", single(tmp_path, tensors), "bf16", "--dequant-blocks", "-o", out)
    assert stored(out) == {"a.weight": spell.bf16(weight.astype("f4") * np.float32(0.3))}


@pytest.mark.parametrize("shape", [(3,), (3, 1)])
def test_one_scale_may_be_for_each_row(tmp_path, shape):
    weight, scale = quantized((3, 4)), scales(shape)
    tensors = {"a.weight": f8(weight), "a.weight_scale": spell.f32(scale)}
    out = tmp_path / "out.safetensors"
    expect(0, "cast", single(tmp_path, tensors), "f32", "--dequant-blocks", "-o", out)
    assert stored(out) == {"a.weight": spell.f32(weight.astype("f4") * scale.reshape(3, 1))}


def test_weights_without_scales_are_named(tmp_path):
    tensors = {f"{name}.weight": f8(quantized((2, 2))) for name in "abc"}
    tensors["b.weight_scale_inv"] = spell.f32(np.ones((1, 1)))
    result = expect(2, "cast", single(tmp_path, tensors), "bf16", "--dequant-blocks", "-n", "-q")
    assert result.err == (
        "paramctl: FP8 tensors without scales:\n  a.weight\n  c.weight\n"
        "hint: scales are named NAME_scale_inv or NAME_scale; `cast` without --dequant-blocks "
        "takes plain FP8 values\n"
    )


def test_scales_of_another_shape_are_refused(tmp_path):
    tensors = {"a": f8(quantized((5, 7))), "a_scale_inv": spell.f32(np.ones((2, 3)))}
    result = expect(
        2, "cast", single(tmp_path, tensors), "bf16", "--dequant-blocks", "4", "-n", "-q"
    )
    assert result.err == (
        "paramctl: a_scale_inv: scales [2, 3] don't fit [5, 7] in blocks of 4 x 4: wanted [2, 2]\n"
        "hint: --dequant-blocks ROWSxCOLUMNS says the sizes\n"
    )


def test_a_model_without_fp8_has_nothing_to_dequantize(tmp_path):
    model = single(tmp_path, {"a": spell.f32(np.ones(3))})
    result = expect(2, "cast", model, "bf16", "--dequant-blocks", "-n", "-q")
    assert result.err == "paramctl: none of the selected of 1 tensors is FP8\n"


def test_some_weights_may_stay_quantized(tmp_path):
    """config.json then names those that are not."""
    tensors = {}
    for name in "ab":
        tensors |= {
            f"{name}.weight": f8(quantized((2, 2))),
            f"{name}.weight_scale_inv": spell.f32(np.ones((1, 1))),
        }
    config = {"quantization_config": quantization(128, 128, modules_to_not_convert=["lm_head"])}
    model = home(tmp_path, [tensors], config)
    expect(0, "cast", model, "bf16", "a", "--dequant-blocks", "-o", tmp_path / "out")
    assert sorted(stored(tmp_path / "out")) == ["a.weight", "b.weight", "b.weight_scale_inv"]
    found = json.loads((tmp_path / "out" / "config.json").read_text())["quantization_config"]
    assert found == quantization(128, 128, modules_to_not_convert=["lm_head", "a"])


@pytest.mark.parametrize(
    ("dtype", "flags", "code"),
    [("F16", [], 1), ("F16", ["clamp"], 0), ("F32", [], 1), ("F32", ["clamp"], 0)],
)
def test_products_that_are_too_large_refuse(tmp_path, dtype, flags, code):
    """In the new dtype, and in float32 itself."""
    weight = np.full((1, 2), 448, FP8)
    by = np.full((1, 1), 1e38 if dtype == "F32" else 1e3, np.float32)
    model = single(tmp_path, {"a": f8(weight), "a_scale_inv": spell.f32(by)})
    out = tmp_path / "out.safetensors"
    flags = [word for flag in flags for word in ("--on-overflow", flag)]
    result = expect(code, "cast", model, dtype, "--dequant-blocks", *flags, "-o", out, "-q")
    if code:
        assert result.err.startswith(f"paramctl: 2 values are too large for {dtype}\n  a: 2 over")
        assert not out.exists()
    else:
        top = float(np.finfo(DTYPES[dtype].numpy()).max)
        assert values(stored(out)["a"]).tolist() == [[top, top]]


def test_memory_stays_a_few_blocks(tmp_path):
    rows, columns = 1 << 13, 1 << 13
    header = {
        "a": spell.entry("F8_E4M3", [rows, columns], 0, rows * columns),
        "a_scale_inv": spell.entry("F32", [64, 64], rows * columns, rows * columns + 16384),
    }
    path = tmp_path / "in.safetensors"
    path.write_bytes(spell.file(header))
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size + rows * columns + 16384)
    used = peak_memory(
        "cast", "in.safetensors", "bf16", "--dequant-blocks", "-o", "o.safetensors", cwd=tmp_path
    )
    assert used < 200 << 20
    (tmp_path / "o.safetensors").unlink()
