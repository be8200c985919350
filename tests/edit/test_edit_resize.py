"""Resizing: old values stay at their indices, new ones are what was asked for."""

import json

import ml_dtypes
import numpy as np
import pytest
import spell
from command import expect
from edit_checkpoints import edited, files, sharded, single, stored, ties
from hypothesis import given, settings
from hypothesis import strategies as st

from paramctl.dtypes import DTYPES
from paramctl.edit.plan import Step
from paramctl.edit.resize import Dim, Resize

EMBED, HEAD = "model.embed_tokens.weight", "lm_head.weight"


def values(path, name):
    dtype, shape, content = stored(path)[name]
    return np.frombuffer(content, DTYPES[dtype].numpy()).reshape(shape)


def resized(tmp_path, tensor, *arguments, name="x.weight"):
    source = single(tmp_path, {name: tensor, "other": ("U8", (1,), b"\7")})
    out = tmp_path / "out.safetensors"
    expect(0, "resize", source, name, *arguments, "-o", out)
    assert stored(out)["other"] == ("U8", (1,), b"\7")
    return values(out, name)


@st.composite
def cases(draw):
    shape = tuple(draw(st.lists(st.integers(1, 5), min_size=1, max_size=3)))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    return shape, axis, draw(st.integers(0, 9))


@given(cases(), st.sampled_from(["mean", "zeros", "normal"]))
@settings(max_examples=40, deadline=None)
def test_growing_and_shrinking_back_gives_the_bytes_back(tmp_path_factory, case, fill):
    shape, axis, more = case
    home = tmp_path_factory.mktemp("resize")
    content = {"x.weight": spell.f32(np.arange(np.prod(shape)).reshape(shape) / 7)}
    source = single(home, content)
    there, back = home / "there.safetensors", home / "back.safetensors"
    edited(source, there, Step(Resize(Dim(axis, shape[axis] + more), fill=fill), ("x.weight",)))
    after = values(there, "x.weight")
    assert after.shape[axis] == shape[axis] + more
    edited(there, back, Step(Resize(Dim(axis, shape[axis]), allow_shrink=True), ("x.weight",)))
    assert back.read_bytes() == source.read_bytes()


@given(cases())
@settings(max_examples=30, deadline=None)
def test_new_places_are_means_along_the_axis(tmp_path_factory, case):
    shape, axis, more = case
    home = tmp_path_factory.mktemp("resize")
    old = np.arange(np.prod(shape)).reshape(shape) / 7
    source = single(home, {"x": spell.f32(old)})
    edited(source, home / "out.safetensors", Step(Resize(Dim(axis, shape[axis] + more)), ("x",)))
    found = values(home / "out.safetensors", "x")
    mean = old.astype("f4").astype("f8").mean(axis, keepdims=True).astype("f4")
    truth = np.concatenate([old.astype("f4"), np.repeat(mean, more, axis)], axis)
    assert np.array_equal(found, truth)


def test_a_mean_of_bfloat16_is_rounded_once(tmp_path):
    old = np.array([[1.0], [1.0078125], [1.0]])
    after = resized(tmp_path, spell.bf16(old), "--dim", "0=4")
    assert after[3, 0] == ml_dtypes.bfloat16(3.0078125 / 3)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("scheme", ["normal(std=0.02)", "expr: uniform(2, 3)"])
def test_drawn_places_are_what_init_draws_for_the_new_shape(tmp_path, axis, scheme):
    shape = [3, 4, 5]
    old = np.arange(60.0).reshape(shape)
    size = shape[axis] + 2
    after = resized(
        tmp_path, spell.f32(old), "--dim", f"{axis}={size}", "--fill", scheme, "--seed", 7
    )
    again = tmp_path / "again.safetensors"
    expect(
        0,
        "init",
        tmp_path / "out.safetensors",
        "x.weight",
        "--scheme",
        scheme,
        "--seed",
        7,
        "-o",
        again,
    )
    was = np.arange(size) < shape[axis]
    assert np.array_equal(after.compress(was, axis), old.astype("f4"))
    drawn = values(again, "x.weight")
    assert np.array_equal(after.compress(~was, axis), drawn.compress(~was, axis))


def test_a_scheme_that_needs_the_whole_tensor_draws_it(tmp_path):
    after = resized(tmp_path, spell.f32(np.zeros((3, 4))), "--dim", "0=5", "--fill", "orthogonal")
    assert (after[:3] == 0).all()
    assert (after[3:] != 0).any()


def test_a_bias_beside_a_drawn_weight_gets_zeros(tmp_path):
    tensors = {"fc.weight": spell.f32(np.ones((2, 3))), "fc.bias": spell.f32(np.ones(2))}
    out = tmp_path / "out.safetensors"
    expect(
        0, "resize", single(tmp_path, tensors), "fc", "--dim", "0=4", "--fill", "xavier", "-o", out
    )
    assert values(out, "fc.bias").tolist() == [1, 1, 0, 0]
    assert (values(out, "fc.weight")[2:] != 0).all()


def test_a_size_may_be_rounded_up(tmp_path):
    for arguments, size in ((("0=9", 8), 16), (("0", 4), 12), (("0=16", 8), 16), (("-1=3", 1), 3)):
        dim, multiple = arguments
        home = tmp_path / dim
        home.mkdir()
        tensor = spell.f32(np.zeros((10 if dim == "0" else 3, 2)))
        after = resized(home, tensor, "--dim", dim, "--multiple-of", multiple)
        assert after.shape[int(dim.split("=")[0])] == size


def test_shrinking_needs_its_flag(tmp_path):
    source = single(tmp_path, {"x": spell.f32(np.arange(6).reshape(3, 2))})
    result = expect(2, "resize", source, "x", "--dim", "0=2", "-n")
    assert result.err == (
        "paramctl: x: axis 0 of [3,2] would shrink to 2\n"
        "hint: --allow-shrink drops what lies beyond\n"
    )
    after = resized(
        tmp_path, spell.f32(np.arange(6).reshape(3, 2)), "--dim", "1=1", "--allow-shrink"
    )
    assert after.tolist() == [[0], [2], [4]]


@pytest.mark.parametrize(
    ("tensor", "arguments", "problem"),
    [
        (spell.f32(np.zeros(3)), ("1=4",), "x: there is no axis 1 in [3]"),
        (spell.f32(np.zeros(())), ("0=4",), "x: there is no axis 0 in []"),
        (spell.f32(np.zeros(3)), ("x=4",), "'x=4' is no D=N\nhint: as in --dim 0=128264"),
        (
            ("I64", (1,), bytes(8)),
            ("0=2",),
            "x: a mean is for floating tensors, this is I64\nhint: --fill zeros, or a scheme",
        ),
        (("F4", (2,), bytes(1)), ("0=4",), "F4 tensors can be listed and copied, not computed on"),
        (
            spell.f32(np.zeros(3)),
            ("0=4", "--multiple-of", "0"),
            "--multiple-of takes a whole number from 1 up",
        ),
    ],
)
def test_what_can_not_be_resized_says_why(tmp_path, tensor, arguments, problem):
    result = expect(2, "resize", single(tmp_path, {"x": tensor}), "x", "--dim", *arguments, "-n")
    assert f"paramctl: {problem}\n" == result.err


def test_zeros_go_into_any_dtype(tmp_path):
    assert resized(tmp_path, ("I64", (1,), b"\1" * 8), "--dim", "0=3", "--fill", "zeros")[
        1:
    ].tolist() == [0, 0]


def test_tensors_without_elements_can_be_resized(tmp_path):
    for shape, dim in (((0, 3), "0=2"), ((2, 0), "1=2"), ((2, 0), "0=4"), ((0, 0), "0=4")):
        home = tmp_path / f"{shape}{dim}".replace(" ", "")
        home.mkdir()
        tensor = ("F32", shape, b"")
        assert (resized(home, tensor, "--dim", dim) == 0).all()


def language_model(rows=10, tied=False):
    embed = spell.f32(np.arange(rows * 2).reshape(rows, 2))
    return {EMBED: embed, "model.norm.weight": spell.f32(np.ones(2))} | (
        {} if tied else {HEAD: spell.f32(np.ones((rows, 2)))}
    )


def test_a_tie_and_the_vocabulary_follow(tmp_path):
    source = single(tmp_path, language_model(tied=True), {HEAD: EMBED})
    out = tmp_path / "out.safetensors"
    expect(0, "resize", source, "lm_head", "--dim", "0=12", "-o", out)
    assert values(out, EMBED).shape == (12, 2)
    assert ties(out) == [[EMBED, HEAD]]


def test_config_json_follows_the_embedding_in_a_sharded_model(tmp_path):
    config = {"vocab_size": 10, "hidden_size": 2, "max_position_embeddings": 10}
    source = sharded(tmp_path, language_model(), config=config)
    out = tmp_path / "out"
    result = expect(0, "resize", source, EMBED, HEAD, "--dim", "0=12", "-o", out)
    assert "note" not in result.err
    assert json.loads((out / "config.json").read_text()) == config | {"vocab_size": 12}
    assert values(out, HEAD).shape == (12, 2)


def test_an_output_layer_that_is_left_behind_is_told(tmp_path):
    source = sharded(tmp_path, language_model(), config={"vocab_size": 10})
    result = expect(0, "resize", source, EMBED, "--dim", "0=12", "-n")
    assert result.err.splitlines()[-1] == (
        "note: lm_head.weight keeps its size of 10; models want it to be that of the embedding"
    )


@pytest.mark.parametrize(
    ("name", "config", "truth"),
    [
        ("wpe.weight", {"n_positions": 10, "n_ctx": 10}, {"n_positions": 12, "n_ctx": 12}),
        (
            "embeddings.token_type_embeddings.weight",
            {"type_vocab_size": 10},
            {"type_vocab_size": 12},
        ),
        (
            "text_model.embeddings.token_embedding.weight",
            {"text_config": {"vocab_size": 10}, "vocab_size": 10},
            {"text_config": {"vocab_size": 12}, "vocab_size": 10},
        ),
        ("model.embed_tokens.weight", {"vocab_size": 9}, {"vocab_size": 9}),
        ("mlp.up_proj.weight", {"vocab_size": 10}, {"vocab_size": 10}),
        ("head.weight", {"num_classes": 10}, {"num_classes": 12}),
    ],
)
def test_only_sizes_that_were_right_follow(tmp_path, name, config, truth):
    tensors = {name: spell.f32(np.ones((10, 2))), "y": spell.f32(np.ones(1))}
    out = tmp_path / "out"
    expect(0, "resize", sharded(tmp_path, tensors, config=config), name, "--dim", "0=12", "-o", out)
    assert json.loads((out / "config.json").read_text()) == truth


def test_labels_follow_a_classifier(tmp_path):
    tensors = {
        "classifier.weight": spell.f32(np.ones((2, 3))),
        "classifier.bias": spell.f32(np.ones(2)),
    }
    labels = {"id2label": {"0": "no", "1": "yes"}, "label2id": {"no": 0, "yes": 1}}
    source = sharded(tmp_path, tensors, config=labels)
    expect(0, "resize", source, "classifier.*", "--dim", "0=3", "-o", tmp_path / "out")
    assert json.loads((tmp_path / "out" / "config.json").read_text()) == {
        "id2label": {"0": "no", "1": "yes", "2": "LABEL_2"},
        "label2id": {"no": 0, "yes": 1, "LABEL_2": 2},
    }
    back = tmp_path / "back"
    expect(
        0, "resize", tmp_path / "out", "classifier", "--dim", "0=2", "--allow-shrink", "-o", back
    )
    assert json.loads((back / "config.json").read_text()) == labels
    assert stored(back) == stored(source)


def test_the_same_size_changes_nothing(tmp_path):
    source = sharded(tmp_path, language_model(), config={"vocab_size": 10})
    expect(0, "resize", source, "lm_head", "--dim", "0=10", "-o", tmp_path / "out")
    assert files(tmp_path / "out") == files(source)


def test_selections_can_be_counted_and_empty(tmp_path):
    source = single(tmp_path, language_model())
    expect(2, "resize", source, "lm_head", "--dim", "0=12", "--expect", 2, "-n")
    expect(2, "resize", source, "nothing", "--dim", "0=12", "-n")
    result = expect(0, "resize", source, "nothing", "--dim", "0=12", "--allow-empty", "-n")
    assert result.out == ""


def test_a_dry_run_reads_no_values_and_shows_both_shapes(tmp_path):
    source = single(tmp_path, language_model())
    rows = expect(0, "resize", source, "lm_head", "--dim", "0=12", "-n").rows
    assert rows == [[HEAD, "reshaped", "F32[10,2]", "F32[12,2]", "?"]]
