"""The bytes of a tensor with a longer or shorter axis, block by block."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from paramctl.dtypes import DTYPES
from paramctl.edit.content import encode, rechunk
from paramctl.edit.rounding import narrow, widen
from paramctl.edit.stream import Stream
from paramctl.formats.content import BLOCK, Block, Content

MEAN = "mean"
ZEROS = "zeros"

Array = np.ndarray[Any, Any]
Draw = Callable[[int], Iterator[Block]]
Fill = str | Draw


class Axis(NamedTuple):
    """The axis that changes, in a tensor seen as ``(outer, old, inner)``.

    Attributes:
        place: which one it is, from 0.
        outer, inner: elements of the axes before and behind it.
        old, new: its sizes.
    """

    place: int
    outer: int
    old: int
    new: int
    inner: int

    @property
    def grows(self) -> bool:
        """Whether new places come."""
        return self.new > self.old


def shrunk(dtype: str, old: Content, axis: Axis) -> Iterator[Block]:
    """The bytes without the places beyond the new size."""
    if _bytes(dtype, axis, axis.old) > BLOCK:
        stream = Stream(old.blocks())
        for _ in range(axis.outer):
            yield from stream.take(_bytes(dtype, axis, axis.new))
            stream.skip(_bytes(dtype, axis, axis.old - axis.new))
        return
    for rows in _rows(dtype, old, axis):
        yield encode(rows[:, : axis.new], dtype)


def grown(dtype: str, old: Content, axis: Axis, fill: Fill) -> Iterator[Block]:
    """The bytes with new places at the end of the axis.

    Besides some blocks, the mean of one of the outer places is in memory.

    Args:
        fill: ``mean`` over the old places, in float64, rounded once; ``zeros``; or the bytes
            of the whole new tensor from an element on.
    """
    if not axis.outer * axis.inner:
        return
    if axis.outer == 1 or _bytes(dtype, axis, axis.new) > BLOCK:
        yield from _one_by_one(dtype, old, axis, fill)
        return
    drawn = None if isinstance(fill, str) else rechunk(fill(0), _bytes(dtype, axis, axis.new))
    for rows in _rows(dtype, old, axis):
        wide = np.zeros((len(rows), axis.new, axis.inner), rows.dtype)
        wide[:, : axis.old] = rows
        if drawn is not None:
            parts = [np.frombuffer(next(drawn), rows.dtype) for _ in rows]
            wide[:, axis.old :] = np.reshape(parts, wide.shape)[:, axis.old :]
        elif fill == MEAN and axis.old:
            total = _precise(rows, dtype).mean(axis=1, keepdims=True)
            wide[:, axis.old :] = narrow(total, dtype)
        yield encode(wide, dtype)


def _one_by_one(dtype: str, old: Content, axis: Axis, fill: Fill) -> Iterator[Block]:
    """For each of the outer places its old bytes, then what is new."""
    stream = Stream(old.blocks())
    for outer in range(axis.outer):
        if not isinstance(fill, str):
            yield from stream.take(_bytes(dtype, axis, axis.old))
            start = (outer * axis.new + axis.old) * axis.inner
            yield from Stream(fill(start)).take(_bytes(dtype, axis, axis.new - axis.old))
        elif fill == ZEROS or not axis.old:
            yield from stream.take(_bytes(dtype, axis, axis.old))
            row = np.zeros(axis.inner, DTYPES[dtype].numpy())
            yield from _repeated(encode(row, dtype), axis.new - axis.old)
        else:
            yield from _with_mean(dtype, stream, axis)


def _with_mean(dtype: str, stream: Stream, axis: Axis) -> Iterator[Block]:
    element = DTYPES[dtype].numpy()
    total = np.zeros(axis.inner, np.complex128 if element.kind == "c" else np.float64)
    for block in stream.in_rows(_bytes(dtype, axis, 1), _bytes(dtype, axis, axis.old)):
        yield block
        values = np.frombuffer(block, element).reshape(-1, axis.inner)
        total += _precise(values, dtype).sum(axis=0)
    row = encode(narrow(total / axis.old, dtype), dtype)
    yield from _repeated(row, axis.new - axis.old)


def _repeated(row: memoryview, count: int) -> Iterator[Block]:
    if not len(row):
        return
    at_once = max(1, BLOCK // len(row))
    for start in range(0, count, at_once):
        yield bytes(row) * min(at_once, count - start)


def _rows(dtype: str, old: Content, axis: Axis) -> Iterator[Array]:
    """The old values as ``(some, old, inner)``, a few of the outer places at a time."""
    element = DTYPES[dtype].numpy()
    row = _bytes(dtype, axis, axis.old)
    if not row:
        yield np.zeros((axis.outer, axis.old, axis.inner), element)
        return
    for block in rechunk(old.blocks(), _step(row)):
        yield np.frombuffer(block, element).reshape(-1, axis.old, axis.inner)


def _bytes(dtype: str, axis: Axis, size: int) -> int:
    return size * axis.inner * DTYPES[dtype].numpy().itemsize


def _step(row: int) -> int:
    return max(1, BLOCK // row) * row


def _precise(values: Array, dtype: str) -> Array:
    wide = widen(values, dtype)
    return wide if wide.dtype.kind == "c" else wide.astype(np.float64)
