"""A place with files of which ranges can be read: a folder of this machine, or one elsewhere."""

from pathlib import Path
from typing import Protocol

from paramctl.formats.content import Flow, Span
from paramctl.formats.write_folder import SideFile
from paramctl.sources.address import Address


class File(Protocol):
    """An open file; every method may be called from several threads at once.

    It is the same content from its opening on, or every reading of it fails.
    """

    @property
    def where(self) -> str:
        """What it is called in messages."""
        ...

    @property
    def size(self) -> int:
        """Bytes of the whole file."""
        ...

    def read(self, start: int, stop: int) -> bytes:
        """The bytes ``[start, stop)``, or as many of them as there are."""
        ...

    def read_into(self, view: memoryview, position: int, until: int = 0) -> None:
        """Fill the view with the bytes from ``position`` on.

        Args:
            until: how far reading is likely to go on; what lies before may be fetched ahead.

        Raises:
            CheckpointError: the file is another one now, or can't be read.
        """
        ...

    def span(self, start: int, stop: int) -> Span | Flow:
        """The bytes ``[start, stop)`` for a writer."""
        ...


class Place(Protocol):
    """A folder with files.

    Attributes:
        is_remote: whether reading means asking another machine.
    """

    is_remote: bool

    @property
    def where(self) -> str:
        """What it is called in messages."""
        ...

    def at(self, name: str) -> Path | Address:
        """What a file of this name is called."""
        ...

    def names(self) -> list[str] | None:
        """The files in it in natural order, but for hidden ones; ``None`` where nobody can tell.

        Raises:
            CheckpointError: it can't be listed.
        """
        ...

    def open(self, name: str, *, is_named: bool = False) -> File:
        """Open a file.

        Args:
            is_named: whether the user named this very file.

        Raises:
            MissingError: there is none of that name.
            CheckpointError: it can't be read.
        """
        ...

    def read_whole(self, name: str, most: int, *, is_named: bool = False) -> bytes:
        """The content of a small file.

        Raises:
            MissingError: there is none of that name.
            CheckpointError: it can't be read, or has more than ``most`` bytes.
        """
        ...

    def sides(self) -> tuple[list[SideFile], str]:
        """The files that belong to a model and are no weights, and a remark on them or nothing."""
        ...

    def side(self, name: str) -> SideFile:
        """One of them, by its path below the folder."""
        ...

    def check_unchanged(self) -> None:
        """Make sure that the files are still those that were opened.

        Raises:
            CheckpointError: one is not.
        """
        ...

    def close(self) -> None:
        """Close every file."""
        ...
