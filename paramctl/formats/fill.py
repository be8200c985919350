"""An image into an open file: poisoned until every byte has been written, synced and read back."""

import errno
import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from paramctl.compute.traffic import advance, expect
from paramctl.errors import ResourceError
from paramctl.formats.content import BLOCK, Content, Flow, Span
from paramctl.formats.copying import copy_span, read_at, write_at
from paramctl.formats.holes import ranges
from paramctl.formats.image import Image, Piece
from paramctl.names import show

_POISON = b"\xff" * 8  # a length that every reader refuses
_NO_RESERVE = {errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS, errno.ENODEV}


def fill(fd: int, image: Image) -> None:
    """Make the open, empty file what the image says, and sure that the disk holds it.

    Raises:
        ResourceError: no room, or what is read back is not what was written.
        CheckpointError: an input became shorter.
    """
    pieces = list(image.pieces())
    begin(fd, image)
    # Written once, then read back; what was copied is read back beside its original.
    expect("write", sum((x.stop - x.start) * (3 if x.span else 2) for x in stretches(pieces)))
    put(fd, pieces)
    finish(fd, image)


def begin(fd: int, image: Image) -> None:
    """Claim the room for an image and write its header, poisoned.

    Raises:
        OSError: there is no such room.
    """
    reserve(fd, image.nbytes, _needed(image))
    write_at(fd, _POISON, 0)
    write_at(fd, image.header[len(_POISON) :], len(_POISON))


def is_begun(fd: int) -> bool:
    """Whether a file has been begun and not finished."""
    return os.pread(fd, len(_POISON), 0) == _POISON


def put(fd: int, pieces: Sequence[Piece]) -> None:
    """Write tensors where they belong, and make sure that the disk holds them.

    Raises:
        ResourceError: what is read back is not what was written.
        CheckpointError: an input became shorter.
    """
    sums = [_write(fd, stretch) for stretch in stretches(pieces)]
    os.fsync(fd)
    _verify(fd, pieces, sums)


def finish(fd: int, image: Image) -> None:
    """Make a checkpoint of a file in which every tensor has been put.

    Raises:
        ResourceError: its header reads back different from what was written.
    """
    header = os.pread(fd, len(image.header), 0)
    size = os.fstat(fd).st_size
    if size != image.nbytes or header != _POISON + image.header[len(_POISON) :]:
        raise ResourceError("the header reads back different from what was written")
    write_at(fd, image.header[: len(_POISON)], 0)
    _ask_library(fd, image)
    os.fsync(fd)


def reserve(fd: int, nbytes: int, needed: Iterable[tuple[int, int]] | None = None) -> None:
    """Claim the room for a file before anything is written; quotas and limits count.

    Args:
        nbytes: how long it will be.
        needed: the parts of it that take room, in order; all of it by default.

    Raises:
        OSError: there is no such room.
    """
    os.ftruncate(fd, nbytes)
    try:
        for start, stop in _joined(((0, nbytes),) if needed is None else needed):
            os.posix_fallocate(fd, start, stop - start)
    except OSError as error:
        if error.errno not in _NO_RESERVE:
            raise


def _needed(image: Image) -> Iterator[tuple[int, int]]:
    """The parts of a file that are no holes: what is made, and what a copied file holds."""
    yield 0, len(image.header)
    for stretch in stretches(image.pieces()):
        span, start = stretch.span, stretch.start
        if span is None:
            yield start, stretch.stop
            continue
        for part in ranges(span.fd, span.start, span.stop):
            if part.is_held:
                yield part.start - span.start + start, part.stop - span.start + start


def _joined(parts: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The same parts, empty ones left out and neighbours made one."""
    held = (0, 0)
    for start, stop in parts:
        if start == held[1]:
            held = held[0], stop
        elif start < stop:
            if held[0] < held[1]:
                yield held
            held = start, stop
    if held[0] < held[1]:
        yield held


class Stretch(NamedTuple):
    """Bytes ``[start, stop)`` of the file that are made, or come from one place, as a whole.

    Attributes:
        name: of its first tensor.
        made: what gives the bytes, block by block; ``None`` where the kernel copies them.
        span: from where it does.
    """

    name: str
    made: Content | Flow | None
    span: Span | None
    start: int
    stop: int

    def joined(self, found: Span | Flow | None, stop: int) -> "Stretch | None":
        """This and what follows, up to ``stop``, if that lies right behind it at its origin."""
        own = self.span or (self.made if isinstance(self.made, Flow) else None)
        if own is None or found is None or own[0] != found[0] or own.stop != found.start:
            return None
        if isinstance(own, Span):
            return self._replace(span=own._replace(stop=found.stop), stop=stop)
        return self._replace(made=own._replace(stop=found.stop), stop=stop)


def stretches(pieces: Iterable[Piece]) -> Iterator[Stretch]:
    """The tensors in order; neighbours that come from neighbours come as one."""
    held: Stretch | None = None
    for entry, content, start, stop in pieces:
        found = content.span()
        both = held.joined(found, stop) if held else None
        if both is None:
            if held:
                yield held
            span = found if isinstance(found, Span) else None
            made = found if isinstance(found, Flow) else None if span else content
            both = Stretch(entry.name, made, span, start, stop)
        held = both
    if held:
        yield held


def _write(fd: int, stretch: Stretch) -> int | None:
    """Write a stretch; returns its checksum, or ``None`` when the kernel copied it."""
    if stretch.span is not None:
        copy_span(stretch.span, fd, stretch.start, where=show(stretch.name))
        return None
    assert stretch.made is not None, "what is not copied is made"
    position, checksum = stretch.start, 0
    for block in stretch.made.blocks():
        checksum = zlib.crc32(block, checksum)
        position = write_at(fd, block, position)
        advance("write", memoryview(block).nbytes)
    if position != stretch.stop:
        raise AssertionError(f"{stretch.name}: made {position - stretch.start} bytes")
    return checksum


def _verify(fd: int, pieces: Sequence[Piece], sums: list[int | None]) -> None:
    for stretch, checksum in zip(stretches(pieces), sums, strict=True):
        written = Span(fd, stretch.start, stretch.stop)
        name = show(stretch.name)
        if stretch.span is None:
            is_same = _checksum(written, name) == checksum
        else:
            is_same = _equal(stretch.span, written, name)
        if not is_same:
            raise ResourceError("its bytes read back different from what was written", where=name)


def _checksum(span: Span, where: str) -> int:
    checksum = 0
    for block in _blocks(span, where):
        checksum = zlib.crc32(block, checksum)
    return checksum


def _equal(one: Span, other: Span, where: str) -> bool:
    """Whether a copy has the bytes of its original; what is a hole in both is zeros in both."""
    start = one.start
    for begin, end, is_held in ranges(other.fd, other.start, other.stop):
        original = Span(one.fd, start, start + end - begin)
        start = original.stop
        if not is_held and not any(part.is_held for part in ranges(*original)):
            advance("write", 2 * (end - begin))
            continue
        copied = _blocks(Span(other.fd, begin, end), where)
        pairs = zip(_blocks(original, where), copied, strict=True)
        if not all(a == b for a, b in pairs):
            return False
    return True


def _blocks(span: Span, where: str) -> Iterator[bytearray]:
    """The bytes of a span; the block is overwritten by the next one."""
    buffer, start = bytearray(min(BLOCK, span.stop - span.start)), span.start
    while start < span.stop:
        count = read_at(span.fd, buffer, start, span.stop, where=where)
        yield buffer if count == len(buffer) else buffer[:count]
        advance("write", count)
        start += count


def _ask_library(fd: int, image: Image) -> None:
    """Have the safetensors library open the file; it must agree on the names."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(f"/proc/self/fd/{fd}", framework="np") as file:
            names = set(file.keys())
    except SafetensorError as error:
        if "unknown variant" in str(error):
            return  # a release of the library that doesn't know a dtype yet
        raise AssertionError(f"the safetensors library refuses what was written: {error}") from None
    if names != {entry.name for entry in image.entries}:
        raise AssertionError("the safetensors library finds other names than were written")
