"""Holes of sparse files are found, and are holes in a copy."""

import itertools
import os
import random

import pytest
import spell
from command import expect
from hypothesis import given, settings
from hypothesis import strategies as st

from paramctl.formats.content import Span
from paramctl.formats.copying import copy_span
from paramctl.formats.holes import LEAST, ranges

MIB = 1 << 20


def islands(path, places, size):
    """A file of zeros with 4 KiB of random bytes at some places, holes elsewhere."""
    rnd = random.Random(7)
    with path.open("wb") as file:
        file.truncate(size)
        for place in places:
            file.seek(place)
            file.write(rnd.randbytes(4096))
        file.flush()
        os.fsync(file.fileno())
    return path


def test_ranges_cover_everything_in_turns(tmp_path):
    with islands(tmp_path / "a", [0, 5 * MIB], 9 * MIB).open("rb") as file:
        found = list(ranges(file.fileno(), 100, 9 * MIB))
    assert [part.is_held for part in found] == [True, False, True, False]
    assert found[0].start == 100
    assert found[-1].stop == 9 * MIB
    assert all(a.stop == b.start for a, b in itertools.pairwise(found))


def test_a_short_hole_counts_as_held(tmp_path):
    with islands(tmp_path / "a", [0, LEAST // 2], LEAST).open("rb") as file:
        assert list(ranges(file.fileno(), 0, LEAST)) == [(0, LEAST, True)]


def test_a_file_without_holes_is_one_range(tmp_path):
    (tmp_path / "a").write_bytes(bytes(3 * MIB))
    with (tmp_path / "a").open("rb") as file:
        assert list(ranges(file.fileno(), 5, 3 * MIB)) == [(5, 3 * MIB, True)]


def test_a_file_that_ends_before_is_one_range(tmp_path):
    """So that whoever reads it finds out."""
    with islands(tmp_path / "a", [0], 4 * MIB).open("rb") as file:
        assert list(ranges(file.fileno(), 0, 5 * MIB)) == [(0, 5 * MIB, True)]


@settings(max_examples=20, deadline=None)
@given(st.sets(st.integers(0, 7)), st.integers(0, 4 * MIB), st.integers(0, 9000))
def test_a_copy_has_the_same_bytes_wherever_it_lands(tmp_path_factory, places, start, position):
    folder = tmp_path_factory.mktemp("copies")
    path = islands(folder / "a", [place * MIB + 77 for place in places], 8 * MIB)
    with path.open("rb") as one, (folder / "b").open("w+b") as other:
        other.truncate(position + 8 * MIB - start)
        end = copy_span(Span(one.fileno(), start, 8 * MIB), other.fileno(), position, where="t")
    assert end == position + 8 * MIB - start
    assert (folder / "b").read_bytes() == bytes(position) + path.read_bytes()[start:]
    path.unlink()
    (folder / "b").unlink()


@pytest.fixture
def sparse(tmp_path):
    """A checkpoint of 8 MiB of which most is a hole, with some numbers in it."""
    header = {
        "a": spell.entry("F32", [MIB], 0, 4 * MIB),
        "b": spell.entry("F32", [MIB], 4 * MIB, 8 * MIB),
    }
    path = tmp_path / "in.safetensors"
    path.write_bytes(spell.file(header))
    start = path.stat().st_size
    os.truncate(path, start + 8 * MIB)
    with path.open("r+b") as file:
        file.seek(start + 5 * MIB + 13)
        file.write(b"\x01\x02\x03\x04" * 1000)
        os.fsync(file.fileno())
    return path


@pytest.mark.parametrize("target", ["out.safetensors", "out"])
def test_an_edit_keeps_holes(sparse, tmp_path, target):
    """They take as little room as before; the bytes are the same."""
    expect(0, "rename", sparse.name, "a=another", "-o", target, "-q", cwd=tmp_path)
    path = tmp_path / target
    path = path / "model.safetensors" if path.is_dir() else path
    assert path.read_bytes()[-8 * MIB :] == sparse.read_bytes()[-8 * MIB :]
    assert path.stat().st_blocks <= sparse.stat().st_blocks + 64


def test_zeros_that_are_no_holes_are_copied(tmp_path):
    """A checkpoint that takes its room on disk keeps it, so that writing into it can't fail."""
    path = tmp_path / "in.safetensors"
    path.write_bytes(spell.checkpoint({"a": ("F32", [MIB], bytes(4 * MIB))}))
    expect(0, "rename", path.name, "a=b", "-o", "out.safetensors", "-q", cwd=tmp_path)
    assert (tmp_path / "out.safetensors").stat().st_blocks * 512 >= 4 * MIB
