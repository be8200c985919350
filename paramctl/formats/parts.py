"""The files of a folder filled by several workers, each of which writes some tensors of some files.

The files are there, as long as they will be and poisoned, before the first part is written. A
part is written, synced and read back by the worker that gets it; it may be written twice, by
a worker that was lost and by another one, and is the same bytes both times.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

from paramctl.compute.jobs import cut, elsewhere, map_jobs
from paramctl.compute.traffic import expect
from paramctl.errors import ResourceError
from paramctl.formats.content import Block, Content, Flow, Span
from paramctl.formats.fill import is_begun, put
from paramctl.formats.image import Image, Piece
from paramctl.names import show

_GRAIN = 1 << 25  # bytes: whole elements of every dtype, and whole blocks of every random stream


class Ledger(Protocol):
    """What becomes known while contents are made, such as losses, and is wanted by who asked."""

    def news(self) -> Any:
        """What became known in this process."""

    def hear(self, news: Any) -> None:
        """Take in what became known in another."""


@runtime_checkable
class Divisible(Protocol):
    """A content that can be made from a place in its middle on."""

    def between(self, start: int, stop: int) -> Iterator[Block] | None:
        """The bytes ``[start, stop)``, multiples of a grain or the end; ``None`` if it can't."""


@dataclass(frozen=True)
class Cut:
    """Bytes ``[start, stop)`` of a content."""

    content: Content
    start: int
    stop: int

    @property
    def nbytes(self) -> int:
        """How many there are."""
        return self.stop - self.start

    def span(self) -> Span | Flow | None:
        """Where they lie in a file, if the whole content does."""
        whole = self.content.span()
        if whole is None:
            return None
        return whole._replace(start=whole.start + self.start, stop=whole.start + self.stop)

    def blocks(self) -> Iterator[Block]:
        """The bytes as they are made."""
        assert isinstance(self.content, Divisible), "others are not cut"
        made = self.content.between(self.start, self.stop)
        assert made is not None, "others are not cut"
        return made


class Part(NamedTuple):
    """A tensor, or some bytes of one, and the file that it belongs into.

    Attributes:
        file: the name of the file.
        size: bytes of the whole file.
        piece: what to write, and where.
    """

    file: str
    size: int
    piece: Piece


def fill_by_parts(folder: Path, images: Sequence[Image], ledgers: Sequence[Ledger]) -> None:
    """Have workers put the tensors of some files where they belong.

    Args:
        folder: where the files are, begun.
        ledgers: hear what became known.

    Raises:
        ResourceError: a worker does not see the files, or can't write them.
    """
    total = sum(image.nbytes for image in images)
    expect("write", total)
    workers = elsewhere()
    size = -(-(workers.share(total) if workers else total) // _GRAIN) * _GRAIN
    parts = (part for image in images for part in _parts(image, size))
    work = partial(write_parts, str(folder.absolute()), tuple(ledgers))
    for _, news in map_jobs(work, cut(parts, _weight, total), "write"):
        for ledger, own in zip(ledgers, news, strict=True):
            ledger.hear(own)


def _weight(part: Part) -> int:
    return part.piece.stop - part.piece.start


def _parts(image: Image, size: int) -> Iterator[Part]:
    """The tensors of a file; large ones that allow it are cut."""
    for piece in image.pieces():
        nbytes = piece.stop - piece.start
        if nbytes <= size or not (piece.content.span() or can_be_cut(piece.content)):
            yield Part(image.name, image.nbytes, piece)
            continue
        for start in range(0, nbytes, size):
            stop = min(start + size, nbytes)
            content = Cut(piece.content, start, stop)
            place = Piece(piece.entry, content, piece.start + start, piece.start + stop)
            yield Part(image.name, image.nbytes, place)


def can_be_cut(content: Content) -> bool:
    """Whether bytes in the middle of a content can be made by themselves."""
    return isinstance(content, Divisible) and content.between(0, 0) is not None


def write_parts(folder: str, ledgers: Sequence[Ledger], parts: Iterable[Part]) -> list[Any]:
    """Write some parts, and tell what became known meanwhile."""
    for file, group in groupby(parts, key=lambda part: part.file):
        some = list(group)
        fd = _opened(Path(folder, file), some[0].size)
        try:
            put(fd, [part.piece for part in some])
        finally:
            os.close(fd)
    return [ledger.news() for ledger in ledgers]


def _opened(path: Path, size: int) -> int:
    """A file that another process has begun.

    Raises:
        ResourceError: there is no such file here.
    """
    hint = "the workers need the folder of the output under the same name, and may write there"
    try:
        fd = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        problem = (error.strerror or str(error)).lower()
        raise ResourceError(
            f"a worker can't open what is being written: {problem}", where=_where(path), hint=hint
        ) from None
    if os.fstat(fd).st_size != size or not is_begun(fd):
        os.close(fd)
        raise ResourceError("a worker finds another file here", where=_where(path), hint=hint)
    return fd


def _where(path: Path) -> str:
    import socket

    return f"{show(str(path))} at {socket.gethostname()}:{os.getpid()}"
