"""Spreading over files: a partition in order, the same tensors, the same digests."""

import json

import numpy as np
import pytest
import spell
from command import expect
from edit_checkpoints import sharded, single, stored, ties
from hypothesis import given
from hypothesis import strategies as st

from paramctl.edit.reshard import divide, parse_size
from paramctl.errors import UsageError
from paramctl.manifest import Entry

TENSORS = {f"t{n}": spell.f32(np.full(n, float(n))) for n in range(1, 7)}


@given(st.lists(st.integers(0, 50), min_size=1), st.integers(1, 60))
def test_shards_are_a_partition_in_order_none_too_large(sizes, most):
    entries = [Entry(str(n), "U8", (size,)) for n, size in enumerate(sizes)]
    shares = divide(entries, most)
    assert [name for share in shares for name in share.names] == [e.name for e in entries]
    for share in shares:
        assert share.nbytes == sum(sizes[int(name)] for name in share.names)
        assert share.nbytes <= most or sum(sizes[int(n)] > 0 for n in share.names) == 1


@pytest.mark.parametrize(
    ("text", "size"),
    [("4096", 4096), ("2GiB", 2 << 30), ("5GB", 5 * 10**9), ("1.5KiB", 1536), ("10 mb", 10**7)],
)
def test_a_size_has_a_unit(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "GiB", "-1", "1e9", "5 parsecs"])
def test_other_sizes_are_refused(text):
    with pytest.raises(UsageError):
        parse_size(text)


def test_a_file_becomes_shards_with_an_index_and_back(tmp_path):
    model = single(tmp_path, TENSORS, {"format": "pt", "alias": "t3"})
    out, back = tmp_path / "out", tmp_path / "back.safetensors"
    expect(0, "reshard", model, "--max-shard-size", "40", "-o", out)
    names = sorted(path.name for path in out.iterdir())
    assert names == [
        *(f"model-{n:05d}-of-00003.safetensors" for n in (1, 2, 3)),
        "model.safetensors.index.json",
    ]
    index = json.loads((out / "model.safetensors.index.json").read_text())
    assert index["metadata"] == {"total_size": 84}
    assert list(index["weight_map"]) == sorted(TENSORS)
    assert stored(out) == TENSORS
    assert ties(out) == [["t3", "alias"]]
    expect(0, "reshard", out, "--single", "-o", back)
    assert back.read_bytes() == model.read_bytes()


def test_what_fits_into_one_file_needs_no_index(tmp_path):
    model = sharded(tmp_path, TENSORS, config={"model_type": "none"})
    expect(0, "reshard", model, "--max-shard-size", "1GiB", "-o", tmp_path / "out")
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["config.json", "model.safetensors", "tokenizer"]


def test_a_folder_can_be_resharded_in_its_place(tmp_path):
    model = sharded(tmp_path, TENSORS)
    expect(0, "reshard", model, "--max-shard-size", "30", "--in-place")
    assert stored(model) == TENSORS
    expect(0, "reshard", model, "--single", "--in-place")
    assert sorted(path.name for path in model.iterdir()) == ["model.safetensors", "tokenizer"]
    assert stored(model) == TENSORS


def test_shards_never_go_into_one_file(tmp_path):
    model = single(tmp_path, TENSORS)
    result = expect(2, "reshard", model, "--max-shard-size", "40", "-o", tmp_path / "o.safetensors")
    assert "3 shards don't fit into one file" in result.err
    result = expect(2, "reshard", model, "--max-shard-size", "40", "--in-place")
    assert "shards need a folder of their own" in result.err


def test_metadata_can_be_set_and_removed(tmp_path):
    model = single(tmp_path, TENSORS, {"format": "pt", "old": "x"})
    args = ("--set", "note=a=b", "--set", "format=np", "--unset", "old", "--in-place")
    expect(0, "meta", model, *args)
    assert expect(0, "meta", model, "--json").json["metadata"] == {"note": "a=b", "format": "np"}
    expect(0, "meta", model, "--unset", "note", "--unset", "format", "--in-place")
    assert model.read_bytes() == spell.checkpoint(TENSORS)


def test_metadata_that_is_not_there_can_not_be_removed(tmp_path):
    model = single(tmp_path, TENSORS, {"format": "pt", "alias": "t1"})
    assert expect(2, "meta", model, "--unset", "formats", "--in-place").err == (
        "paramctl: no metadata named 'formats'\nhint: near names: format\n"
    )
    assert expect(2, "meta", model, "--unset", "alias", "--in-place").err == (
        "paramctl: 'alias' declares a tie\nhint: use tie and untie\n"
    )


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["reshard", "--max-shard-size", "12"], "5 shards"),
        (["reshard", "--single"], "one file"),
        (["meta", "--set", "author=me", "--set", "note=x"], "metadata author, note"),
    ],
)
def test_an_edit_of_no_tensor_says_what_it_did(tmp_path, flags, told):
    model = single(tmp_path, TENSORS)
    verb, *rest = flags
    result = expect(0, verb, model, *rest, "-o", tmp_path / "out")
    assert result.err == f"wrote {tmp_path / 'out'}: {told}\n"
