"""New values for a part of a tensor, made block by block while the tensor is written."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from paramctl.dtypes import DTYPES
from paramctl.edit.content import Made, arrays, encode
from paramctl.edit.draft import Draft
from paramctl.edit.position import Part, Position, rows
from paramctl.edit.stream import Stream
from paramctl.edit.tiles import Tile, tiles
from paramctl.errors import InputError, UsageError
from paramctl.expression.parse import Code, parse
from paramctl.expression.place import argument
from paramctl.formats.content import Block, Content
from paramctl.manifest import Entry
from paramctl.names import show

if TYPE_CHECKING:
    from typing import Any

    import numpy as np

    Array = np.ndarray[Any, Any]

Where = tuple[Part, ...]


@dataclass(frozen=True)
class Values:
    """Where new values come from.

    Attributes:
        new: old values, their dtype and where on the first axes of the part they are, to new
            values of that dtype.
        shape: of all of them; ``None`` where any shape will do.
    """

    new: "Callable[[Array, str, Where], Array]"
    shape: tuple[int, ...] | None = None


def computed(expression: str) -> Values:
    """Values of an expression over the old ones, ``x``, element by element.

    Raises:
        UsageError: it can't be read, or mixes elements.
    """
    import numpy as np

    from paramctl.expression.numeric import evaluate_numbers

    code = parse(expression, argument(), "script")
    if any(isinstance(node, ast.MatMult) for tree in _trees(code) for node in ast.walk(tree)):
        raise UsageError("values are set element by element: there is no @")
    evaluate_numbers(code, {"x": np.ones(1)})  # finds names and functions that there aren't

    return Values(partial(_evaluated, code))


def _evaluated(code: Code, old: "Array", dtype: str, where: Where) -> "Array":
    import numpy as np

    from paramctl.edit.rounding import narrow, widen
    from paramctl.expression.numeric import evaluate_numbers

    result = evaluate_numbers(code, {"x": widen(old, dtype)})
    return np.broadcast_to(narrow(result, dtype), old.shape)


def loaded(path: Path) -> Values:
    """Values of a ``.npy`` file, rounded to the tensor's dtype.

    Raises:
        InputError: missing, or no such file.
    """
    file = ArrayFile(path)
    return Values(partial(_read, file), file.array.shape)


def _read(file: "ArrayFile", old: "Array", dtype: str, where: Where) -> "Array":
    try:
        return _converted(file.array[where], dtype)
    finally:
        forget(file.array)


@dataclass(frozen=True)
class ArrayFile:
    """A ``.npy`` file on its way to a tensor; it travels by its name.

    Attributes:
        path: where it is.
        kind: shape and dtype that its array must have; ``None`` for any.
    """

    path: Path
    kind: tuple[tuple[int, ...], str] | None = None

    @cached_property
    def array(self) -> "Array":
        """The array, mapped and not read.

        Raises:
            InputError: missing, no such file, or another array than it was.
        """
        array = open_array(self.path)
        if self.kind is not None and self.kind != (array.shape, array.dtype.str):
            raise InputError("a worker finds another array there", where=show(str(self.path)))
        return array

    def __reduce__(self) -> "tuple[Any, ...]":
        return ArrayFile, (self.path.absolute(), (self.array.shape, self.array.dtype.str))


def open_array(path: Path) -> "Array":
    """The array of a ``.npy`` file, mapped and not read.

    Raises:
        InputError: missing, or no such file.
    """
    import numpy as np

    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        problem = getattr(error, "strerror", None) or "it is no .npy array of numbers"
        raise InputError(problem.lower(), where=show(str(path))) from None
    if not isinstance(array, np.ndarray):
        raise InputError("it is no .npy array", where=show(str(path)))
    return array


def forget(array: "Array") -> None:
    """Give back the memory of what was read of a mapped file."""
    import mmap

    held = getattr(array, "_mmap", None)
    if isinstance(held, mmap.mmap):
        held.madvise(mmap.MADV_DONTNEED)


def refill(draft: Draft, entry: Entry, place: Position, values: Values) -> None:
    """Put new values into a part of a tensor.

    Raises:
        UsageError: the dtype can't be computed on.
    """
    DTYPES[entry.dtype].numpy()
    old = draft.content(entry.name)
    draft.put(entry.name, Made(old.nbytes, partial(_blocks, entry, old, place, values)))


def _blocks(entry: Entry, old: Content, place: Position, values: Values) -> Iterator[Block]:
    is_flat = place.is_whole and values.shape is None
    if is_flat or not entry.shape:
        for array in arrays(old, entry.dtype):
            part = array if is_flat else array.reshape(())
            yield encode(values.new(part, entry.dtype, ()), entry.dtype)
    else:
        yield from _by_tiles(entry, old, place, values)


def _by_tiles(entry: Entry, old: Content, place: Position, values: Values) -> Iterator[Block]:
    import numpy as np

    element = DTYPES[entry.dtype].numpy()
    stream = Stream(old.blocks())
    for tile in tiles(tuple(size or 0 for size in entry.shape), element.itemsize):
        block = stream.read(element.itemsize * prod(tile.shape))
        array = np.frombuffer(block, dtype=element).reshape(tile.shape)
        found = _inside(place, tile)
        if found is not None:
            index, where = found
            array[index] = values.new(array[index], entry.dtype, where)
        yield block


def _inside(place: Position, tile: Tile) -> tuple[Where, Where] | None:
    """What a position picks from a tile, and where in the part's own axes that lies.

    Returns:
        ``None`` where it picks nothing.
    """
    depth = len(tile.outer)
    where: list[Part] = []
    for part, at in zip(place.parts[:depth], tile.outer, strict=True):
        if isinstance(part, int):
            if part != at:
                return None
            continue
        picked = range(part.start, -1 if part.stop is None else part.stop, part.step)
        if at not in picked:
            return None
        where.append(picked.index(at))
    found = rows(place.parts[depth:], tile.start, tile.stop)
    if found is None:
        return None
    index, here = found
    return index, (*where, here) if isinstance(place.parts[depth], slice) else tuple(where)


def _converted(values: "Array", dtype: str) -> "Array":
    """Values of a file in the tensor's dtype; raw bytes of the same width are taken as they are."""
    from paramctl.edit.rounding import narrow

    wanted = DTYPES[dtype].numpy()
    is_raw = values.dtype.kind == "V" and values.dtype.itemsize == wanted.itemsize
    return values.view(wanted) if is_raw or values.dtype == wanted else narrow(values, dtype)


def _trees(code: Code) -> list[ast.AST]:
    return [*code.statements, *([code.result] if code.result else [])]
