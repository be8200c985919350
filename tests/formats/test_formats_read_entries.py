"""Reading a header as the reference writer spells it gives what reading it as any JSON gives."""

import json
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paramctl.errors import CheckpointError
from paramctl.formats import canonical, header
from paramctl.formats.canonical import spelled_entries

_BITS = {"F32": 32, "BF16": 16, "U8": 8, "F4": 4, "I64": 64}
_NAMES = st.text(st.characters(codec="utf-8"), max_size=6) | st.sampled_from(
    ["a.weight", "b.running_mean", "position_ids", "h.0.inv_freq", "é", '"', "\\", "__metadata__"]
)
_SHAPES = st.lists(st.sampled_from([0, 1, 2, 4, 8]), max_size=3)
_TENSORS = st.lists(st.tuples(_NAMES, st.sampled_from(sorted(_BITS)), _SHAPES), max_size=6)
_METADATA = st.none() | st.dictionaries(st.text(max_size=3), st.text(max_size=3), min_size=1)
_DAMAGES = st.lists(
    st.tuples(st.integers(0, 400), st.sampled_from('0 -1,:[]{}"\\\t.eé')), max_size=2
)


def spelled(tensors, metadata=None):
    """The header of some tensors as the reference writer has it."""
    tree, position = {"__metadata__": metadata} if metadata is not None else {}, 0
    for name, dtype, shape in tensors:
        bits = _BITS[dtype]
        for size in shape:
            bits *= size
        place = [position, position + bits // 8]
        tree[name] = {"dtype": dtype, "shape": shape, "data_offsets": place}
        position += bits // 8
    return json.dumps(tree, separators=(",", ":"), ensure_ascii=False).encode(), position


def read(text, size):
    """What a file with this header says, or the refusal."""
    data = len(text).to_bytes(8, "little") + text
    try:
        return header.parse_header(data, file_size=len(data) + size, where="x", shard=2)
    except CheckpointError as error:
        return str(error)


@given(_TENSORS, _METADATA, _DAMAGES, st.integers(1, 200))
@settings(max_examples=300)
def test_both_ways_of_reading_agree(tensors, metadata, damages, at_once):
    """Also on headers with a few characters put in."""
    text, size = spelled(tensors, metadata)
    for place, character in damages:
        place = min(place, len(text))
        text = text[:place] + character.encode() + text[place:]
    with mock.patch.object(canonical, "_AT_ONCE", at_once):
        fast = read(text, size)
    with mock.patch.object(header, "spelled_entries", return_value=None):
        assert fast == read(text, size)


def test_an_ordinary_header_is_read_by_columns():
    tensors = [(f"layers.{place}.weight", "BF16", [2, place]) for place in range(50)]
    text, size = spelled(tensors, {"format": "pt", "quoted": '{"a": 1}'})
    entries, metadata, stop = spelled_entries(text + b"   ", 8 + len(text), 1)
    assert [(entry.name, entry.dtype, list(entry.shape)) for entry in entries] == tensors
    assert metadata == {"format": "pt", "quoted": '{"a": 1}'}
    assert stop == 8 + len(text) + size == entries[-1].stop


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"a"', '"b"'),  # a name twice
        ("[0,8]", "[0, 8]"),
        ("[0,8]", "[0,08]"),
        ("[8,16]", "[9,17]"),
        ("[2]", "[02]"),
        ("F32", "F33"),
        ('"shape"', '"shapes"'),
        ('"a"', '"a\\u0062"'),
        ('"a"', '"a\t"'),
        ('"a"', '"__metadata__"'),
        ("}}", "}}\n"),
    ],
)
def test_what_is_spelled_in_any_other_way_is_left_alone(old, new):
    text, _ = spelled([("a", "F32", [2]), ("b", "F32", [2])])
    assert spelled_entries(text, 8, 0) is not None
    assert spelled_entries(text.replace(old.encode(), new.encode(), 1), 8, 0) is None
