"""A checkpoint that is open for reading: its manifest, and the bytes behind every name."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from paramctl.compute.traffic import advance
from paramctl.dtypes import DTYPES
from paramctl.errors import CheckpointError, UsageError
from paramctl.formats.entries import shape_text
from paramctl.formats.header import Header
from paramctl.formats.index import Index
from paramctl.manifest import Manifest
from paramctl.names import show
from paramctl.sources.files import Files
from paramctl.sources.side_files import side_files

if TYPE_CHECKING:
    import numpy as np

BLOCK = 1 << 22
_MOST_AT_ONCE = 1 << 30  # the kernel moves at most 2 GiB a call


@dataclass
class Source:
    """A model's files, read by position and never mapped, so that no file can kill the process.

    Every method that reads may be called from several threads at once.

    Attributes:
        path: MODEL as it was given.
        where: the same, for messages.
        folder: the folder of the model's files; ``None`` for standard input.
        manifest: the tensors and their aliases.
        files: the shards in order, or the one file.
        headers: their headers, in the same order; that of an unreadable shard is empty.
        index, config: the parsed index and ``config.json``, where there are such.
        notes: what a user should be warned of.
        problems: what a lenient opening overlooked.
        unreadable: the shards among it, by their index.
        declared_ties: the (alias, canonical) names that ``config.json`` ties, stored or not.
    """

    path: Path
    where: str
    folder: Path | None
    manifest: Manifest
    files: tuple[Path, ...]
    headers: tuple[Header, ...]
    index: Index | None
    index_path: Path | None
    config: dict[str, Any] | None
    descriptors: Files
    is_directory: bool = False
    notes: list[str] = field(default_factory=list)
    problems: list[CheckpointError] = field(default_factory=list)
    unreadable: dict[int, CheckpointError] = field(default_factory=dict)
    declared_ties: tuple[tuple[str, str], ...] = ()

    def __enter__(self) -> "Source":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def is_sharded(self) -> bool:
        """Whether an index spreads the tensors over files."""
        return self.index is not None

    @property
    def config_path(self) -> Path | None:
        """Where ``config.json`` was read, if it was."""
        return self.folder / "config.json" if self.folder and self.config is not None else None

    def side_files(self) -> list[Path]:
        """The files that belong to the model and are no weights; none for a single file."""
        return side_files(self.folder) if self.folder and self.is_directory else []

    def raw(self, name: str, start: int = 0, stop: int | None = None) -> bytes:
        """The bytes of a tensor, or those from ``start`` to ``stop`` within it."""
        size = self._size(name)
        buffer = bytearray(max(0, (size if stop is None else stop) - start))
        self.read_into(name, buffer, start)
        return bytes(buffer)

    def read_into(self, name: str, buffer: Any, start: int = 0) -> None:
        """Fill a writable buffer with the bytes of a tensor from ``start`` on.

        Raises:
            CheckpointError: the file has become shorter, or can't be read.
            ValueError: the buffer reaches beyond the tensor.
        """
        entry = self.manifest.canonical(name)
        view = memoryview(buffer)
        if start < 0 or start + view.nbytes > entry.stop - entry.start:
            raise ValueError(f"bytes {start} to {start + view.nbytes} are not all inside {name!r}")
        if view.nbytes == 0:
            return
        with self.descriptors.opened(entry.shard) as fd:
            where = f"{show(str(self.files[entry.shard]))}: {show(entry.name)}"
            _fill(fd, view.cast("B"), entry.start + start, where)
        advance("read", view.nbytes)

    def blocks(self, name: str, nbytes: int = BLOCK) -> Iterator[memoryview]:
        """The bytes of a tensor in blocks of ``nbytes``; each is gone when the next one comes."""
        size, position = self._size(name), 0
        buffer = memoryview(bytearray(min(size, nbytes)))
        while position < size:
            block = buffer[: size - position]
            self.read_into(name, block, position)
            yield block
            position += len(block)

    def array(self, name: str) -> "np.ndarray[Any, Any]":
        """The whole tensor in memory of its own, in the format's dtype.

        Raises:
            UsageError: no array can have this dtype or shape.
        """
        import numpy as np

        entry = self.manifest.canonical(name)
        dtype = DTYPES[entry.dtype].numpy()
        content = np.empty(self._size(name), np.uint8)
        self.read_into(name, content)
        try:
            return content.view(dtype).reshape(entry.shape)
        except ValueError:
            raise UsageError(
                f"NumPy can't make an array of shape {shape_text(entry.shape)}", where=show(name)
            ) from None

    def location(self, name: str) -> tuple[int, int, int]:
        """Descriptor, start and stop of a tensor, for kernel copies in one thread.

        Threads use ``opened``: here the descriptor may close once many other shards are read.
        """
        entry = self.manifest.canonical(name)
        return self.descriptors.descriptor(entry.shard), entry.start, entry.stop

    @contextmanager
    def opened(self, name: str) -> Iterator[tuple[int, int, int]]:
        """Descriptor, start and stop of a tensor; the descriptor stays open inside the block."""
        entry = self.manifest.canonical(name)
        with self.descriptors.opened(entry.shard) as fd:
            yield fd, entry.start, entry.stop

    def check_unchanged(self) -> None:
        """Make sure that the files are still those that were opened.

        Raises:
            CheckpointError: one was written to, cut or replaced since.
        """
        self.descriptors.check_unchanged()

    def close(self) -> None:
        """Close every file."""
        self.descriptors.close()

    def __reduce__(self) -> tuple[Any, ...]:
        from paramctl.sources.travel import ticket

        return ticket(self).reopened, ()

    def _size(self, name: str) -> int:
        entry = self.manifest.canonical(name)
        return entry.stop - entry.start


def _fill(fd: int, view: memoryview, position: int, where: str) -> None:
    done = 0
    while done < len(view):
        try:
            count = os.preadv(fd, [view[done : done + _MOST_AT_ONCE]], position + done)
        except OSError as error:
            problem = (error.strerror or str(error)).lower()
            raise CheckpointError(
                f"can't be read at byte {position + done}: {problem}", where=where
            ) from error
        if count == 0:
            raise CheckpointError(
                f"the file ended at byte {position + done}, {len(view) - done} bytes early: it "
                "was cut while it was read",
                where=where,
            )
        done += count
