"""Reading tensors piece by piece, and spreading the pieces of many tensors over the workers."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple, Protocol, TypeVar

from paramctl.compute.blocks import scratch, spans
from paramctl.compute.jobs import cut, map_jobs
from paramctl.dtypes import DTYPES
from paramctl.errors import CheckpointError
from paramctl.manifest import Entry

Result = TypeVar("Result")
Span = tuple[int, int]


class Piece(NamedTuple):
    """Elements [start, stop) of a tensor; ``place`` tells it from others of its name."""

    place: int
    entry: Entry
    span: Span


class Readable(Protocol):
    """What figures need of a source: the bytes of a name at a position."""

    def read_into(self, name: str, buffer: Any, start: int = 0) -> None:
        """Fill ``buffer`` from byte ``start`` of the tensor."""


def size_of(entry: Entry) -> int:
    """Number of elements of a stored tensor.

    Raises:
        CheckpointError: a size is unknown.
    """
    if entry.numel is None:
        raise CheckpointError("the shape is not known", where=entry.name)
    return entry.numel


def byte_span(dtype: str, span: Span) -> Span:
    """Where elements lie in their tensor, in bytes."""
    bits = DTYPES[dtype].bits
    return span[0] * bits // 8, span[1] * bits // 8


def read_piece(source: Readable, entry: Entry, span: Span, purpose: str = "piece") -> Any:
    """The bytes of elements [start, stop) of a tensor, in this thread's buffer for ``purpose``."""
    start, stop = byte_span(entry.dtype, span)
    buffer = scratch(purpose, stop - start, "u1")
    if stop > start:
        source.read_into(entry.name, memoryview(buffer), start)
    return buffer


def over_pieces(
    work: Callable[[Sequence[Piece]], list[Result]], entries: Iterable[Entry], total: int = 0
) -> Iterator[tuple[Entry, Iterator[Result]]]:
    """Each entry with the results of its pieces, in order, computed on the workers.

    Consume the results of an entry before the next entry. A tensor without elements has one
    empty piece.

    Args:
        work: the results of some pieces; a module's function, or a ``partial`` of one.
        total: bytes of all entries.
    """
    pieces = (
        Piece(place, entry, span)
        for place, entry in enumerate(entries)
        for span in spans(size_of(entry))
    )
    flat = (
        (piece.place, piece.entry, result)
        for some, results in map_jobs(work, cut(pieces, _weight, total))
        for piece, result in zip(some, results, strict=True)
    )
    for (_, entry), group in groupby(flat, key=lambda result: result[:2]):
        yield entry, (result for _, _, result in group)


def _weight(piece: Piece) -> int:
    return weight_in(piece.entry, piece.span)


def weight_in(entry: Entry, span: Span) -> int:
    """The bytes of some elements of a tensor."""
    start, stop = byte_span(entry.dtype, span)
    return stop - start


def weight_of(entries: Iterable[Entry]) -> int:
    """The bytes of some tensors."""
    return sum(entry.nbytes or 0 for entry in entries)
