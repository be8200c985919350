"""Recipes add, subtract and mix checkpoints, in more precision than they store."""

import ml_dtypes
import numpy as np
import pytest
import spell
from command import expect
from edit_checkpoints import sharded, single, stored

from paramctl.dtypes import DTYPES

OURS = {
    "a.weight": spell.f32(spell.uniform((6, 5), 1, 1)),
    "b.weight": spell.bf16(spell.uniform((7,), 1, 2)),
    "steps": ("I64", (1,), (3).to_bytes(8, "little")),
}
THEIRS = {
    "a.weight": spell.bf16(spell.uniform((6, 5), 1, 3)),
    "b.weight": spell.f32(spell.uniform((7,), 1, 4)),
    "c.weight": spell.f32(np.ones(3)),
}


def values(path, name):
    dtype, shape, content = stored(path)[name]
    return np.frombuffer(content, DTYPES[dtype].numpy()).reshape(shape)


def applied(folder, steps, *words, code=0):
    (folder / "recipe.yaml").write_text(f"steps:\n{steps}")
    return expect(code, "apply", folder / "recipe.yaml", folder / "in.safetensors", *words)


@pytest.fixture
def home(tmp_path):
    single(tmp_path, OURS, name="in.safetensors")
    sharded(tmp_path, THEIRS, name="other")
    return tmp_path


@pytest.mark.parametrize(
    ("step", "truth"),
    [
        ("lerp: {from: other, weight: 0.25}", lambda x, y: 0.75 * x + 0.25 * y),
        ("lerp: {from: other, weight: 0}", lambda x, y: x),
        ("add: {from: other}", lambda x, y: x + y),
        ("add: {from: other, scale: 0.5}", lambda x, y: x + 0.5 * y),
        ("sub: {from: other}", lambda x, y: x - y),
        ("sub: {from: other, scale: 2}", lambda x, y: x - 2 * y),
    ],
)
@pytest.mark.parametrize("name", ["a.weight", "b.weight"])
def test_values_are_combined_and_rounded_once(home, step, truth, name):
    """To the dtype that is there; the other checkpoint may have another, and other shards."""
    applied(home, f"- {step}\n  expect: 2\n", "-o", home / "out.safetensors")
    sides = (values(home / folder, name) for folder in ("in.safetensors", "other"))
    wanted = truth(*(side.astype("f8") for side in sides))
    found = values(home / "out.safetensors", name)
    if name == "a.weight":
        assert np.array_equal(found, wanted.astype("f4"))
    else:  # computed in float32
        assert np.array_equal(found, wanted.astype("f4").astype(ml_dtypes.bfloat16))
    assert stored(home / "out.safetensors")["steps"] == OURS["steps"]


def test_a_task_vector_is_added_in_one_pass(home):
    """ours + 0.5 * (tuned - base): two steps, each rounded to what is stored."""
    single(home, {"a.weight": spell.f32(np.ones((6, 5)))}, name="base.safetensors")
    steps = (
        "- add: {from: other, scale: 0.5, select: a}\n"
        "- sub: {from: base.safetensors, scale: 0.5, select: a}\n"
    )
    applied(home, steps, "-o", home / "out.safetensors")
    ours, tuned = (values(home / path, "a.weight") for path in ("in.safetensors", "other"))
    once = (ours.astype("f8") + 0.5 * tuned.astype("f8")).astype("f4")
    truth = (once.astype("f8") - 0.5).astype("f4")
    assert np.array_equal(values(home / "out.safetensors", "a.weight"), truth)


def test_a_tensor_of_many_blocks_is_combined_as_one(home, monkeypatch):
    from paramctl.edit import arithmetic

    words = ("- lerp: {from: other, weight: 0.3}\n", "-o")
    applied(home, *words, home / "one.safetensors")
    monkeypatch.setattr(arithmetic, "_AT_ONCE", 4)
    applied(home, *words, home / "two.safetensors")
    assert (home / "one.safetensors").read_bytes() == (home / "two.safetensors").read_bytes()


def test_tied_tensors_are_combined_once(tmp_path):
    tensors = {"emb.weight": spell.f32(np.ones(3))}
    single(tmp_path, tensors, {"head.weight": "emb.weight"}, name="in.safetensors")
    single(tmp_path, tensors, {"head.weight": "emb.weight"}, name="other.safetensors")
    applied(tmp_path, "- add: {from: other.safetensors}\n", "-o", tmp_path / "out.safetensors")
    assert values(tmp_path / "out.safetensors", "emb.weight").tolist() == [2, 2, 2]


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        ("add: {from: other, select: steps}", "{other}: it has no steps"),
        ("add: {from: small, select: a}", "a.weight: it is [6, 5] here and [5] in {small}"),
        ("lerp: {from: other, weight: .nan}", "a finite number is wanted, not nan"),
    ],
)
def test_what_can_not_be_combined_says_why(home, step, problem):
    single(home, {"a.weight": spell.f32(np.ones(5))}, name="small")
    result = applied(home, f"- {step}\n", "--check", code=3 if "nan" in step else 2)
    said = problem.format(other=home / "other", small=home / "small")
    assert f": {said}\n" in result.err


def test_a_sum_that_is_too_large_is_refused(home):
    single(home, {"b.weight": spell.f32(np.full(7, 3e38))}, name="large")
    steps = "- add: {from: large, scale: 10, select: b}\n"
    result = applied(home, steps, "-o", home / "out.safetensors", code=1)
    assert "is too large for BF16" in result.err
    assert not (home / "out.safetensors").exists()
