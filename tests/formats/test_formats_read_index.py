"""The reader of indices, where the folder doesn't matter; ``tests/hostile`` has the lies."""

import json

import pytest

from paramctl.errors import CheckpointError
from paramctl.formats import index as module
from paramctl.formats.index import parse_index

MAP = {"b": "m-10.safetensors", "a": "m-2.safetensors", "c": "m-2.safetensors"}


def parsed(**fields):
    return parse_index(json.dumps(fields).encode(), "i.json")


def test_the_map_keeps_its_order_and_the_shards_have_the_natural_one():
    index = parsed(weight_map=MAP)
    assert list(index.weight_map) == ["b", "a", "c"]
    assert index.shards == ["m-2.safetensors", "m-10.safetensors"]
    assert index.metadata == {}


def test_total_size_may_be_of_any_type_here():
    metadata = {"total_size": 5.0, "more": [None]}
    assert parsed(weight_map=MAP, metadata=metadata).metadata == metadata


def test_null_metadata_are_none():
    assert parsed(weight_map=MAP, metadata=None).metadata == {}


def test_further_fields_are_named():
    assert parsed(weight_map=MAP, variant="fp16").others == ("variant",)


def test_a_field_nobody_reads_is_bounded_too():
    nested = json.loads("[" * 70 + "]" * 70)
    with pytest.raises(CheckpointError) as caught:
        parsed(weight_map=MAP, extra=nested)
    assert str(caught.value) == "i.json: the field 'extra' is nested deeper than 64"


def test_an_index_beyond_the_limit_is_refused_unread(monkeypatch):
    monkeypatch.setattr(module, "LARGEST", 10)
    with pytest.raises(CheckpointError) as caught:
        parse_index(b"x" * 11, "i.json")
    assert str(caught.value) == "i.json: an index of 11 bytes is refused, the limit is 10"
