"""The bytes of a tensor to be written: a span that the kernel copies, or blocks made on the way."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

BLOCK = 1 << 22  # bytes read, made or compared at a time

Block = bytes | bytearray | memoryview


class Span(NamedTuple):
    """Bytes ``[start, stop)`` of an open file."""

    fd: int
    start: int
    stop: int


class Content(Protocol):
    """The bytes of one tensor, which can be asked for more than once."""

    @property
    def nbytes(self) -> int:
        """How many bytes there are."""
        ...

    def span(self) -> Span | None:
        """Where they lie in an open file as they are; ``None`` when they must be made."""
        ...

    def blocks(self) -> Iterator[Block]:
        """All bytes in order; a block may be overwritten when the next one is asked for."""
        ...
