"""The bytes of a tensor with a longer or shorter axis, block by block."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from paramctl.dtypes import DTYPES
from paramctl.edit.content import encode, rechunk
from paramctl.edit.rounding import narrow, widen
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
    for rows in _rows(dtype, old, axis):
        yield encode(rows[:, : axis.new], dtype)


def grown(dtype: str, old: Content, axis: Axis, fill: Fill) -> Iterator[Block]:
    """The bytes with new places at the end of the axis.

    Args:
        fill: ``mean`` over the old places, in float64, rounded once; ``zeros``; or the bytes
            of the whole new tensor from an element on.
    """
    if not axis.outer * axis.inner:
        return
    if axis.outer == 1:
        yield from _longer(dtype, old, axis, fill)
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


def _longer(dtype: str, old: Content, axis: Axis, fill: Fill) -> Iterator[Block]:
    """A tensor whose first axis is the one: the old bytes, then what is new."""
    if not isinstance(fill, str):
        yield from old.blocks()
        yield from fill(axis.old * axis.inner)
        return
    row = np.zeros(axis.inner, DTYPES[dtype].numpy())
    if fill == ZEROS or not axis.old:
        yield from old.blocks()
    else:
        total = np.zeros(axis.inner, np.complex128 if row.dtype.kind == "c" else np.float64)
        for block in rechunk(old.blocks(), _step(max(1, row.nbytes))):
            yield block
            values = np.frombuffer(block, row.dtype).reshape(-1, axis.inner)
            total += _precise(values, dtype).sum(axis=0)
        row = narrow(total / axis.old, dtype)
    yield from _repeated(encode(row, dtype), axis.new - axis.old)


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
