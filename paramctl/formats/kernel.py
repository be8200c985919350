"""Linux calls that Python doesn't offer, and moments in which no signal may come between."""

import contextlib
import ctypes
import errno
import os
import signal
from collections.abc import Iterator

_NO_REPLACE = 1
_EXCHANGE = 2
_UNSUPPORTED = {errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP}
_SIGNALS = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


class UnsupportedError(OSError):
    """The file system or the kernel has no such call."""


def rename_new(folder: int, old: str, new: str) -> None:
    """Rename within a folder, to a name that is free.

    Raises:
        FileExistsError: the name is taken.
        UnsupportedError: the file system can't promise that.
    """
    _rename(folder, old, new, _NO_REPLACE)


def exchange(folder: int, one: str, other: str) -> None:
    """Swap two names of a folder in one step.

    Raises:
        UnsupportedError: the file system can't.
    """
    _rename(folder, one, other, _EXCHANGE)


def _rename(folder: int, old: str, new: str, flags: int) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "renameat2"):
        raise UnsupportedError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    done = library.renameat2(folder, os.fsencode(old), folder, os.fsencode(new), flags)
    if done != 0:
        code = ctypes.get_errno()
        kind = UnsupportedError if code in _UNSUPPORTED else OSError
        raise kind(code, os.strerror(code), new)


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Hold back the signals that end a process until the block is left."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
