"""The open files behind a source: few descriptors for many shards, and always the same files."""

import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from paramctl.errors import CheckpointError, ResourceError

_MOST = 64  # descriptors kept open; fewer where the process may have few


@dataclass
class _File:
    """One file: how it is called, how to open it again, what it was when first opened."""

    where: str
    reopen: Callable[[], int] | None
    identity: tuple[int, int, int, int]
    fd: int = -1
    users: int = 0


class Files:
    """Files that are opened when read from and closed when others need their descriptors.

    Reading is positioned, so any number of threads may hold one descriptor.
    """

    def __init__(self) -> None:
        self._files: list[_File] = []
        self._open: OrderedDict[int, None] = OrderedDict()
        self._lock = threading.Lock()
        self._limit = max(2, min(_MOST, os.sysconf("SC_OPEN_MAX") // 4))

    def add(self, where: str, opener: Callable[[], int], *, keep: bool = False) -> int:
        """Open one more file and return its index; ``keep`` says that it can't be opened twice."""
        with self._lock:
            file = _File(where, None, (0, 0, 0, 0))
            self._files.append(file)  # first, so that a file that can't be opened has an index
            file.fd = self._opened(opener)
            file.identity = _identity(file.fd)
            index = len(self._files) - 1
            if not keep:
                file.reopen = opener
                self._open[index] = None
            self._evict(self._limit)
        return index

    def opened(self, index: int) -> "_Use":
        """A block that begins with the descriptor of a file, which stays open inside.

        Raises:
            CheckpointError: it had to be opened again and is another file now.
        """
        return _Use(self, index)

    def _take(self, index: int) -> int:
        file = self._files[index]
        with self._lock:
            fd = self._descriptor(index, file)
            file.users += 1
        return fd

    def _give_back(self, index: int) -> None:
        with self._lock:
            self._files[index].users -= 1

    def descriptor(self, index: int) -> int:
        """The descriptor of a file; it stays open until many other files have been read."""
        with self._lock:
            return self._descriptor(index, self._files[index])

    def check_unchanged(self) -> None:
        """Raise CheckpointError if a file is not what it was when it was first opened."""
        for index, file in enumerate(self._files):
            if file.fd < 0 and file.reopen is None:
                continue
            with self.opened(index) as fd:
                _compare(file, fd)
            if file.reopen is not None:
                fd = file.reopen()
                try:
                    _compare(file, fd)
                finally:
                    os.close(fd)

    def close(self) -> None:
        """Close every descriptor."""
        with self._lock:
            for file in self._files:
                if file.fd >= 0:
                    os.close(file.fd)
                    file.fd = -1
            self._open.clear()

    def _descriptor(self, index: int, file: _File) -> int:
        if file.fd < 0:
            if file.reopen is None:
                raise ValueError(f"{file.where} is not open")
            fd = self._opened(file.reopen)
            try:
                _compare(file, fd)
            except CheckpointError:
                os.close(fd)
                raise
            file.fd = fd
            self._open[index] = None
            self._evict(self._limit)
        if index in self._open:
            self._open.move_to_end(index)
        return file.fd

    def _opened(self, opener: Callable[[], int]) -> int:
        try:
            return opener()
        except ResourceError:
            self._evict(0)
            return opener()

    def _evict(self, limit: int) -> None:
        """Close the files that were read from longest ago, but none that is in use."""
        newest = next(reversed(self._open), None) if limit else None
        for index in list(self._open):
            if len(self._open) <= limit:
                return
            file = self._files[index]
            if file.users == 0 and index != newest:
                os.close(file.fd)
                file.fd = -1
                del self._open[index]


class _Use:
    """A descriptor that stays open inside a block; a class, as every small tensor needs one."""

    __slots__ = ("_files", "_index")

    def __init__(self, files: Files, index: int) -> None:
        self._files = files
        self._index = index

    def __enter__(self) -> int:
        return self._files._take(self._index)

    def __exit__(self, *_: object) -> None:
        self._files._give_back(self._index)


def _identity(fd: int) -> tuple[int, int, int, int]:
    found = os.fstat(fd)
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _compare(file: _File, fd: int) -> None:
    wanted, found = file.identity, _identity(fd)
    if found == wanted:
        return
    if found[:2] != wanted[:2]:
        problem = "it was replaced by another file"
    elif found[2] != wanted[2]:
        problem = f"it was {wanted[2]} bytes and is {found[2]} now"
    else:
        problem = "it was written to"
    raise CheckpointError(f"the file changed while it was read: {problem}", where=file.where)
