"""Bytes read from front to back, as many at a time as somebody wants."""

from collections.abc import Iterator

from paramctl.formats.content import BLOCK, Block


class Stream:
    """Blocks as one run of bytes.

    Attributes:
        position: how many bytes have been taken.
    """

    def __init__(self, blocks: Iterator[Block]) -> None:
        self.position = 0
        self._blocks = blocks
        self._rest = memoryview(b"")

    def take(self, nbytes: int) -> Iterator[memoryview]:
        """The next bytes, in blocks that may be overwritten when the next one is asked for."""
        while nbytes > 0:
            if not self._rest:
                self._rest = memoryview(next(self._blocks)).cast("B")
            piece, self._rest = self._rest[:nbytes], self._rest[nbytes:]
            nbytes -= len(piece)
            self.position += len(piece)
            yield piece

    def fill(self, buffer: bytearray | memoryview) -> None:
        """Fill a buffer with the next bytes."""
        place = 0
        for piece in self.take(len(buffer)):
            buffer[place : place + len(piece)] = piece
            place += len(piece)

    def read(self, nbytes: int) -> bytearray:
        """The next bytes in memory of their own."""
        found = bytearray(nbytes)
        self.fill(found)
        return found

    def skip(self, nbytes: int) -> None:
        """Pass over the next bytes."""
        for _ in self.take(nbytes):
            pass

    def in_rows(self, row: int, nbytes: int) -> Iterator[bytearray]:
        """The next bytes in blocks of whole rows, each with memory of its own."""
        at_once = max(1, BLOCK // max(1, row)) * row
        while nbytes > 0:
            yield self.read(min(at_once, nbytes))
            nbytes -= at_once
