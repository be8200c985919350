"""Where a sparse file holds bytes; what lies between are holes, which read as zeros."""

import errno
import os
from collections.abc import Iterator
from typing import NamedTuple

LEAST = 1 << 20  # bytes; a shorter hole is copied like what is around it


class Range(NamedTuple):
    """Bytes ``[start, stop)``, and whether a file holds them or has a hole there."""

    start: int
    stop: int
    is_held: bool


def ranges(fd: int, start: int, stop: int) -> Iterator[Range]:
    """All of ``[start, stop)`` in order, in held ranges and holes that take turns.

    A file without holes, on a file system that knows none, or shorter than ``stop``, is one
    held range.
    """
    position = start
    for low, high in _holes(fd, start, stop):
        if position < low:
            yield Range(position, low, is_held=True)
        yield Range(low, high, is_held=False)
        position = high
    if position < stop:
        yield Range(position, stop, is_held=True)


def _holes(fd: int, start: int, stop: int) -> Iterator[tuple[int, int]]:
    status = os.fstat(fd)
    if 512 * status.st_blocks >= status.st_size or status.st_size < stop:
        return
    position = start
    while position < stop:
        low = min(_seek(fd, position, os.SEEK_HOLE, position), stop)
        high = min(_seek(fd, low, os.SEEK_DATA, stop), stop) if low < stop else stop
        if high - low >= LEAST:
            yield low, high
        position = max(high, low)


def _seek(fd: int, position: int, what: int, otherwise: int) -> int:
    """The next hole or the next byte held; ``otherwise`` where none comes.

    The offset that this moves is nobody's: everything reads and writes at a position.
    """
    try:
        return os.lseek(fd, position, what)
    except OSError as error:
        if error.errno == errno.ENXIO:
            return otherwise
        raise
