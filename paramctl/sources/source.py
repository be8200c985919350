"""A checkpoint that is open for reading: its manifest, and the bytes behind every name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
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
from paramctl.sources.address import Address
from paramctl.sources.config import NAME as CONFIG
from paramctl.sources.runs import run_ends

if TYPE_CHECKING:
    import numpy as np

    from paramctl.formats.content import Flow, Span
    from paramctl.formats.write_folder import SideFile
    from paramctl.sources.place import File, Place

BLOCK = 1 << 22


@dataclass
class Source:
    """A model's files, read by position and never mapped, so that no file can kill the process.

    Every method that reads may be called from several threads at once.

    Attributes:
        path: MODEL as it was given; as text, a URL is without its secrets.
        where: the same, for messages.
        model: what opens it again, in any process that finds it there; never printed.
        place: where the model's files are.
        folder: the same as a path; ``None`` for standard input and for a URL.
        manifest: the tensors and their aliases.
        files: the shards in order, or the one file.
        headers: their headers, in the same order; that of an unreadable shard is empty.
        opened: the open files by their place in ``files``.
        index, config: the parsed index and ``config.json``, where there are such.
        notes: what a user should be warned of.
        problems: what a lenient opening overlooked.
        unreadable: the shards among it, by their index.
        declared_ties: the (alias, canonical) names that ``config.json`` ties, stored or not.
    """

    path: Path | Address
    place: "Place"
    manifest: Manifest
    files: tuple[Path | Address, ...] = ()
    headers: tuple[Header, ...] = ()
    opened: "Mapping[int, File]" = field(default_factory=dict)
    index: Index | None = None
    index_path: Path | Address | None = None
    config: dict[str, Any] | None = None
    folder: Path | None = None
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
    def where(self) -> str:
        """MODEL for messages."""
        return "standard input" if self.model == "-" else show(str(self.path))

    @property
    def model(self) -> str:
        """What ``open_source`` takes, as text; of a URL with its secrets."""
        return self.path.text if isinstance(self.path, Address) else str(self.path)

    @property
    def local_files(self) -> list[Path]:
        """The files that lie on this machine under a name; an index is none of them."""
        return [path for path in self.files if self.folder and isinstance(path, Path)]

    @property
    def config_path(self) -> Path | None:
        """Where on this machine ``config.json`` was read, if it was."""
        return self.folder / CONFIG if self.folder and self.config is not None else None

    def sides(self) -> "tuple[list[SideFile], str]":
        """The files that go where the model goes, and a remark on them or nothing.

        All that are no weights of a model that is a folder, ``config.json`` alone of a file.
        """
        if self.is_directory:
            return self.place.sides()
        return ([] if self.config is None else [self.place.side(CONFIG)]), ""

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
        try:
            until = self._runs.get(entry.name, entry.stop) if self.place.is_remote else 0
            self.opened[entry.shard].read_into(view.cast("B"), entry.start + start, until)
        except CheckpointError as error:
            where = f"{error.where}: {show(entry.name)}"
            raise CheckpointError(error.problem, where=where, hint=error.hint) from None
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

    def span(self, name: str) -> "Span | Flow":
        """The bytes of a tensor for a writer in this thread: to be copied, or streamed."""
        entry = self.manifest.canonical(name)
        return self.opened[entry.shard].span(entry.start, entry.stop)

    def check_unchanged(self) -> None:
        """Make sure that the files are still those that were opened.

        Raises:
            CheckpointError: one was written to, cut or replaced since.
        """
        self.place.check_unchanged()

    def close(self) -> None:
        """Close every file."""
        self.place.close()

    def __reduce__(self) -> tuple[Any, ...]:
        from paramctl.sources.travel import ticket

        return ticket(self).reopened, ()

    @cached_property
    def _runs(self) -> dict[str, int]:
        """How far reading is likely to go on from a small tensor."""
        return run_ends(self.manifest.stored)

    def _size(self, name: str) -> int:
        entry = self.manifest.canonical(name)
        return entry.stop - entry.start
