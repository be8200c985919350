"""A folder behind a URL."""

import threading
from typing import TYPE_CHECKING

from paramctl.errors import CheckpointError, MissingError
from paramctl.formats.folder import is_weights
from paramctl.names import natural_order, show
from paramctl.sources.address import Address
from paramctl.sources.local import refuse_larger
from paramctl.sources.remote.ahead import Crew
from paramctl.sources.remote.file import RemoteFile
from paramctl.sources.remote.persist import persist
from paramctl.sources.remote.store import Store

if TYPE_CHECKING:
    from paramctl.formats.write_folder import SideFile

# What lies beside the weights of most models; where nothing can be listed, these are asked for.
WELL_KNOWN = (
    "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json",
    "tokenizer.model", "special_tokens_map.json", "added_tokens.json", "vocab.json", "vocab.txt",
    "merges.txt", "spiece.model", "preprocessor_config.json", "processor_config.json",
    "chat_template.jinja", "adapter_config.json", "modules.json", "1_Pooling/config.json",
    "sentence_bert_config.json", "config_sentence_transformers.json", "README.md",
)  # fmt: skip


class RemotePlace:
    """The files below an address, opened once each and the same from then on."""

    is_remote = True

    def __init__(self, folder: Address, store: Store) -> None:
        self.folder = folder
        self._store = store
        self._crew = Crew()
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._files: dict[str, RemoteFile] = {}
        self._listed: list[str] | None = None

    @property
    def where(self) -> str:
        """What it is called in messages."""
        return show(str(self.folder))

    def at(self, name: str) -> Address:
        """The address of a file."""
        return self._store.at(name)

    def names(self) -> list[str] | None:
        """The files in it in natural order, but for hidden ones; ``None`` where nobody can tell.

        Raises:
            CheckpointError: it can't be listed.
        """
        found = self._list()
        if found is None:
            return None
        return natural_order(name for name in found if "/" not in name and name[0] != ".")

    def open(self, name: str, *, is_named: bool = False) -> RemoteFile:
        """Open a file, or give the one that is open already.

        Raises:
            MissingError: there is none of that name.
            CheckpointError: it can't be read.
        """
        if not is_named and self._listed is not None and name not in self._listed:
            raise MissingError("no such file", where=show(str(self.at(name))))
        with self._lock:
            file = self._files.get(name)
        if file is None:
            file = RemoteFile(self._store, name, self._crew, self._closed)
            with self._lock:
                file = self._files.setdefault(name, file)
        return file

    def read_whole(self, name: str, most: int, *, is_named: bool = False) -> bytes:
        """The content of a small file.

        Raises:
            MissingError: there is none of that name.
            CheckpointError: it can't be read, or has more than ``most`` bytes.
        """
        file = self.open(name, is_named=is_named)
        refuse_larger(file.size, most, file.where)
        return file.read(0, file.size)

    def sides(self) -> "tuple[list[SideFile], str]":
        """The files that are no weights; where nothing can be listed, those of well-known names."""
        found = self._list()
        if found is None:
            return self._well_known()
        names = [
            name
            for name in sorted(found)
            if not is_weights(name) and not any(part.startswith(".") for part in name.split("/"))
        ]
        return self._sides(names), ""

    def side(self, name: str) -> "SideFile":
        """One of them, as a stream.

        Raises:
            MissingError: there is none of that name.
        """
        from paramctl.formats.write_folder import SideFile

        file = self.open(name)
        return SideFile(name, file.span(0, file.size))

    def check_unchanged(self) -> None:
        """Nothing is left to do: every single answer was compared with the first one."""

    def close(self) -> None:
        """Close every connection; whoever waits for bytes gets an error."""
        self._closed.set()
        self._crew.close()
        self._store.close()

    def _list(self) -> list[str] | None:
        if self._listed is None:
            self._listed = persist(self._store.names, self.where, self._closed)
        return self._listed

    def _sides(self, names: list[str]) -> "list[SideFile]":
        from paramctl.compute.pool import map_ordered

        return list(map_ordered(self.side, names, workers=8))

    def _well_known(self) -> "tuple[list[SideFile], str]":
        from paramctl.compute.pool import map_ordered

        found = [side for side in map_ordered(self._try, WELL_KNOWN, workers=8) if side]
        names = ", ".join(side.name for side in found) or "none"
        return found, (
            f"a folder can't be listed over http: of {len(WELL_KNOWN)} usual side files these were "
            f"there and come along: {names}"
        )

    def _try(self, name: str) -> "SideFile | None":
        try:
            return self.side(name)
        except MissingError:
            return None
        except CheckpointError:
            if name == "config.json":
                raise
            return None
