"""A file behind a URL: the same content from first sight on, or an error."""

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from paramctl.names import show
from paramctl.sources.remote.persist import persist
from paramctl.sources.remote.store import PassingError, Store

if TYPE_CHECKING:
    from paramctl.formats.content import Flow
    from paramctl.sources.remote.ahead import Ahead, Crew

HEAD = 96 << 10  # bytes of the first request: 97 of 100 headers are shorter than 100 kB
_BLOCK = 1 << 22


class RemoteFile:
    """Ranges of one file, each checked to be of the content that was first seen."""

    def __init__(self, store: Store, name: str, crew: "Crew", closed: threading.Event) -> None:
        """Ask for the beginning, which tells how long it is and what it is called.

        Raises:
            MissingError: there is no such file.
            CheckpointError: it can't be read.
        """
        self.where = show(str(store.at(name)))
        self._store, self._name, self._closed, self._crew = store, name, closed, crew
        self._head, self.version = persist(lambda: store.first(name, HEAD), self.where, closed)
        self._ahead: Ahead | None = None
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """Bytes of the whole file."""
        return self.version.size

    def read(self, start: int, stop: int) -> bytes:
        """The bytes ``[start, stop)``, or as many of them as there are."""
        stop = min(stop, self.size)
        if stop <= len(self._head):
            return self._head[start:stop]
        data = bytearray(max(0, stop - start))
        self.read_into(memoryview(data), start)
        return bytes(data)

    def read_into(self, view: memoryview, position: int, until: int = 0) -> None:
        """Fill the view with the bytes from ``position`` on.

        Raises:
            CheckpointError: the file is another one now, or can't be read.
        """
        known = self._head[position : position + len(view)]
        view[: len(known)] = known
        view, position = view[len(known) :], position + len(known)
        if len(view):
            self._reader().read_into(view, position, until)

    def blocks(self, start: int, stop: int) -> Iterator[memoryview]:
        """The bytes ``[start, stop)``, fetched ahead; a block is gone when the next one comes."""
        buffer = memoryview(bytearray(min(_BLOCK, stop - start)))
        while start < stop:
            block = buffer[: stop - start]
            self.read_into(block, start, stop)
            yield block
            start += len(block)

    def span(self, start: int, stop: int) -> "Flow":
        """The bytes ``[start, stop)`` as a stream."""
        from paramctl.formats.content import Flow

        return Flow(self, start, stop)

    def _reader(self) -> "Ahead":
        from paramctl.sources.remote.ahead import Ahead

        with self._lock:
            if self._ahead is None:
                self._ahead = Ahead(self._crew, self._fetch, self.size)
            return self._ahead

    def _fetch(self, view: memoryview, position: int) -> None:
        """Fill the view, going on where a try broke off."""
        done = 0

        def attempt() -> None:
            nonlocal done
            try:
                self._store.fill(self._name, view[done:], position + done, self.version)
            except PassingError as error:
                done += error.done
                raise

        persist(attempt, self.where, self._closed)
