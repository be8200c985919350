"""The bytes of a weight with its adapter merged, row by row."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from paramctl.dtypes import DTYPES
from paramctl.edit.adapter import Pair
from paramctl.edit.content import encode
from paramctl.edit.rounding import narrow, widen
from paramctl.edit.stream import Stream
from paramctl.errors import FoundError
from paramctl.formats.content import Block, Content
from paramctl.manifest import Entry
from paramctl.names import show
from paramctl.sources.source import Source

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Merged:
    """``W + scale * left @ right`` in float32 (float64 for wider weights), rounded once.

    DoRA scales every output to its length. Where outputs are columns, the old bytes are read
    twice: once for the lengths.

    Attributes:
        adapter: where the factors are.
        pair: the factors.
        entry: the weight; seen as a matrix, its first axis by all others.
        old: its bytes.
        flipped: whether the weight is stored as ``(in, out)``.
    """

    adapter: Source
    pair: Pair
    entry: Entry
    old: Content
    flipped: bool

    def blocks(self) -> Iterator[Block]:
        """The new bytes."""
        if self.pair.magnitude is None:
            for values in self._sums():
                yield self._encoded(values)
            return
        lengths = _array(self.adapter, self.pair.magnitude).reshape(-1)
        if not self.flipped:
            start = 0
            for values in self._sums():
                target = lengths[start : start + len(values)]
                start += len(values)
                yield self._encoded(values * self._factor(target, _squares(values, 1))[:, None])
            return
        squares = np.zeros(self.width)
        for values in self._sums():
            squares += _squares(values, 0)
        factor = self._factor(lengths, squares)
        for values in self._sums():
            yield self._encoded(values * factor)

    @property
    def width(self) -> int:
        """Columns of the weight seen as a matrix."""
        return (self.entry.numel or 0) // max(1, self.entry.shape[0] or 0)

    @cached_property
    def _factors(self) -> tuple[Array, Array]:
        """Two matrices whose product is the change as the weight is stored, without its scale."""
        a, b = _array(self.adapter, self.pair.a), _array(self.adapter, self.pair.b)
        a, b = a.reshape(len(a), -1), b.reshape(len(b), -1)
        return (a.T, b.T) if self.flipped else (b, a)

    def _sums(self) -> Iterator[Array]:
        """Weight and change together, some rows at a time."""
        left, right = self._factors
        element = DTYPES[self.entry.dtype].numpy()
        start = 0
        stream = Stream(self.old.blocks())
        for block in stream.in_rows(self.width * element.itemsize, self.old.nbytes):
            values = widen(np.frombuffer(block, element).reshape(-1, self.width), self.entry.dtype)
            product = left[start : start + len(values)] @ right
            start += len(values)
            product *= product.dtype.type(self.pair.scale)
            yield values + product

    def _factor(self, lengths: Array, squares: Array) -> Array:
        """What brings outputs to their lengths.

        Raises:
            FoundError: an output has no direction.
        """
        if not squares.all():
            raise FoundError(
                "an output is all zeros, so DoRA can't scale it", where=show(self.entry.name)
            )
        return (lengths / np.sqrt(squares)).astype(np.float32)

    def _encoded(self, values: Array) -> Block:
        return encode(narrow(values, self.entry.dtype), self.entry.dtype)


@dataclass(frozen=True)
class Shifted:
    """``bias + scale * change``, computed like a weight."""

    adapter: Source
    pair: Pair
    entry: Entry
    old: Content

    def blocks(self) -> Iterator[Block]:
        """The new bytes."""
        assert self.pair.bias is not None, "there is a change"
        element = DTYPES[self.entry.dtype].numpy()
        values = widen(np.frombuffer(b"".join(self.old.blocks()), element), self.entry.dtype)
        change = _array(self.adapter, self.pair.bias) * np.float32(self.pair.scale)
        yield encode(narrow(values + change, self.entry.dtype), self.entry.dtype)


def _array(adapter: Source, entry: Entry) -> Array:
    return adapter.array(entry.name).astype(np.float32)


def _squares(values: Array, axis: int) -> Array:
    squares: Array = np.square(values, dtype=np.float64)
    return np.asarray(squares.sum(axis=axis))
