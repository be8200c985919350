"""Tensors of another shape that hold the same elements: transposed, or only given other sizes."""

from collections.abc import Iterator
from dataclasses import dataclass

from paramctl.dtypes import DTYPES
from paramctl.edit.transpose import Transpose
from paramctl.figures.pieces import Readable
from paramctl.formats.content import BLOCK, Block
from paramctl.manifest import Entry


def same_elements(a: Readable, before: Entry, b: Readable, after: Entry) -> str:
    """``transposed`` or ``the same bytes``, where that is all that happened to a; or nothing."""
    if before.dtype != after.dtype or before.numel != after.numel or not before.numel:
        return ""
    left = _Bytes(a, before)
    if _are_equal(left.blocks(), b, after):
        return "the same bytes"
    return "transposed" if is_transposed(a, before, b, after) else ""


def is_transposed(a: Readable, before: Entry, b: Readable, after: Entry) -> bool:
    """Whether b is a with its last two axes swapped, to the last bit."""
    whole = DTYPES[before.dtype].bits % 8 == 0 and len(before.shape) > 1
    if not whole or before.dtype != after.dtype or Transpose().output(before).shape != after.shape:
        return False
    return _are_equal(Transpose().blocks(before, _Bytes(a, before)), b, after)


@dataclass(frozen=True)
class _Bytes:
    """The bytes of a tensor as a content."""

    source: Readable
    entry: Entry

    @property
    def nbytes(self) -> int:
        return self.entry.nbytes or 0

    def span(self) -> None:
        """They are read, not copied."""
        return

    def blocks(self) -> Iterator[Block]:
        for start in range(0, self.nbytes, BLOCK):
            buffer = bytearray(min(BLOCK, self.nbytes - start))
            self.source.read_into(self.entry.name, buffer, start)
            yield buffer


def _are_equal(blocks: Iterator[Block], b: Readable, after: Entry) -> bool:
    """Whether the bytes of b are those of some blocks; left at the first that are not."""
    position = 0
    for block in blocks:
        theirs = bytearray(len(block))
        b.read_into(after.name, theirs, position)
        if theirs != block:
            return False
        position += len(block)
    return True
