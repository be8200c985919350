"""Split and fuse: NumPy says where every row goes, and one undoes the other."""

import numpy as np
import pytest
import spell
from command import expect
from edit_checkpoints import edited, sharded, single, stored, ties
from hypothesis import given, settings
from hypothesis import strategies as st

from paramctl.dtypes import DTYPES
from paramctl.edit.fuse import Fuse
from paramctl.edit.plan import Step
from paramctl.edit.split import Split

A = "layers.0.attn."


def values(path, name):
    dtype, shape, content = stored(path)[name]
    return np.frombuffer(content, DTYPES[dtype].numpy()).reshape(shape)


def counting(*shape, start=0):
    return np.arange(start, start + np.prod(shape)).reshape(shape).astype("f4")


def split(tmp_path, tensors, *arguments, config=None):
    home = sharded(tmp_path, tensors | {"z": spell.f32(np.zeros(1))}, config=config)
    out = tmp_path / "out"
    expect(0, "split", home, "**", *arguments, "-o", out)
    return out


@st.composite
def attentions(draw):
    """Heads, heads of keys, size of a head, width, a layout, and whether there are biases."""
    keys, share = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    size, width = draw(st.integers(1, 4)), draw(st.integers(1, 5))
    layout = draw(st.sampled_from(["qkv", "neox", "conv1d"]))
    return keys * share, keys, size, width, layout, draw(st.booleans())


@given(attentions(), st.sampled_from([single, sharded]))
@settings(max_examples=40, deadline=None)
def test_fusing_what_was_split_gives_it_back(tmp_path_factory, drawn, make):
    queries, keys, size, width, layout, has_bias = drawn
    home = tmp_path_factory.mktemp("fuse")
    total = (queries + 2 * keys) * size
    shape = (width, total) if layout == "conv1d" else (total, width)
    tensors = {f"{A}qkv.weight": spell.bf16(counting(*shape)), "z": spell.f32(counting(2))}
    if has_bias:
        tensors[f"{A}qkv.bias"] = spell.f32(counting(total))
    source = make(home, tensors)
    there, back = home / f"there{source.suffix}", home / f"back{source.suffix}"
    options = (layout, None, queries, keys, size)
    edited(source, there, Step(Split(*options), ("qkv",)))
    names = {f"{A}{part}.{last}" for part in "qkv" for last in ["weight", "bias"][: 1 + has_bias]}
    assert set(stored(there)) == names | {"z"}
    edited(there, back, Step(Fuse(*options), ("attn",)))
    assert stored(back) == stored(source)


def test_blocks_are_thirds_of_the_rows(tmp_path):
    weight, bias = counting(12, 2), counting(12)
    tensors = {f"{A}qkv.weight": spell.f32(weight), f"{A}qkv.bias": spell.f32(bias)}
    out = split(tmp_path, tensors, "--layout", "qkv")
    for place, part in enumerate("qkv"):
        rows = slice(4 * place, 4 * place + 4)
        assert np.array_equal(values(out, f"{A}{part}.weight"), weight[rows])
        assert np.array_equal(values(out, f"{A}{part}.bias"), bias[rows])


def test_config_json_knows_how_many_heads_keys_have(tmp_path):
    weight = counting(32, 3)
    config = {"num_attention_heads": 4, "num_key_value_heads": 2}
    out = split(
        tmp_path, {f"{A}qkv_proj.weight": spell.f32(weight)}, "--layout", "qkv", config=config
    )
    found = [values(out, f"{A}{part}_proj.weight") for part in "qkv"]
    assert [len(part) for part in found] == [16, 8, 8]
    assert np.array_equal(np.concatenate(found), weight)


def test_flags_go_before_config_json(tmp_path):
    config = {"num_attention_heads": 4, "num_key_value_heads": 2}
    flags = ("--layout", "qkv", "--heads", 6, "--kv-heads", 1, "--head-dim", 4)
    out = split(tmp_path, {"qkv.weight": spell.f32(counting(32, 3))}, *flags, config=config)
    assert [len(values(out, f"{part}.weight")) for part in "qkv"] == [24, 4, 4]


def test_per_head_rows_are_gathered(tmp_path):
    heads, size = 3, 2
    fused = counting(heads, 3, size, 5)
    tensors = {f"{A}query_key_value.weight": spell.f32(fused.reshape(-1, 5))}
    out = split(tmp_path, tensors, "--layout", "neox", config={"num_attention_heads": heads})
    for place, part in enumerate(("query", "key", "value")):
        truth = fused[:, place].reshape(-1, 5)
        assert np.array_equal(values(out, f"{A}{part}.weight"), truth)


def test_per_group_rows_are_gathered(tmp_path):
    """As Falcon has them: the queries that share a head of keys, the head, its values."""
    fused = counting(2, 5, 4, 3)  # two groups of three queries
    flags = ("--layout", "neox", "--heads", 6, "--kv-heads", 2)
    out = split(tmp_path, {"query_key_value.weight": spell.f32(fused.reshape(-1, 3))}, *flags)
    assert np.array_equal(values(out, "query.weight"), fused[:, :3].reshape(-1, 3))
    assert np.array_equal(values(out, "key.weight"), fused[:, 3].reshape(-1, 3))
    assert np.array_equal(values(out, "value.weight"), fused[:, 4].reshape(-1, 3))


def test_columns_of_gpt2_are_split(tmp_path):
    weight, bias = counting(4, 12), counting(12)
    tensors = {"h.0.attn.c_attn.weight": spell.f32(weight), "h.0.attn.c_attn.bias": spell.f32(bias)}
    out = split(tmp_path, tensors, "--layout", "conv1d", config={"n_head": 2})
    for part, columns, row in zip("qkv", np.split(weight, 3, 1), np.split(bias, 3), strict=True):
        assert np.array_equal(values(out, f"h.0.attn.c_{part}.weight"), columns)
        assert np.array_equal(values(out, f"h.0.attn.c_{part}.bias"), row)


@pytest.mark.parametrize("shape", [(6, 2), (3, 6, 2)])
def test_gate_and_up_are_halves_also_of_stacked_experts(tmp_path, shape):
    weight = counting(*shape)
    out = split(tmp_path, {"mlp.gate_up_proj": spell.f32(weight)}, "--layout", "gate-up")
    gate, up = np.split(weight, 2, axis=-2)
    assert np.array_equal(values(out, "mlp.gate_proj"), gate)
    assert np.array_equal(values(out, "mlp.up_proj"), up)


def test_the_bias_of_stacked_experts_has_the_last_axis(tmp_path):
    bias = counting(3, 6)
    out = split(tmp_path, {"gate_up_proj.bias": spell.f32(bias)}, "--layout", "gate-up")
    assert np.array_equal(values(out, "up_proj.bias"), bias[:, 3:])


@pytest.mark.parametrize("shape", [(), (2,), (2, 3)])
def test_experts_are_stacked_and_unstacked(tmp_path, shape):
    parts = [counting(*shape, start=100 * n) for n in range(11)]
    tensors = {f"mlp.experts.{n}.w1.weight": spell.f32(part) for n, part in enumerate(parts)}
    source = sharded(tmp_path, tensors)
    there, back = tmp_path / "there", tmp_path / "back"
    expect(0, "fuse", source, "experts", "--layout", "experts", "-o", there)
    assert np.array_equal(values(there, "mlp.experts.w1.weight"), np.stack(parts))
    expect(0, "split", there, "experts", "--layout", "experts", "-o", back)
    assert stored(back) == stored(source)


def test_other_names_can_be_told(tmp_path):
    tensors = {f"att.{part}.weight": spell.f32(counting(2, 2)) for part in ("one", "two", "three")}
    out = tmp_path / "out.safetensors"
    names = ("--names", "all=one,two,three")
    expect(0, "fuse", single(tmp_path, tensors), "att", "--layout", "qkv", *names, "-o", out)
    assert values(out, "att.all.weight").shape == (6, 2)
    assert list(stored(out)) == ["att.all.weight"]


def test_tied_parts_become_a_tied_tensor_and_back(tmp_path):
    tensors = {f"a.{part}.weight": spell.f32(counting(2, 2)) for part in "qkv"}
    aliases = {f"b.{part}.weight": f"a.{part}.weight" for part in "qkv"}
    source = single(tmp_path, tensors, aliases)
    there, back = tmp_path / "there.safetensors", tmp_path / "back.safetensors"
    expect(0, "fuse", source, "**", "--layout", "qkv", "-o", there)
    assert ties(there) == [["a.qkv.weight", "b.qkv.weight"]]
    expect(0, "split", there, "qkv", "--layout", "qkv", "-o", back)
    assert stored(back) == stored(source)
    assert sorted(ties(back)) == sorted(ties(source))


def test_an_alias_that_is_not_selected_keeps_the_whole(tmp_path):
    source = single(tmp_path, {"a.qkv": spell.f32(counting(6))}, {"other": "a.qkv"})
    out = tmp_path / "out.safetensors"
    expect(0, "split", source, "a", "--layout", "qkv", "-o", out)
    assert set(stored(out)) == {"a.q", "a.k", "a.v", "other"}
    assert np.array_equal(values(out, "other"), counting(6))


def test_computed_tensors_can_be_split_in_the_same_plan(tmp_path):
    from paramctl.edit.set import Set

    source = single(tmp_path, {"qkv.weight": spell.f32(counting(6, 2))})
    out = tmp_path / "out.safetensors"
    edited(source, out, Step(Set("qkv.weight", "x * 2")), Step(Split("qkv"), ("qkv",)))
    assert np.array_equal(values(out, "k.weight"), 2 * counting(6, 2)[2:4])


def test_a_part_that_is_missing_is_named(tmp_path):
    tensors = {f"{part}_proj.weight": spell.f32(counting(2, 2)) for part in "qkv"}
    tensors["q_proj.bias"] = spell.f32(counting(2))
    source = single(tmp_path, tensors)
    result = expect(2, "fuse", source, "q_proj.weight", "v_proj.weight", "--layout", "qkv", "-n")
    assert result.err == (
        "paramctl: qkv_proj.weight: q_proj.weight fuses with k_proj.weight, which is not selected\n"
        "hint: select it too\n"
    )
    result = expect(2, "fuse", source, "*_proj", "--layout", "qkv", "-n")
    assert result.err == (
        "paramctl: qkv_proj.bias: q_proj.bias fuses with k_proj.bias, which is not there\n"
    )


@pytest.mark.parametrize(
    ("verb", "tensors", "arguments", "problem"),
    [
        ("split", {"a": (6,)}, ("--layout", "qk"), "no layout named 'qk'\nhint: did you mean qkv?"),
        ("split", {"qkv": (7,)}, ("--layout", "qkv"), "qkv: 7 does not divide into 3 parts"),
        ("split", {"qkv": ()}, ("--layout", "qkv"), "qkv: a scalar has no parts"),
        (
            "split",
            {"qkv": (6,)},
            ("--layout", "neox"),
            "qkv: the layout neox depends on the number of heads, which nobody says\n"
            "hint: say it: --heads H",
        ),
        (
            "split",
            {"qkv": (7,)},
            ("--layout", "qkv", "--heads", "2"),
            "qkv: 2 heads and twice 2 of 1 (--heads) are 6, not 7\n"
            "hint: say it: --heads H --kv-heads K --head-dim D",
        ),
        (
            "split",
            {"qkv": (6,)},
            ("--layout", "qkv", "--kv-heads", "2"),
            "--kv-heads and --head-dim go with --heads",
        ),
        (
            "split",
            {"qkv": (6,)},
            ("--layout", "qkv", "--heads", "3", "--kv-heads", "2"),
            "3 heads can't share 2 heads of keys and values",
        ),
        (
            "split",
            {"x": (6,)},
            ("--layout", "gate-up"),
            "1 of 1 tensor selected, none with a name of the layout gate-up\n"
            "hint: names are gate_up_proj gate_proj up_proj; w13 w1 w3; tell others by "
            "--names FUSED=PART,PART",
        ),
        (
            "fuse",
            {"gate_proj": (2, 2), "up_proj": (2, 3)},
            ("--layout", "gate-up"),
            "up_proj: F32 [2,3] does not fit to gate_proj, which is F32 [2,2]",
        ),
        (
            "fuse",
            {"gate_proj": (2,), "up_proj": (2,), "gate_up_proj": (4,)},
            ("--layout", "gate-up"),
            "there is a tensor named 'gate_up_proj' already",
        ),
        (
            "fuse",
            {"q": (2,), "k": (2,), "v": (2,)},
            ("--layout", "qkv", "--names", "qkv=q,k"),
            "the layout qkv has 3 parts, not 2",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_says_why(tmp_path, verb, tensors, arguments, problem):
    source = single(
        tmp_path, {name: spell.f32(counting(*shape)) for name, shape in tensors.items()}
    )
    result = expect(2, verb, source, "**", *arguments, "-n")
    assert result.err == f"paramctl: {problem}\n"


def test_only_names_of_the_layout_count(tmp_path):
    tensors = {"qkv": spell.f32(counting(6)), "o": spell.f32(counting(2))}
    source = single(tmp_path, tensors)
    result = expect(0, "split", source, "**", "--layout", "qkv", "--expect", 1, "-n")
    assert result.err == "selected 1 of 2 tensors\n"
    result = expect(2, "split", source, "**", "--layout", "qkv", "--expect", 2, "-n")
    assert result.err == "paramctl: selected 1 of 2 tensors, expected 2\n"
    assert expect(0, "split", source, "o", "--layout", "qkv", "--allow-empty", "-n").out == ""


def test_the_dry_run_shows_what_goes_and_what_comes(tmp_path):
    source = single(tmp_path, {"qkv": spell.f32(counting(6))})
    rows = expect(0, "split", source, "qkv", "--layout", "qkv", "-n").rows
    assert [row[:2] for row in rows] == [
        ["k", "added"], ["q", "added"], ["qkv", "removed"], ["v", "added"],
    ]  # fmt: skip


def test_nibbles_can_be_split_where_their_bytes_part(tmp_path):
    source = single(tmp_path, {"qkv": ("F4", (6,), b"\x12\x34\x56")})
    out = tmp_path / "out.safetensors"
    expect(2, "split", source, "qkv", "--layout", "qkv", "-n")
    source = single(tmp_path, {"qkv": ("F4", (3, 2), b"\x12\x34\x56")})
    expect(0, "split", source, "qkv", "--layout", "qkv", "-o", out)
    assert stored(out)["k"] == ("F4", (1, 2), b"\x34")
