"""The reader of indices, where the folder doesn't matter; ``tests/hostile`` has the lies."""

import json
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


_ORDINARY = json.dumps({"metadata": {"total_size": 8}, "weight_map": MAP}, indent=2)
_DAMAGE = st.tuples(st.integers(0, 140), st.sampled_from('0 -,:[]{}"\\\t\n.é'))


@given(st.lists(_DAMAGE, max_size=2), st.integers(1, 99))
@settings(max_examples=200)
def test_a_map_read_by_columns_is_the_map_read_as_any_json(damages, at_once):
    """Also with a few characters put in."""
    text = _ORDINARY
    for place, character in damages:
        text = text[:place] + character + text[place:]
    with mock.patch.object(module, "_AT_ONCE", at_once):
        fast = verdict(text)
    with mock.patch.object(module, "_by_columns", return_value=None):
        assert fast == verdict(text)


@pytest.mark.parametrize("at_once", [1, 40, 1000])
def test_an_ordinary_map_is_read_by_columns(monkeypatch, at_once):
    monkeypatch.setattr(module, "_AT_ONCE", at_once)
    _, names, files = module._by_columns(_ORDINARY.encode())
    assert dict(zip(names, files, strict=True)) == MAP


def test_a_map_in_another_place_is_not_the_map():
    nested = '{"metadata": {"weight_map": {"a": "x.safetensors"}}, "weight_map": {}}'
    assert verdict(nested) == "i: weight_map is empty, wanted a file name per tensor"


def verdict(text):
    try:
        return parse_index(text.encode(), "i")
    except CheckpointError as error:
        return str(error)
