"""The header reader: what it returns, what it forgives, and how fast it is not allowed to grow."""

import contextlib
import gc
import json
import os

import pytest
import spell
from hypothesis import given, settings
from hypothesis import strategies as st

from paramctl.dtypes import DTYPES
from paramctl.errors import CheckpointError
from paramctl.formats.descriptor import Descriptor
from paramctl.formats.header import (
    Header,
    encode_header,
    header_length,
    parse_header,
    read_header,
)
from paramctl.manifest import Entry

ONE = spell.entry("F32", [1], 0, 4)


def parsed(content: bytes, **options) -> Header:
    return parse_header(content, file_size=len(content), where="f.safetensors", **options)


def refusal(content: bytes) -> CheckpointError:
    with pytest.raises(CheckpointError) as caught:
        parsed(content)
    return caught.value


def test_entries_carry_absolute_positions_and_the_shard():
    content = spell.checkpoint({"a": ("U8", [2], b"ab"), "b": ("F32", [], b"abcd")})
    header = parsed(content, shard=3)
    start = header.data_start
    assert header.entries == (
        Entry("a", "U8", (2,), "buffer", None, 3, start, start + 2),
        Entry("b", "F32", (), "parameter", None, 3, start + 2, start + 6),
    )
    assert content[start : start + 2] == b"ab"
    assert header.file_size == len(content)


def test_entries_keep_the_order_of_the_header():
    text = {"b": spell.entry("U8", [2], 2, 4), "a": spell.entry("U8", [2], 0, 2)}
    assert [entry.name for entry in parsed(spell.file(text, b"abcd")).entries] == ["b", "a"]


def test_metadata_are_text_pairs_in_order():
    content = spell.checkpoint({}, {"z": "1", "a": "2"})
    assert list(parsed(content).metadata.items()) == [("z", "1"), ("a", "2")]


def test_kinds_are_guessed_by_name_and_dtype():
    tensors = {
        "bn.running_mean": ("F32", [0], b""),
        "bn.weight": ("F32", [0], b""),
        "steps": ("I64", [0], b""),
        "position_ids": ("F32", [0], b""),
        "ids": ("F32", [0], b""),
    }
    kinds = {entry.name: entry.kind for entry in parsed(spell.checkpoint(tensors)).entries}
    assert kinds == {
        "bn.running_mean": "buffer",
        "bn.weight": "parameter",
        "steps": "buffer",
        "position_ids": "buffer",
        "ids": "parameter",
    }


def test_a_remark_is_its_sentence_and_knows_its_rule_and_tensor():
    content = spell.file(' {"__metadata__":null,"a":' + json.dumps({**ONE, "x": 1}) + "}", b"abcd")
    found = [(remark.rule, remark.name, str(remark)) for remark in parsed(content).warnings]
    assert found == [
        ("null-metadata", "", "__metadata__ is null, read as absent"),
        ("padding", "", "white space before the header's first '{'"),
        ("unknown-field", "a", "unknown field 'x' is ignored and not kept by a rewrite"),
    ]


def test_a_name_in_an_error_is_escaped():
    error = refusal(spell.file({"a\x1b[31m": {**ONE, "dtype": "f64"}}, b"abcd"))
    assert str(error) == "f.safetensors: a\\x1b[31m: dtype 'f64' is none of the format's 22"
    assert error.hint == "the nearest is F64"


def test_a_long_shape_in_an_error_is_cut():
    error = refusal(spell.file({"a": spell.entry("U8", [2] * 30, 0, 4)}, b"abcd"))
    assert str(error) == (
        "f.safetensors: a: U8 of shape [2, 2, 2, 2, 2, 2, 2, 2, … 14 more …, 2, 2, 2, 2, 2, 2, 2, "
        "2] needs 1073741824 bytes, data_offsets [0, 4] hold 4"
    )


def test_the_data_are_not_needed_to_read_a_header():
    content = spell.checkpoint({"a": ("U8", [8], bytes(8))})
    beginning = content[:-8]
    assert parse_header(beginning, file_size=len(content), where="f").entries[0].stop == len(
        content
    )


def test_a_header_is_never_read_beyond_the_file(tmp_path):
    path = tmp_path / "f.safetensors"
    path.write_bytes((90_000_000).to_bytes(8, "little") + b"{}")
    fd = os.open(path, os.O_RDONLY)
    with pytest.raises(CheckpointError) as caught:
        read_header(Descriptor(fd, "f"))
    os.close(fd)
    assert str(caught.value) == (
        "f: the header should be 90000000 bytes long, the file has 2 after its first 8"
    )


def test_the_length_of_a_header_is_checked_before_the_header_is_there():
    assert header_length((2).to_bytes(8, "little"), file_size=10, where="f") == 2


def test_the_collector_is_on_again_after_reading_and_after_an_error():
    parsed(spell.file("{}"))
    assert gc.isenabled()
    refusal(spell.file("{"))
    assert gc.isenabled()


def test_the_collector_stays_off_where_it_was_off():
    gc.disable()
    try:
        parsed(spell.file("{}"))
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_what_is_encoded_is_read_back():
    entries = [Entry("a\n", "BF16", (2, 3)), Entry("é", "F4", (4,)), Entry("", "BOOL", ())]
    header = encode_header(entries, {"format": "pt"})
    assert len(header) % 8 == 0
    size = len(header) + 12 + 2 + 1
    found = parse_header(header, file_size=size, where="f")
    assert [(entry.name, entry.dtype, entry.shape) for entry in found.entries] == [
        (entry.name, entry.dtype, entry.shape) for entry in entries
    ]
    assert found.metadata == {"format": "pt"}


def test_a_header_without_metadata_has_no_key_for_them():
    assert encode_header([], {}) == spell.file("{}      ")


@pytest.mark.parametrize(
    ("entries", "text"),
    [
        ([Entry("__metadata__", "U8", ())], "a tensor can't be named '__metadata__' here"),
        ([Entry("a", "U8", ()), Entry("a", "U8", ())], "a tensor can't be named 'a' here"),
        ([Entry("\ud800", "U8", ())], 'no valid Unicode text: …{"\\u{d800}":{"dtype":"U8","sha…'),
    ],
)
def test_names_that_the_format_can_not_hold_are_not_encoded(entries, text):
    with pytest.raises(CheckpointError) as caught:
        encode_header(entries, {})
    assert str(caught.value) == text


shapes = st.lists(st.integers(0, 5), max_size=4).map(tuple)
whole = [name for name, dtype in DTYPES.items() if dtype.bits % 8 == 0]


@given(st.dictionaries(st.text(max_size=8), st.tuples(st.sampled_from(whole), shapes), max_size=6))
@settings(max_examples=60, deadline=None)
def test_any_names_dtypes_and_shapes_survive_encoding(tensors):
    """Reading what was encoded gives the same names, dtypes and shapes, end to end."""
    tensors.pop("__metadata__", None)
    entries = [Entry(name, dtype, shape) for name, (dtype, shape) in tensors.items()]
    header = encode_header(entries, {})
    size = len(header) + sum(entry.nbytes or 0 for entry in entries)
    found = parse_header(header, file_size=size, where="f").entries
    assert {entry.name: (entry.dtype, entry.shape) for entry in found} == tensors
    assert [entry.start for entry in found[1:]] == [entry.stop for entry in found[:-1]]


@given(st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_a_header_or_a_checkpoint_error(content):
    """No other exception, whatever comes in."""
    framed = len(content).to_bytes(8, "little") + content
    for data in (content, framed):
        with contextlib.suppress(CheckpointError):
            assert isinstance(parsed(data), Header)


def test_ten_thousand_names_are_each_read_once():
    from make_checkpoints import many_names

    entries = parsed(many_names(10_000)).entries
    assert len({entry.name for entry in entries}) == 10_000
    assert entries[-1].stop == entries[0].start + 20_000
