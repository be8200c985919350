"""A source on its way to another process: the text that opens it there, and what must be found.

Nothing of it is opened before something is read, so that a scheduler which only passes a job
on needs no file. Every process opens a source once per opening here and shares it among its jobs.
"""

import hashlib
import os
import secrets
import socket
import threading
import weakref
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paramctl.errors import CheckpointError, ParamctlError, UsageError
from paramctl.formats.header import Header
from paramctl.names import show
from paramctl.sources.address import shown
from paramctl.sources.source import Source

_MOST = 8  # sources that a process keeps open beyond those in use


@dataclass(frozen=True)
class Ticket:
    """How to open a source again, and how to know it.

    Attributes:
        text: an absolute path, or a URL.
        is_lenient: whether it was opened with what is wrong overlooked.
        files: the files' names in order, as messages have them.
        marks: size and digest of the header of each.
        opening: tells one opening from the next, between which a file may be replaced.
    """

    text: str = field(repr=False)
    is_lenient: bool
    files: tuple[str, ...]
    marks: tuple[tuple[int, bytes], ...]
    opening: str

    def reopened(self) -> "Reopened":
        """A stand-in for the source."""
        return Reopened(self)


class Reopened:
    """What reads like a source, and is opened when something is first asked of it."""

    def __init__(self, ticket: Ticket) -> None:
        self._ticket = ticket
        self._source: Source | None = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # what copies, pickles or inspects must not open files
            raise AttributeError(name)
        if self._source is None:
            self._source = _OPENED.get(self._ticket)
        return getattr(self._source, name)

    def __reduce__(self) -> tuple[Any, ...]:
        return self._ticket.reopened, ()


def ticket(source: Source) -> Ticket:
    """The ticket of an open source.

    Raises:
        UsageError: it came on standard input, which is read once and here.
    """
    known: Ticket | None = source.__dict__.get("_ticket")
    if known is None:
        known = source.__dict__["_ticket"] = _issued(source)
    return known


def _issued(source: Source) -> Ticket:
    text = source.model
    if text == "-":
        raise UsageError(
            "standard input can't be read by other processes",
            hint="name a file that all of them can open",
        )
    return Ticket(
        text if "://" in text else str(Path(text).absolute()),
        bool(source.problems),
        tuple(str(path) for path in source.files),
        tuple(map(_mark, source.headers)),
        secrets.token_hex(8),
    )


def _mark(header: Header) -> tuple[int, bytes]:
    """The size of a file, and a digest of what its header says."""
    found = hashlib.sha256(repr(sorted(header.metadata.items())).encode())
    for entry in header.entries:
        found.update(repr((entry.name, entry.dtype, entry.shape, entry.start, entry.stop)).encode())
    return header.file_size, found.digest()[:16]


class _Opened:
    """The sources that this process has opened for others."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sources: OrderedDict[Ticket, Source] = OrderedDict()

    def get(self, ticket: Ticket) -> Source:
        """The source of a ticket; opened if need be."""
        with self._lock:
            source = self._sources.get(ticket)
            if source is None:
                source = self._sources[ticket] = _open(ticket)
            self._sources.move_to_end(ticket)
            while len(self._sources) > _MOST:
                self._sources.popitem(last=False)  # closed when the last job lets go of it
        return source


_OPENED = _Opened()


def _open(ticket: Ticket) -> Source:
    from paramctl.sources.open import open_source

    where = f"{shown(ticket.text)} at {socket.gethostname()}:{os.getpid()}"
    try:
        source = open_source(ticket.text, lenient=ticket.is_lenient)
    except ParamctlError as error:
        raise CheckpointError(
            f"a worker can't open it: {error}",
            where=where,
            hint="every worker has to find it under this name: on a shared disk, or by its URL",
        ) from None
    weakref.finalize(source, source.place.close)
    marks = tuple(map(_mark, source.headers))
    if marks != ticket.marks:
        raise CheckpointError(
            f"a worker finds another checkpoint there: {_difference(ticket, marks)}",
            where=where,
            hint="give all workers the same files, and run it again",
        )
    return source


def _difference(ticket: Ticket, marks: tuple[tuple[int, bytes], ...]) -> str:
    if len(marks) != len(ticket.marks):
        return f"{len(marks)} files in place of {len(ticket.marks)}"
    for name, wanted, found in zip(ticket.files, ticket.marks, marks, strict=True):
        if wanted[0] != found[0]:
            return f"{show(name)} has {found[0]} bytes, wanted {wanted[0]}"
        if wanted != found:
            return f"{show(name)} is as long, but its header says something else"
    return "nothing"
