"""``lock`` as users type it, and the law that a lock is read as it was written."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from command import expect
from hypothesis import given, settings
from hypothesis import strategies as some
from safetensors.numpy import load_file, save_file

from paramctl.dtypes import DTYPES
from paramctl.errors import InputError
from paramctl.listing.lock import Lock, Locked, parse_lock

CHECKPOINTS = Path(__file__).parents[2] / "fixtures" / "checkpoints"
DIGEST = "0" * 64

digests = some.text("0123456789abcdef", min_size=64, max_size=64)
stored = some.builds(
    Locked,
    some.text(),
    some.sampled_from(sorted(DTYPES)),
    some.lists(some.integers(0, 2**63), max_size=4).map(tuple),
    digests,
)
aliases = some.builds(Locked, some.text(), tied_to=some.text())
locks = some.builds(
    Lock,
    some.lists(stored | aliases, unique_by=lambda one: one.name).map(tuple),
    digests,
)


@settings(max_examples=50, deadline=None)
@given(locks)
def test_a_lock_is_read_as_it_was_written(lock):
    """parse(write(lock)) is the lock, whatever the names, on lines without control characters."""
    text = "".join(lock.lines())
    assert parse_lock(text, "x") == lock
    assert all(line.isprintable() for line in text.split("\n"))
    assert len(text.split("\n")) == len(lock.tensors) + 2


def test_a_lock_has_a_title_and_a_line_per_name():
    out = expect(0, "lock", CHECKPOINTS / "tied.safetensors").out
    title, *lines = out.splitlines()
    digests = expect(0, "hash", CHECKPOINTS / "tied.safetensors", "--json").json
    assert title == f"paramctl-lock 1 {digests['model']}"
    assert lines[:2] == [
        f"0.bias F32 [8] {digests['tensors']['0.bias']}",
        f"0.weight F32 [8,4] {digests['tensors']['0.weight']}",
    ]
    assert "4.weight = 2.weight" in lines


def test_a_lock_is_the_same_for_any_sharding(tmp_path):
    one = tmp_path / "one.safetensors"
    expect(0, "reshard", CHECKPOINTS / "sharded", "--single", "-o", one, "-q")
    assert expect(0, "lock", one).out == expect(0, "lock", CHECKPOINTS / "sharded").out


def test_hostile_names_stay_on_their_lines():
    path = CHECKPOINTS / "hostile-names.safetensors"
    lines = expect(0, "lock", path).out.splitlines()
    assert len(lines) == 1 + len(load_file(path))
    assert all(line.isprintable() for line in lines)


def test_a_model_as_it_was_locked_verifies(tmp_path):
    lock = tmp_path / "model.lock"
    result = expect(0, "lock", CHECKPOINTS / "sharded", "-o", lock)
    assert result.out == ""
    assert expect(0, "lock", CHECKPOINTS / "sharded", "--verify", lock, "--json").json["equal"]


def test_verification_names_everything_that_differs(tmp_path):
    path, lock = tmp_path / "m.safetensors", tmp_path / "m.lock"
    tensors = {name: np.arange(4, dtype=np.float32) for name in ("a", "b", "c", "gone", "tie")}
    save_file(tensors, path)
    expect(0, "lock", path, "-o", lock)
    del tensors["gone"], tensors["tie"]
    tensors |= {"b": -tensors["b"], "c": tensors["c"].reshape(2, 2), "new": tensors["a"]}
    save_file(tensors, path, {"tie": "a"})
    result = expect(1, "lock", path, "--verify", lock, "--json")
    assert [row["name"] for row in result.json["differences"]] == ["b", "c", "gone", "new", "tie"]
    out = expect(1, "lock", path, "--verify", lock, "-f", "table").out.splitlines()
    assert out[1].startswith("c: expected F32 [4] ")
    assert " found F32 [2,2] " in out[1]
    assert out[2:] == [
        "gone: the lock lists it, the model lacks it",
        "new: the model has it, the lock doesn't list it",
        out[4],
        "5 of 6 names differ",
    ]
    assert out[4].endswith("found a tie to a")
    only = expect(0, "lock", path, "a", "--verify", lock, "--json").json
    assert (only["equal"], only["compared"]) == (True, 1)


def test_json_has_a_row_per_name():
    body = expect(0, "lock", CHECKPOINTS / "tied.safetensors", "--json").json
    assert body["schema"] == "paramctl/lock/1"
    rows = {row["name"]: row for row in body["tensors"]}
    assert rows["4.bias"] == {
        "name": "4.bias", "dtype": None, "shape": None, "digest": None, "tied_to": "2.bias",
    }  # fmt: skip
    assert rows["0.weight"]["shape"] == [8, 4]


def test_a_file_is_replaced_only_with_force(tmp_path):
    lock = tmp_path / "m.lock"
    lock.write_text("mine")
    model = CHECKPOINTS / "mlp.safetensors"
    result = expect(2, "lock", model, "-o", lock)
    assert result.err == (f"paramctl: {lock}: it exists already\nhint: add --force to replace it\n")
    assert lock.read_text() == "mine"
    expect(0, "lock", model, "-o", lock, "--force")
    assert lock.read_text() == expect(0, "lock", model).out
    assert [path.name for path in tmp_path.iterdir()] == ["m.lock"]


def test_the_model_itself_is_never_replaced(tmp_path):
    model = tmp_path / "m.safetensors"
    shutil.copy(CHECKPOINTS / "mlp.safetensors", model)
    before = model.read_bytes()
    assert "it is an input" in expect(2, "lock", model, "-o", model, "--force").err
    assert model.read_bytes() == before


def test_the_text_of_a_lock_has_no_other_form(tmp_path):
    result = expect(2, "lock", CHECKPOINTS / "mlp.safetensors", "-o", tmp_path / "x", "--json")
    assert json.loads(result.err)["error"]["hint"] == "leave out --verify and -f"


WRONG = [
    ("", "x:1", "a lock begins with 'paramctl-lock 1' and a digest"),
    (f"paramctl-lock 2 {DIGEST}", "x:1", "a lock of version '2', and only 1 is known"),
    (
        f"paramctl-lock 1 {DIGEST}\na F32 [2 {DIGEST}",
        "x:2",
        f"expected 'NAME DTYPE [SHAPE] DIGEST', found 'a F32 [2 {DIGEST}'",
    ),
    (f"paramctl-lock 1 {DIGEST}\na = b\na = c", "x:3", "'a' is listed twice"),
]


@pytest.mark.parametrize(("text", "where", "problem"), WRONG)
def test_what_is_no_lock_is_refused_with_its_line(text, where, problem):
    with pytest.raises(InputError) as caught:
        parse_lock(text, "x")
    assert (caught.value.where, caught.value.problem) == (where, problem)
