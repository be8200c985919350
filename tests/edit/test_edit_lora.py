"""LoRA adapters: merged as the formula says, extracted so that merging leads back."""

import json
import math

import ml_dtypes
import numpy as np
import pytest
import spell
from command import expect
from edit_checkpoints import sharded, single, stored
from hypothesis import given, settings
from hypothesis import strategies as st

from paramctl.dtypes import DTYPES

P = "base_model.model."
Q = "model.layers.0.self_attn.q_proj"


def values(path, name):
    dtype, shape, content = stored(path)[name]
    return np.frombuffer(content, DTYPES[dtype].numpy()).reshape(shape)


def random(*shape, seed=0):
    return spell.uniform(shape, 1, seed)


def adapter(folder, tensors, name="adapter", **config):
    home = folder / name
    home.mkdir()
    single(
        home,
        {key: spell.f32(array) for key, array in tensors.items()},
        name="adapter_model.safetensors",
    )
    said = {"peft_type": "LORA", "r": 2, "lora_alpha": 4, "fan_in_fan_out": False} | config
    (home / "adapter_config.json").write_text(json.dumps(said))
    return home


def pair(module, rows, columns, rank=2, seed=5):
    return {
        f"{P}{module}.lora_A.weight": random(rank, columns, seed=seed),
        f"{P}{module}.lora_B.weight": random(rows, rank, seed=seed + 1),
    }


def merged(tmp_path, tensors, factors, config=None, **said):
    source = sharded(tmp_path, tensors | {"z": spell.f32(np.zeros(1))}, config=config)
    out = tmp_path / "out"
    expect(0, "lora", "merge", source, adapter(tmp_path, factors, **said), "-o", out)
    return out


@pytest.mark.parametrize("rslora", [False, True])
@pytest.mark.parametrize("rank", [1, 2, 4])
def test_the_product_is_added_with_its_scale(tmp_path, rslora, rank):
    base, factors = random(6, 5), pair(Q, 6, 5, rank)
    said = {"use_rslora": rslora, "lora_alpha": 3, "r": rank}
    out = merged(tmp_path, {f"{Q}.weight": spell.f32(base)}, factors, **said)
    a, b = factors.values()
    scale = 3 / (math.sqrt(rank) if rslora else rank)
    truth = base.astype("f8") + scale * (b.astype("f8") @ a.astype("f8"))
    assert np.allclose(values(out, f"{Q}.weight"), truth, rtol=0, atol=1e-6)


def test_bfloat16_is_computed_in_float32_and_rounded_once(tmp_path):
    base, factors = random(6, 5), pair(Q, 6, 5)
    out = merged(tmp_path, {f"{Q}.weight": spell.bf16(base)}, factors)
    a, b = factors.values()
    old = base.astype(ml_dtypes.bfloat16).astype("f4")
    truth = (old + np.float32(2) * (b @ a)).astype(ml_dtypes.bfloat16)
    assert np.array_equal(values(out, f"{Q}.weight"), truth)


def test_a_weight_of_many_blocks_is_merged_as_one(tmp_path, monkeypatch):
    from paramctl.edit import stream

    monkeypatch.setattr(stream, "BLOCK", 64)
    base, factors = random(40, 5), pair(Q, 40, 5)
    out = merged(tmp_path, {f"{Q}.weight": spell.f32(base)}, factors)
    a, b = factors.values()
    assert np.allclose(values(out, f"{Q}.weight"), base + 2 * (b @ a), atol=1e-6)


@pytest.mark.parametrize(("rows", "columns"), [(6, 4), (4, 4)])
@pytest.mark.parametrize("by", ["flag", "family"])
def test_layers_that_store_in_by_out_get_the_transpose(tmp_path, rows, columns, by):
    module = "transformer.h.0.attn.c_attn"
    base, factors = random(columns, rows), pair(module, rows, columns)
    config = {"model_type": "gpt2"} if by == "family" else None
    name = "h.0.attn.c_attn.weight"  # as the file of the hub has it
    out = merged(tmp_path, {name: spell.f32(base)}, factors, config, fan_in_fan_out=by == "flag")
    a, b = factors.values()
    assert np.allclose(values(out, name), base + 2 * (b @ a).T, atol=1e-6)


def test_an_embedding_gets_the_transpose(tmp_path):
    base = random(7, 4)
    factors = {
        f"{P}model.embed_tokens.lora_embedding_A": random(2, 7, seed=1),
        f"{P}model.embed_tokens.lora_embedding_B": random(4, 2, seed=2),
    }
    out = merged(tmp_path, {"model.embed_tokens.weight": spell.f32(base)}, factors)
    a, b = factors.values()
    assert np.allclose(values(out, "model.embed_tokens.weight"), base + 2 * (b @ a).T, atol=1e-6)


def test_a_module_may_have_its_own_alpha_and_rank(tmp_path):
    base, factors = random(6, 5), pair(Q, 6, 5, rank=3)
    said = {"alpha_pattern": {"q_proj": 9}, "rank_pattern": {"q_proj": 3}}
    out = merged(tmp_path, {f"{Q}.weight": spell.f32(base)}, factors, **said)
    a, b = factors.values()
    assert np.allclose(values(out, f"{Q}.weight"), base + 3 * (b @ a), atol=1e-6)


def test_whole_tensors_of_the_adapter_replace_those_of_the_base(tmp_path):
    tensors = {f"{Q}.weight": spell.f32(random(6, 5)), "score.weight": spell.f32(random(2, 5))}
    new = random(2, 5, seed=9)
    out = merged(tmp_path, tensors, pair(Q, 6, 5) | {f"{P}score.weight": new})
    assert np.array_equal(values(out, "score.weight"), new)


def test_only_what_the_adapter_names_changes(tmp_path):
    tensors = {f"{Q}.weight": spell.f32(random(6, 5)), "x": spell.bf16(random(3))}
    source = single(tmp_path, tensors)
    home = adapter(tmp_path, pair(Q, 6, 5))
    result = expect(0, "lora", "merge", source, home, "--expect", "1", "-n")
    assert result.rows == [[f"{Q}.weight", "changed", "F32[6,5]", "F32[6,5]", "?"]]
    assert result.err == "selected 1 of 2 tensors\n"
    expect(2, "lora", "merge", source, home, "--expect", "2", "-n")


def test_a_recipe_merges_too(tmp_path):
    source = single(tmp_path, {f"{Q}.weight": spell.f32(random(6, 5))})
    adapter(tmp_path, pair(Q, 6, 5))
    path = tmp_path / "recipe.yaml"
    path.write_text("steps:\n- lora merge: {adapter: adapter}\n  expect: 1\n")
    one, two = tmp_path / "one.safetensors", tmp_path / "two.safetensors"
    expect(0, "apply", path, source, "-o", one)
    expect(0, "lora", "merge", source, tmp_path / "adapter", "-o", two)
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"peft_type": "LOHA"}, "the adapter is LOHA, wanted LoRA"),
        ({"use_dora": True}, f"{Q}: use_dora is true, it has none lora_magnitude_vector"),
        ({"use_qalora": True}, "the adapter uses use_qalora, which can't be merged"),
        ({"lora_alpha": "x"}, f"{Q}: lora_alpha is 'x', wanted a number"),
    ],
)
def test_an_adapter_that_is_no_lora_says_so(tmp_path, said, problem):
    source = single(tmp_path, {f"{Q}.weight": spell.f32(random(6, 5))})
    home = adapter(tmp_path, pair(Q, 6, 5), **said)
    result = expect(3, "lora", "merge", source, home, "-n")
    assert result.err == f"paramctl: {home}: {problem}\n"


def test_a_factor_alone_and_a_module_that_is_not_there_are_named(tmp_path):
    source = single(
        tmp_path, {f"{Q}.weight": spell.f32(random(6, 5)), "i.weight": ("I8", (6, 5), bytes(30))}
    )
    half = dict(list(pair(Q, 6, 5).items())[:1])
    one = adapter(tmp_path, half, "one")
    result = expect(3, "lora", "merge", source, one, "-n")
    assert result.err == f"paramctl: {one}: {Q}: it has lora_A alone\n"
    two = adapter(tmp_path, pair("model.layers.7.mlp", 6, 5), "two")
    result = expect(2, "lora", "merge", source, two, "-n")
    assert result.err.startswith("paramctl: no tensor named 'model.layers.7.mlp.weight'\n")
    three = adapter(tmp_path, pair(Q, 7, 5), "three")
    result = expect(2, "lora", "merge", source, three, "-n")
    assert result.err == (
        f"paramctl: {Q}.weight: the adapter changes [7, 5], the weight is [6, 5]\n"
    )
    four = adapter(tmp_path, pair("i", 6, 5), "four")
    result = expect(2, "lora", "merge", source, four, "-n")
    assert result.err == "paramctl: i.weight: an adapter is added to floats, this is I8\n"


def test_a_folder_without_its_config_is_no_adapter(tmp_path):
    source = single(tmp_path, {f"{Q}.weight": spell.f32(random(6, 5))})
    home = adapter(tmp_path, pair(Q, 6, 5))
    (home / "adapter_config.json").unlink()
    result = expect(3, "lora", "merge", source, home, "-n")
    assert result.err == (f"paramctl: {home}: adapter_config.json: can't be read: no such file\n")


@given(st.integers(1, 5), st.integers(1, 5), st.integers(1, 6), st.booleans())
@settings(max_examples=20, deadline=None)
def test_merging_what_was_extracted_gives_the_tuned_model(
    tmp_path_factory, rows, columns, rank, is_gpt2
):
    """The change has a rank of two, so that a rank of two and more loses nothing."""
    home = tmp_path_factory.mktemp("lora")
    name = "h.0.attn.c_attn.weight" if is_gpt2 else f"{Q}.weight"
    config = {"model_type": "gpt2"} if is_gpt2 else {}
    base = random(rows, columns)
    change = random(rows, 2, seed=3) @ random(2, columns, seed=4)
    other = {"norm.weight": spell.f32(np.ones(3))}
    one = sharded(home, {name: spell.f32(base)} | other, 1, config, "base")
    two = sharded(home, {name: spell.f32(base + change)} | other, 1, config, "tuned")
    expect(0, "lora", "extract", one, two, "--rank", rank, "-o", home / "adapter")
    said = json.loads((home / "adapter" / "adapter_config.json").read_text())
    assert said["r"] == said["lora_alpha"] == rank
    assert said["fan_in_fan_out"] is is_gpt2
    expect(0, "lora", "merge", one, home / "adapter", "-o", home / "back")
    found = values(home / "back", name)
    if rank >= min(2, rows, columns):
        assert np.allclose(found, base + change, atol=1e-5)
    else:
        left, sizes, right = np.linalg.svd(change.astype("f8"), full_matrices=False)
        best = left[:, :1] * sizes[:1] @ right[:1]
        assert np.allclose(found, base + best, atol=1e-5)


def test_what_an_adapter_can_not_hold_is_told(tmp_path):
    base = {
        f"{Q}.weight": spell.f32(random(6, 5)),
        f"{Q}.bias": spell.f32(random(6)),
        "model.embed_tokens.weight": spell.f32(random(4, 5)),
        "model.norm.weight": spell.f32(np.ones(5)),
    }
    tuned = {
        name: spell.f32(2 * np.frombuffer(data, "<f4").reshape(shape))
        for name, (_, shape, data) in base.items()
    }
    tuned["model.norm.weight"] = base["model.norm.weight"]
    one, two = single(tmp_path, base), single(tmp_path, tuned, name="tuned.safetensors")
    result = expect(0, "lora", "extract", one, two, "--rank", 9, "-o", tmp_path / "out")
    assert (
        f"note: an adapter can't hold what changed in {Q}.bias, model.embed_tokens.weight"
        in result.err
    )
    adapter_file = tmp_path / "out" / "adapter_model.safetensors"
    assert {name: shape for name, (_, shape, _) in stored(adapter_file).items()} == {
        f"{P}{Q}.lora_A.weight": (5, 5),
        f"{P}{Q}.lora_B.weight": (6, 5),
    }
    said = json.loads((tmp_path / "out" / "adapter_config.json").read_text())
    assert (said["r"], said["rank_pattern"], said["target_modules"]) == (9, {Q: 5}, [Q])


def test_nothing_to_extract_is_an_error(tmp_path):
    one = single(tmp_path, {f"{Q}.weight": spell.f32(random(6, 5))})
    result = expect(2, "lora", "extract", one, one, "-o", tmp_path / "out")
    assert result.err == "paramctl: no weight of a layer differs among 1 tensor\n"
    result = expect(2, "lora", "extract", one, one, "-o", tmp_path / "out.safetensors")
    assert result.err == "paramctl: an adapter is a folder\nhint: -o OUT without .safetensors\n"
    result = expect(2, "lora", "extract", one, one, "--in-place")
    assert result.err.startswith("paramctl: No such option: --in-place")
    expect(2, "lora", "extract", one, one, "--rank", "0", "-n")


def test_the_dry_run_of_an_extraction_shows_the_factors(tmp_path):
    one = single(tmp_path, {f"{Q}.weight": spell.f32(random(6, 5))})
    two = single(tmp_path, {f"{Q}.weight": spell.f32(random(6, 5, seed=1))}, name="two.safetensors")
    result = expect(0, "lora", "extract", one, two, "--rank", 2, "-n")
    assert [row[:2] for row in result.rows] == [
        [f"{P}{Q}.lora_A.weight", "added"],
        [f"{P}{Q}.lora_B.weight", "added"],
    ]
