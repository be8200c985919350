"""The bytes of a tensor to be written: a span that is copied, or blocks made on the way."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

BLOCK = 1 << 22  # bytes read, made or compared at a time

Block = bytes | bytearray | memoryview


class Span(NamedTuple):
    """Bytes ``[start, stop)`` of an open file."""

    fd: int
    start: int
    stop: int


class Ranged(Protocol):
    """A file of which ranges can be read one after the other."""

    def blocks(self, start: int, stop: int) -> Iterator[Block]:
        """The bytes ``[start, stop)``; a block may be overwritten when the next one comes."""
        ...


class Flow(NamedTuple):
    """Bytes ``[start, stop)`` of a file that no kernel can copy, such as one behind a URL."""

    file: Ranged
    start: int
    stop: int

    def blocks(self) -> Iterator[Block]:
        """The bytes in order."""
        return self.file.blocks(self.start, self.stop)


class Content(Protocol):
    """The bytes of one tensor, which can be asked for more than once."""

    @property
    def nbytes(self) -> int:
        """How many bytes there are."""
        ...

    def span(self) -> Span | Flow | None:
        """Where they lie in a file as they are; ``None`` when they must be made."""
        ...

    def blocks(self) -> Iterator[Block]:
        """All bytes in order; a block may be overwritten when the next one is asked for."""
        ...
