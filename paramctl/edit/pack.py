"""A checkpoint of arrays from files."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paramctl.columns import Columns
from paramctl.dtypes import DTYPES, dtype_of
from paramctl.edit.content import Made, encode
from paramctl.edit.draft import Draft
from paramctl.edit.part import ArrayFile, forget
from paramctl.edit.plan import EDITS, Edit, Plan, Step, plan
from paramctl.edit.tiles import tiles
from paramctl.errors import UsageError
from paramctl.formats.content import Block
from paramctl.formats.header import Header
from paramctl.manifest import Entry, Manifest
from paramctl.names import show
from paramctl.sources.local import LocalPlace
from paramctl.sources.source import Source

if TYPE_CHECKING:
    import numpy as np


@EDITS.register("pack")
@dataclass(frozen=True)
class Pack(Edit):
    """Add arrays under their names, with the dtypes they have.

    Attributes:
        arrays: name and ``.npy`` file of each.
    """

    is_selective = False

    arrays: tuple[tuple[str, Path], ...]

    def choose(self, manifest: Manifest, step: Step) -> list[Entry]:
        """Nothing: the arrays are new."""
        return []

    def apply(self, draft: Draft, chosen: Sequence[Entry]) -> None:
        """Add them where the safetensors library would put them.

        Raises:
            UsageError: a name twice, or an array that the format has no dtype for.
            InputError: a file is missing or no array.
        """
        for name, path in self.arrays:
            file = ArrayFile(path)
            array = file.array
            dtype = _dtype(array, path)
            size = array.size * DTYPES[dtype].bits // 8
            draft.add(name, dtype, array.shape, Made(size, partial(_blocks, file, dtype)))


def parse_array(text: str) -> tuple[str, Path]:
    """Name and file of ``NAME=FILE.npy``.

    Raises:
        UsageError: there is no ``=``.
    """
    name, equals, path = text.rpartition("=")
    if not equals or not path:
        raise UsageError(f"'{show(text)}' is no NAME=FILE.npy")
    return name, Path(path)


def plan_pack(arrays: Sequence[tuple[str, Path]]) -> Plan:
    """The plan of a new checkpoint of arrays."""
    return plan_new(Step(Pack(tuple(arrays))))


def plan_new(step: Step) -> Plan:
    """The plan of a checkpoint that one step makes from nothing."""
    nothing = Source(
        path=Path("-"),
        place=LocalPlace(Path()),
        manifest=Manifest([]),
        headers=(Header(Columns.of(()), {"format": "pt"}, (), 0, 0),),
    )
    return plan(nothing, [step])


def _dtype(array: "np.ndarray[Any, Any]", path: Path) -> str:
    try:
        return dtype_of(array).name
    except UsageError as error:
        raise UsageError(error.problem, where=show(str(path)), hint=error.hint) from None


def _blocks(file: ArrayFile, dtype: str) -> Iterator[Block]:
    array = file.array
    if array.ndim == 0:
        yield encode(array, dtype)
        return
    for tile in tiles(array.shape, array.itemsize):
        yield encode(array[tile.where], dtype)
        forget(array)
