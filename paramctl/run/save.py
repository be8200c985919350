"""Arrays into a new safetensors file, through the same protocol as every other write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paramctl.dtypes import WRITE_ORDER
from paramctl.errors import UsageError
from paramctl.formats.destination import Destination, choose_destination, identity
from paramctl.formats.image import Image
from paramctl.formats.write_file import write_file
from paramctl.names import show
from paramctl.run.held import HeldArray


@dataclass(frozen=True)
class _Content:
    """The bytes of a held array."""

    held: HeldArray

    @property
    def nbytes(self) -> int:
        return self.held.nbytes

    def span(self) -> None:
        return

    def blocks(self) -> Iterator[memoryview]:
        yield self.held.content


def destination(path: Path, inputs: Iterable[Path], *, force: bool = False) -> Destination:
    """The place for a file of arrays, chosen before anything is computed.

    Args:
        inputs: files that must not be replaced.

    Raises:
        UsageError: it exists already, is an input, or has no name of a safetensors file.
        ResourceError: its folder can't be written.
    """
    if path.suffix != ".safetensors":
        raise UsageError(
            "the file to save to ends in .safetensors",
            where=show(str(path)),
            hint=f"write {show(str(path.with_suffix('.safetensors')))}",
        )
    own = {identity(file.stat()) for file in inputs if file.is_file()}
    return choose_destination(path, inputs=own, folders=[], force=force)


def save(place: Destination, arrays: Mapping[str, Any]) -> None:
    """Write arrays by name, whole or not at all, in the order of the safetensors library.

    Raises:
        ResourceError: the disk is full or fails.
    """
    held = [HeldArray(name, array) for name, array in arrays.items()]
    held.sort(key=lambda one: (WRITE_ORDER[one.entry.dtype], one.entry.name))
    entries = tuple(one.entry for one in held)
    image = Image(place.path.name, entries, tuple(_Content(one) for one in held))
    write_file(place, image, lambda: None)
