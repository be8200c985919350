"""A folder of this machine: files that are opened when read from, side files and all."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from paramctl.errors import CheckpointError
from paramctl.formats.content import Span
from paramctl.formats.descriptor import Descriptor
from paramctl.names import natural_order, show
from paramctl.sources.files import Files
from paramctl.sources.paths import open_given, open_inside
from paramctl.sources.side_files import side_files
from paramctl.sources.spool import spool

if TYPE_CHECKING:
    from paramctl.formats.write_folder import SideFile


@dataclass(frozen=True)
class LocalFile:
    """A file that may be closed and opened again between two readings.

    Attributes:
        size: bytes when it was first opened.
    """

    files: Files
    index: int
    where: str
    size: int

    @contextmanager
    def opened(self) -> Iterator[Descriptor]:
        """Its descriptor, which stays open inside the block."""
        with self.files.opened(self.index) as fd:
            yield Descriptor(fd, self.where)

    def read(self, start: int, stop: int) -> bytes:
        """The bytes ``[start, stop)``, or as many of them as there are."""
        with self.opened() as file:
            return file.read(start, stop)

    def read_into(self, view: memoryview, position: int, until: int = 0) -> None:
        """Fill the view with the bytes from ``position`` on; the kernel reads ahead by itself.

        Raises:
            CheckpointError: the file has become shorter, or can't be read.
        """
        with self.files.opened(self.index) as fd:
            Descriptor(fd, self.where).read_into(view, position)

    def span(self, start: int, stop: int) -> Span:
        """The bytes for the kernel to copy, in one thread: it may close when others are read."""
        return Span(self.files.descriptor(self.index), start, stop)


class LocalPlace:
    """A folder of this machine, or standard input alone."""

    is_remote = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files = Files()

    @property
    def where(self) -> str:
        """What it is called in messages."""
        return show(str(self.folder))

    def at(self, name: str) -> Path:
        """The path of a file."""
        return self.folder / name

    def names(self) -> list[str]:
        """What may be checkpoints: no folders, nothing behind a dot.

        Raises:
            CheckpointError: the folder can't be listed.
        """
        try:
            paths = [p for p in self.folder.iterdir() if p.name[0] != "." and not p.is_dir()]
            return natural_order(path.name for path in paths)
        except OSError as error:
            problem = (error.strerror or str(error)).lower()
            raise CheckpointError(f"can't be listed: {problem}", where=self.where) from None

    def open(self, name: str, *, is_named: bool = False) -> LocalFile:
        """Open a regular file; one that the user named may be a link to anywhere.

        Raises:
            MissingError: there is none of that name.
            CheckpointError: it can't be opened, or leads out of the folder.
        """
        where = show(str(self.at(name)))
        return self._file(self._files.add(where, self._opener(name, is_named)), where)

    def spooled(self) -> LocalFile:
        """Standard input as a file.

        Raises:
            CheckpointError: it is closed or a terminal.
        """
        where = "standard input"
        return self._file(self._files.add(where, spool, keep=True), where)

    def read_whole(self, name: str, most: int, *, is_named: bool = False) -> bytes:
        """The content of a small file, which is closed again.

        Raises:
            MissingError: there is none of that name.
            CheckpointError: it can't be read, or has more than ``most`` bytes.
        """
        with open(self._opener(name, is_named)(), "rb") as stream:
            file = Descriptor(stream.fileno(), show(str(self.at(name))))
            refuse_larger(file.size, most, file.where)
            return file.read(0, most)

    def sides(self) -> "tuple[list[SideFile], str]":
        """Regular files below the folder that are no weights, to be copied by the kernel."""
        paths = side_files(self.folder)
        return [self.side(str(path.relative_to(self.folder))) for path in paths], ""

    def side(self, name: str) -> "SideFile":
        """One of them, by its path below the folder."""
        from paramctl.formats.write_folder import SideFile

        path = self.folder / name
        return SideFile(name, path, path.stat().st_mode & 0o777)

    def check_unchanged(self) -> None:
        """Raise CheckpointError if a file is not what it was when it was first opened."""
        self._files.check_unchanged()

    def close(self) -> None:
        """Close every descriptor."""
        self._files.close()

    def _opener(self, name: str, is_named: bool) -> functools.partial[int]:
        if is_named:
            return functools.partial(open_given, self.at(name))
        return functools.partial(open_inside, self.folder, name)

    def _file(self, index: int, where: str) -> LocalFile:
        with self._files.opened(index) as fd:
            return LocalFile(self._files, index, where, Descriptor(fd, where).size)


def refuse_larger(size: int, most: int, where: str) -> None:
    """Refuse a file that is too large to be held.

    Raises:
        CheckpointError: it is.
    """
    if size > most:
        raise CheckpointError(
            f"a file of {size} bytes is refused, the limit is {most}", where=where
        )
