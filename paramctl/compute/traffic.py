"""Bytes going by: whoever reads or writes in bulk says so, and whoever cares listens.

Nothing is said to nobody: without a listener a call costs next to nothing. Calls come from any
thread.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, Protocol

Kind = Literal["read", "write"]


class Listener(Protocol):
    """Who wants to know."""

    kind: Kind

    def expect(self, nbytes: int) -> None:
        """So many more bytes will go by."""

    def advance(self, nbytes: int) -> None:
        """So many bytes have gone by."""


_listeners: list[Listener] = []


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Let a listener know of everything that happens inside."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def expect(kind: Kind, nbytes: int) -> None:
    """Say how many more bytes are going to be read, or written."""
    for listener in _listeners:
        if listener.kind == kind:
            listener.expect(nbytes)


def advance(kind: Kind, nbytes: int) -> None:
    """Say that bytes have been read, or written."""
    for listener in _listeners:
        if listener.kind == kind:
            listener.advance(nbytes)
