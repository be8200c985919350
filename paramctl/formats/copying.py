"""Bytes from file to file: by the kernel where it can, through one buffer where it can't.

Holes of the source stay holes: their bytes are passed over.
"""

import errno
import os

from paramctl.compute.traffic import advance
from paramctl.errors import CheckpointError
from paramctl.formats.content import BLOCK, Block, Span
from paramctl.formats.holes import ranges

_AT_ONCE = 1 << 28  # bytes per kernel copy, so that a signal is answered soon
_CANNOT = {
    errno.EXDEV,
    errno.EINVAL,
    errno.ENOSYS,
    errno.EOPNOTSUPP,
    errno.EPERM,
    errno.EBADF,
    errno.ETXTBSY,
}


def write_at(fd: int, data: Block, position: int) -> int:
    """Write all of ``data`` at ``position``; returns the position behind it."""
    rest = memoryview(data).cast("B")
    while rest:
        done = os.pwrite(fd, rest, position)
        rest, position = rest[done:], position + done
    return position


def copy_span(span: Span, fd: int, position: int, *, where: str) -> int:
    """Copy a span to ``position`` of another file, which has nothing there yet.

    Returns:
        The position behind it.

    Raises:
        CheckpointError: the file that the span lies in has become shorter.
    """
    for start, stop, is_held in ranges(span.fd, span.start, span.stop):
        if is_held:
            position = _copy_held(Span(span.fd, start, stop), fd, position, where)
        else:
            position += stop - start
            advance("write", stop - start)
    return position


def _copy_held(span: Span, fd: int, position: int, where: str) -> int:
    start = span.start
    while start < span.stop:
        done = _kernel_copy(span.fd, start, span.stop - start, fd, position)
        if not done:
            return _copy_through(Span(span.fd, start, span.stop), fd, position, where)
        start, position = start + done, position + done
        advance("write", done)
    return position


def _kernel_copy(source: int, start: int, count: int, target: int, position: int) -> int:
    try:
        return os.copy_file_range(source, target, min(count, _AT_ONCE), start, position)
    except OSError as error:
        if error.errno in _CANNOT:
            return 0
        raise


def _copy_through(span: Span, fd: int, position: int, where: str) -> int:
    buffer = bytearray(min(BLOCK, span.stop - span.start))
    start = span.start
    while start < span.stop:
        count = read_at(span.fd, buffer, start, span.stop, where=where)
        position = write_at(fd, memoryview(buffer)[:count], position)
        start += count
        advance("write", count)
    return position


def read_at(fd: int, buffer: bytearray, start: int, stop: int, *, where: str) -> int:
    """Fill the buffer from ``[start, stop)`` as far as it goes; returns how many bytes it holds.

    Raises:
        CheckpointError: the file ends before.
    """
    wanted = min(len(buffer), stop - start)
    view, count = memoryview(buffer), 0
    while count < wanted:
        got = os.preadv(fd, [view[count:wanted]], start + count)
        if not got:
            raise CheckpointError(
                f"the file ended at byte {start + count}, before byte {stop}", where=where
            )
        count += got
    return count
