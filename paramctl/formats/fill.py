"""An image into an open file: poisoned until every byte has been written, synced and read back."""

import errno
import os
import zlib
from collections.abc import Iterator

from paramctl.errors import ResourceError
from paramctl.formats.content import BLOCK, Span
from paramctl.formats.copying import copy_span, read_at, write_at
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
    reserve(fd, image.nbytes)
    write_at(fd, _POISON, 0)
    write_at(fd, image.header[len(_POISON) :], len(_POISON))
    sums = [_write(fd, piece) for piece in image.pieces()]
    os.fsync(fd)
    _verify(fd, image, sums)
    write_at(fd, image.header[: len(_POISON)], 0)
    _ask_library(fd, image)
    os.fsync(fd)


def reserve(fd: int, nbytes: int) -> None:
    """Claim the room for a file before anything is written; quotas and limits count.

    Raises:
        OSError: there is no such room.
    """
    try:
        os.posix_fallocate(fd, 0, nbytes)
    except OSError as error:
        if error.errno not in _NO_RESERVE:
            raise


def _write(fd: int, piece: Piece) -> int | None:
    """Write one tensor; returns its checksum, or ``None`` when the kernel copied it."""
    span = piece.content.span()
    if span is not None:
        copy_span(span, fd, piece.start, where=show(piece.entry.name))
        return None
    position, checksum = piece.start, 0
    for block in piece.content.blocks():
        checksum = zlib.crc32(block, checksum)
        position = write_at(fd, block, position)
    if position != piece.stop:
        raise AssertionError(f"{piece.entry.name}: made {position - piece.start} bytes")
    return checksum


def _verify(fd: int, image: Image, sums: list[int | None]) -> None:
    size = os.fstat(fd).st_size
    header = os.pread(fd, len(image.header), 0)
    if size != image.nbytes or header != _POISON + image.header[len(_POISON) :]:
        raise ResourceError("the header reads back different from what was written")
    for piece, checksum in zip(image.pieces(), sums, strict=True):
        span = piece.content.span()
        written = Span(fd, piece.start, piece.stop)
        name = show(piece.entry.name)
        same = _checksum(written, name) == checksum if span is None else _equal(span, written, name)
        if not same:
            raise ResourceError("its bytes read back different from what was written", where=name)


def _checksum(span: Span, where: str) -> int:
    checksum = 0
    for block in _blocks(span, where):
        checksum = zlib.crc32(block, checksum)
    return checksum


def _equal(one: Span, other: Span, where: str) -> bool:
    pairs = zip(_blocks(one, where), _blocks(other, where), strict=True)
    return all(a == b for a, b in pairs)


def _blocks(span: Span, where: str) -> Iterator[bytearray]:
    """The bytes of a span; the block is overwritten by the next one."""
    buffer, start = bytearray(min(BLOCK, span.stop - span.start)), span.start
    while start < span.stop:
        count = read_at(span.fd, buffer, start, span.stop, where=where)
        yield buffer if count == len(buffer) else buffer[:count]
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
