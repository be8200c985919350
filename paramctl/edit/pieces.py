"""Bytes that are ranges of other tensors, read as they are written."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from paramctl.edit.content import Stored
from paramctl.edit.stream import Stream
from paramctl.formats.content import BLOCK, Block, Content, Flow, Span


class Piece(NamedTuple):
    """Bytes ``[start, stop)`` of a content."""

    content: Content
    start: int
    stop: int


@dataclass(frozen=True)
class Pieces:
    """Pieces one after the other.

    Attributes:
        nbytes: of all of them.
        ranges: gives them anew at every call.
    """

    nbytes: int
    ranges: Callable[[], Iterator[Piece]]

    def span(self) -> Span | Flow | None:
        """Where the bytes lie, if they are one range of a file."""
        found = list(islice(_joined(self.ranges()), 2))
        whole = found[0].content.span() if len(found) == 1 else None
        if whole is None:
            return None
        start = whole.start + found[0].start
        return whole._replace(start=start, stop=start + self.nbytes)

    def blocks(self) -> Iterator[Block]:
        """The bytes in blocks; a computed tensor is computed anew where its pieces go back."""
        streams: dict[int, Stream] = {}
        buffer = memoryview(bytearray(min(self.nbytes, BLOCK)))
        filled = 0
        for piece in _joined(self.ranges()):
            start = piece.start
            while start < piece.stop:
                count = min(piece.stop - start, len(buffer) - filled)
                _read(piece.content, start, buffer[filled : filled + count], streams)
                start, filled = start + count, filled + count
                if filled == len(buffer):
                    yield buffer
                    filled = 0
        if filled:
            yield buffer[:filled]


def _joined(ranges: Iterator[Piece]) -> Iterator[Piece]:
    """The same bytes with ranges that follow each other made one, empty ones left out."""
    held: Piece | None = None
    for piece in ranges:
        if piece.start == piece.stop:
            continue
        if held and held.content is piece.content and held.stop == piece.start:
            held = held._replace(stop=piece.stop)
            continue
        if held:
            yield held
        held = piece
    if held:
        yield held


def _read(content: Content, start: int, buffer: memoryview, streams: dict[int, Stream]) -> None:
    if isinstance(content, Stored):
        content.source.read_into(content.name, buffer, start)
        return
    stream = streams.get(id(content))
    if stream is None or stream.position > start:
        stream = streams[id(content)] = Stream(content.blocks())
    stream.skip(start - stream.position)
    stream.fill(buffer)
