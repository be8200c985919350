"""Tensors are worked on in small tiles, and what comes out does not depend on their size."""

from unittest.mock import patch

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from paramctl.edit import resize_fill, stream, tiles
from paramctl.edit.content import Made
from paramctl.edit.part import _by_tiles, computed
from paramctl.edit.pieces import Piece, Pieces
from paramctl.edit.position import position
from paramctl.edit.resize_fill import Axis
from paramctl.edit.stream import Stream
from paramctl.manifest import Entry

SHAPES = st.lists(st.integers(0, 6), min_size=1, max_size=4).map(tuple)
SMALL = 16  # bytes of a block


def content(values, step=7):
    data = values.tobytes()
    return Made(len(data), lambda: (data[at : at + step] for at in range(0, len(data), step)))


def small(module):
    return patch.object(module, "BLOCK", SMALL)


@given(SHAPES, st.sampled_from([1, 2, 4, 8]))
def test_tiles_are_the_tensor_in_order(shape, itemsize):
    values = np.arange(np.prod(shape)).reshape(shape)
    with small(tiles):
        parts = [values[tile.where] for tile in tiles.tiles(shape, itemsize)]
    assert [part.shape for part in parts] == [t.shape for t in tiled(shape, itemsize)]
    assert all(part.size * itemsize <= SMALL for part in parts)
    assert [int(x) for part in parts for x in part.flat] == list(range(values.size))


def tiled(shape, itemsize):
    with small(tiles):
        return list(tiles.tiles(shape, itemsize))


@st.composite
def places(draw):
    shape = tuple(draw(st.lists(st.integers(1, 6), min_size=1, max_size=4)))
    part = st.integers(0, 5).map(str) | st.sampled_from([":", "1:", ":-1", "::2", "::-1", "4:1:-2"])
    texts = [draw(part) for _ in shape[: draw(st.integers(1, len(shape)))]]
    return shape, ",".join(
        str(int(text) % size) if text.isdecimal() else text
        for text, size in zip(texts, shape, strict=False)
    )


@given(places())
def test_a_part_is_set_alike_in_tiles_of_any_size(drawn):
    shape, text = drawn
    values = np.arange(np.prod(shape), dtype="f4").reshape(shape)
    entry = Entry("x", "F32", shape)
    place = position(text, entry)
    with small(tiles):
        made = b"".join(
            bytes(block) for block in _by_tiles(entry, content(values), place, computed("x * 10"))
        )
    values[place.parts] *= 10
    assert made == values.tobytes()


@given(
    st.integers(1, 4), st.integers(0, 5), st.integers(0, 5), st.integers(1, 4),
    st.sampled_from(["mean", "zeros", "scheme"]),
)  # fmt: skip
def test_an_axis_is_resized_alike_in_blocks_of_any_size(outer, old, new, inner, fill):
    values = np.random.default_rng(3).integers(-9, 9, (outer, old, inner)).astype("f4")
    drawn = np.arange(outer * new * inner, dtype="f4").tobytes()
    how = fill if fill != "scheme" else lambda start: iter([drawn[4 * start :]])
    axis = Axis(1, outer, old, new, inner)

    def made():
        if new <= old:
            blocks = resize_fill.shrunk("F32", content(values), axis)
        else:
            blocks = resize_fill.grown("F32", content(values), axis, how)
        return b"".join(bytes(block) for block in blocks)

    whole = made()
    with small(resize_fill), small(stream):
        assert made() == whole
    assert len(whole) == 4 * outer * new * inner


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)).map(sorted), max_size=8))
def test_pieces_of_a_computed_tensor_are_found_in_any_order(ranges):
    values = np.arange(40, dtype="u1")
    made = content(values)
    pieces = Pieces(
        sum(stop - start for start, stop in ranges),
        lambda: (Piece(made, start, stop) for start, stop in ranges),
    )
    wanted = b"".join(values[start:stop].tobytes() for start, stop in ranges)
    assert b"".join(bytes(block) for block in pieces.blocks()) == wanted


@given(st.lists(st.integers(0, 9), max_size=9))
def test_a_stream_gives_as_many_bytes_as_one_wants(counts):
    values = np.arange(100, dtype="u1")
    flow, taken = Stream(content(values).blocks()), b""
    for count in counts:
        taken += flow.read(count)
        assert flow.position == len(taken)
    assert taken == values.tobytes()[: len(taken)]
